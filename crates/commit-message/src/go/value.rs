//! The values a Go template works on, with as much of Go's types as a template can see.

use std::borrow::Cow;
use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::fault::Fault;
use super::order;
use super::record::Record;
use super::time::{Named, Time};
use super::version::Version;
use crate::limits::{Limit, MAX_LIST_ITEMS, MAX_VALUE_DEPTH};

/// Go's `interface {}`, the element type of the lists and dictionaries that templates make.
pub(crate) const ANY: &str = "interface {}";

#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// `nil`, or a missing value.
    Nil,
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int64`, what the arithmetic functions give.
    Int64(i64),
    /// `uint8`, a byte of a string.
    Byte(u8),
    /// `uint64`, a part of a version.
    Uint64(u64),
    /// `float64`
    Float(f64),
    /// `string`
    Text(Rc<str>),
    List(List),
    /// A map that cannot be changed.
    Map(Map),
    /// `map[string]interface {}`
    Dict(Dict),
    /// A struct.
    Record(Rc<Record>),
    /// `time.Time`
    Time(Rc<Time>),
    /// An integer type with names: `time.Duration`, `time.Month`, `time.Weekday`.
    Named(Rc<Named>),
    /// `*semver.Version`
    Version(Rc<Version>),
}

impl Value {
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    /// A Go `int` of a length or an index.
    pub(crate) fn length(length: usize) -> Self {
        Self::Int(i64::try_from(length).unwrap_or(i64::MAX))
    }

    /// A `[]string`.
    pub(crate) fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, Fault> {
        List::new(texts.into_iter().map(Self::text).collect(), "string").map(Self::List)
    }

    /// A `[]interface {}`.
    pub(crate) fn list(items: Vec<Self>) -> Result<Self, Fault> {
        List::new(items, ANY).map(Self::List)
    }

    /// The type as `%T` prints it.
    pub(crate) fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Uint64(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(list) => return Cow::Owned(format!("[]{}", list.element)),
            Self::Map(map) => map.shape.name,
            Self::Dict(_) => "map[string]interface {}",
            Self::Record(record) => record.shape.name,
            Self::Time(_) => "time.Time",
            Self::Named(named) => named.type_name,
            Self::Version(_) => "*semver.Version",
        })
    }

    /// The kind as Go's `reflect` names it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Uint64(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "slice",
            Self::Map(_) | Self::Dict(_) => "map",
            Self::Record(_) | Self::Time(_) => "struct",
            Self::Named(named) => named.kind(),
            Self::Version(_) => "ptr",
        }
    }

    /// Whether `if` takes the value for true: not zero, not empty, not nil.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.items.is_empty(),
            Self::Map(map) => !map.entries.is_empty(),
            Self::Dict(dict) => !dict.borrow().is_empty(),
            Self::Record(_) | Self::Time(_) | Self::Version(_) => true,
            Self::Int(_) | Self::Int64(_) | Self::Byte(_) | Self::Uint64(_) | Self::Named(_) => {
                self.integer() != Some(0)
            }
        }
    }

    /// The number of a value of an integer type.
    pub(crate) fn integer(&self) -> Option<i128> {
        match self {
            Self::Int(value) | Self::Int64(value) => Some(i128::from(*value)),
            Self::Byte(value) => Some(i128::from(*value)),
            Self::Uint64(value) => Some(i128::from(*value)),
            Self::Named(named) => Some(i128::from(named.number)),
            _ => None,
        }
    }

    /// What the value's `String` method gives, if its type has one.
    pub(crate) fn stringer(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Record(record) => record.string().map(Cow::Borrowed),
            Self::Time(time) => Some(Cow::Owned(time.to_string())),
            Self::Named(named) => Some(Cow::Borrowed(&named.text)),
            Self::Version(version) => Some(Cow::Owned(version.to_string())),
            _ => None,
        }
    }

    /// How deep lists nest in this value. Dictionaries count as leaves here: they can change later.
    fn height(&self) -> usize {
        match self {
            Self::List(list) => list.height,
            _ => 0,
        }
    }
}

/// A slice. Never changes.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) items: Rc<[Value]>,
    /// The type of the items.
    pub(crate) element: &'static str,
    height: usize,
}

impl List {
    pub(crate) fn new(items: Vec<Value>, element: &'static str) -> Result<Self, Fault> {
        if items.len() > MAX_LIST_ITEMS {
            return Err(Fault::Limit(Limit::ListItems));
        }
        let height = 1 + items.iter().map(Value::height).max().unwrap_or(0);
        if height > MAX_VALUE_DEPTH {
            return Err(Fault::Limit(Limit::ValueDepth));
        }
        Ok(Self {
            items: items.into(),
            element,
            height,
        })
    }

    /// A list of the caller's data: as long as that is, and flat.
    pub(crate) fn of_model(items: Vec<Value>, element: &'static str) -> Self {
        Self {
            items: items.into(),
            element,
            height: 1,
        }
    }
}

/// A map of the data, in the order in which Go's templates walk it.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    pub(crate) entries: Rc<[(Value, Value)]>,
    pub(crate) shape: &'static MapShape,
}

/// The type of a map.
#[derive(Debug)]
pub(crate) struct MapShape {
    /// The type's name.
    pub(crate) name: &'static str,
    /// The keys' type.
    pub(crate) key: &'static str,
    /// What `index` gives for a key that is not there.
    pub(crate) zero: fn() -> Value,
}

impl Map {
    /// Puts the entries into their order.
    pub(crate) fn new(mut entries: Vec<(Value, Value)>, shape: &'static MapShape) -> Self {
        entries.sort_by(|(left, _), (right, _)| order::compare(left, right));
        Self {
            entries: entries.into(),
            shape,
        }
    }

    pub(crate) fn get(&self, key: &Value) -> Option<&Value> {
        let found = self
            .entries
            .binary_search_by(|(known, _)| order::compare(known, key));
        found.ok().map(|index| &self.entries[index].1)
    }
}

/// A dictionary that templates make and change. Copies are the same dictionary, as in Go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dict(Rc<RefCell<BTreeMap<Rc<str>, Value>>>);

impl Dict {
    pub(crate) fn borrow(&self) -> Ref<'_, BTreeMap<Rc<str>, Value>> {
        self.0.borrow()
    }

    pub(crate) fn borrow_mut(&self) -> RefMut<'_, BTreeMap<Rc<str>, Value>> {
        self.0.borrow_mut()
    }
}
