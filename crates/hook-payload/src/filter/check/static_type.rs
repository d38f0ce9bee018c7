//! The types that are known before an evaluation.

use std::fmt;
use std::sync::Arc;

/// A type; what is shared between types is shared in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    /// Of what is wrong already; it fits everywhere, so that it is told of once.
    Error,
    /// Known during the evaluation only.
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    /// Of a type as a value.
    #[expect(clippy::enum_variant_names, reason = "CEL calls it that")]
    Type(Option<Arc<Self>>),
    List(Arc<Self>),
    Map(Arc<Self>, Arc<Self>),
    Optional(Arc<Self>),
    /// To be found out.
    Param(usize),
}

impl Type {
    pub(super) fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    pub(super) fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new(key), Arc::new(value))
    }

    pub(super) fn optional(value: Self) -> Self {
        Self::Optional(Arc::new(value))
    }

    pub(super) fn of_type(named: Self) -> Self {
        Self::Type(Some(Arc::new(named)))
    }

    /// The types that this one is made of.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Type(Some(part)) | Self::List(part) | Self::Optional(part) => vec![part],
            Self::Map(key, value) => vec![key, value],
            _ => Vec::new(),
        }
    }

    /// The same with each of its parts changed.
    pub(super) fn with_parts(&self, mut change: impl FnMut(&Self) -> Self) -> Self {
        match self {
            Self::Type(Some(named)) => Self::of_type(change(named)),
            Self::List(element) => Self::list(change(element)),
            Self::Map(key, value) => Self::map(change(key), change(value)),
            Self::Optional(value) => Self::optional(change(value)),
            other => other.clone(),
        }
    }

    pub(super) fn is_dyn_or_error(&self) -> bool {
        matches!(self, Self::Dyn | Self::Error)
    }

    /// Whether it is made of more than so many types.
    pub(super) fn is_larger_than(&self, limit: usize) -> bool {
        let mut left = vec![self];
        let mut seen = 0;
        while let Some(next) = left.pop() {
            seen += 1;
            if seen > limit {
                return true;
            }
            left.extend(next.parts());
        }
        false
    }

    /// The name of its kind, without what it is made of.
    fn kind_name(&self) -> &'static str {
        match self {
            Self::Error => "!error!",
            Self::Dyn | Self::Param(_) => "dyn",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::Type(_) => "type",
            Self::List(_) => "list",
            Self::Map(..) => "map",
            Self::Optional(_) => "optional_type",
        }
    }

    /// As the type of a whole expression is named, which is by the names of values at run time.
    pub(super) fn output_name(&self) -> String {
        self.named(&|kind| match kind {
            Self::Null => "null_type",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
            other => other.kind_name(),
        })
    }

    fn named(&self, name: &dyn Fn(&Self) -> &'static str) -> String {
        let parts: Vec<_> = self.parts().iter().map(|part| part.named(name)).collect();
        if parts.is_empty() {
            name(self).to_owned()
        } else {
            format!("{}({})", name(self), parts.join(", "))
        }
    }
}

/// As messages name it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.named(&Self::kind_name))
    }
}
