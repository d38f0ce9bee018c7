//! The values that an evaluation handles. What comes from a hook is borrowed, never copied.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::Value as Json;

use super::syntax::Literal;

#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Text<'a>),
    Bytes(Arc<[u8]>),
    List(List<'a>),
    Map(Map<'a>),
    Timestamp(DateTime<FixedOffset>),
    Duration(TimeDelta),
    /// A type, by its name.
    Type(&'static str),
    Optional(Option<Arc<Self>>),
}

#[derive(Debug, Clone)]
pub(super) enum Text<'a> {
    Given(&'a str),
    Made(Arc<str>),
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Given(text) => text,
            Self::Made(text) => text,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum List<'a> {
    Given(&'a [Json]),
    Made(Arc<[Value<'a>]>),
}

impl<'a> List<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Given(elements) => elements.len(),
            Self::Made(elements) => elements.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Given(elements) => elements.get(index).map(Value::from_json),
            Self::Made(elements) => elements.get(index).cloned(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Value<'a>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

#[derive(Debug, Clone)]
pub(super) enum Map<'a> {
    Given(&'a serde_json::Map<String, Json>),
    /// In the order of the source.
    Made(Arc<[(Value<'a>, Value<'a>)]>),
}

impl<'a> Map<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Given(entries) => entries.len(),
            Self::Made(entries) => entries.len(),
        }
    }

    /// The keys and their values.
    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = (Value<'a>, Value<'a>)> + '_> {
        match self {
            Self::Given(entries) => Box::new(
                entries
                    .iter()
                    .map(|(key, value)| (Value::given(key), Value::from_json(value))),
            ),
            Self::Made(entries) => Box::new(entries.iter().cloned()),
        }
    }
}

impl<'a> Value<'a> {
    /// JSON as CEL sees it: every number is a double.
    pub(super) fn from_json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::given(text),
            Json::Array(elements) => Self::List(List::Given(elements)),
            Json::Object(entries) => Self::Map(Map::Given(entries)),
        }
    }

    pub(super) fn from_literal(literal: &'a Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(value) => Self::Bool(*value),
            Literal::Int(value) => Self::Int(*value),
            Literal::Uint(value) => Self::Uint(*value),
            Literal::Double(value) => Self::Double(*value),
            Literal::String(text) => Self::given(text),
            Literal::Bytes(bytes) => Self::Bytes(Arc::clone(bytes)),
        }
    }

    pub(super) fn given(text: &'a str) -> Self {
        Self::String(Text::Given(text))
    }

    pub(super) fn made(text: impl Into<Arc<str>>) -> Self {
        Self::String(Text::Made(text.into()))
    }

    pub(super) fn list(elements: Vec<Self>) -> Self {
        Self::List(List::Made(elements.into()))
    }

    pub(super) fn empty_map() -> Self {
        Self::Map(Map::Made(Arc::new([])))
    }

    pub(super) fn size(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(super) fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// The name of the value's type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
        }
    }
}
