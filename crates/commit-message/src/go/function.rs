//! Functions and methods: what they take and how they are called.

use std::rc::Rc;

use super::fault::{Fault, Text};
use super::fmt;
use super::run::Run;
use super::time::{Named, Time};
use super::value::{Dict, Value};
use super::version::Version;

/// What a function gives.
pub(crate) type Outcome = Result<Value, Fault>;

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `interface {}`
    Any,
    /// `string`
    Text,
    /// `int`
    Int,
    /// `float64`
    Float,
    /// `bool`
    Bool,
    /// `map[string]interface {}`
    Dict,
    /// `time.Time`
    Time,
    /// `*semver.Version`
    Version,
}

impl Kind {
    /// The type's name in error texts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Text => "string",
            Self::Int => "int",
            Self::Float => "float64",
            Self::Bool => "bool",
            Self::Dict => "map[string]interface {}",
            Self::Time => "time.Time",
            Self::Version => "*semver.Version",
        }
    }

    /// Whether a value can be passed. Types are not converted, as in Go: an `int64` is no `int`.
    pub(crate) fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Dict | Self::Version, Value::Nil) | (Self::Any, _) => true,
            _ => self.name() == value.type_name(),
        }
    }

    pub(crate) fn accepts_nil(self) -> bool {
        matches!(self, Self::Any | Self::Dict | Self::Version)
    }
}

/// A function of the template language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function {
    pub(crate) params: &'static [Kind],
    /// The type of the arguments after the fixed ones, if there may be more.
    pub(crate) rest: Option<Kind>,
    pub(crate) action: Action,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Plain(fn(&mut Call<'_>) -> Outcome),
    /// `and` or `or`: gives the first argument whose truth is this, or the last one; evaluates no more.
    FirstThatIs(bool),
    /// `call`: there are no function values, so it always fails.
    CallValue,
}

impl Function {
    pub(crate) const fn fixed(params: &'static [Kind], call: fn(&mut Call<'_>) -> Outcome) -> Self {
        Self {
            params,
            rest: None,
            action: Action::Plain(call),
        }
    }

    pub(crate) const fn variadic(
        params: &'static [Kind],
        rest: Kind,
        call: fn(&mut Call<'_>) -> Outcome,
    ) -> Self {
        Self {
            params,
            rest: Some(rest),
            action: Action::Plain(call),
        }
    }
}

/// The arguments of one call; of a method, the receiver comes first. The evaluator has checked them against the
/// parameters, so that the accessors below only fail for a wrong entry in a table of functions.
pub(crate) struct Call<'c> {
    pub(crate) args: &'c [Value],
    pub(crate) run: &'c mut Run,
}

impl<'c> Call<'c> {
    pub(crate) fn any(&self, index: usize) -> Result<&'c Value, Fault> {
        self.args
            .get(index)
            .ok_or_else(|| Fault::failed(format!("argument {} is missing", index + 1)))
    }

    /// The arguments from `index` on.
    pub(crate) fn rest(&self, index: usize) -> &'c [Value] {
        self.args.get(index..).unwrap_or_default()
    }

    pub(crate) fn text(&self, index: usize) -> Result<&'c str, Fault> {
        match self.any(index)? {
            Value::Text(text) => Ok(text),
            other => Err(mismatch(index, Kind::Text, other)),
        }
    }

    pub(crate) fn int(&self, index: usize) -> Result<i64, Fault> {
        match self.any(index)? {
            Value::Int(number) => Ok(*number),
            other => Err(mismatch(index, Kind::Int, other)),
        }
    }

    pub(crate) fn bool(&self, index: usize) -> Result<bool, Fault> {
        match self.any(index)? {
            Value::Bool(value) => Ok(*value),
            other => Err(mismatch(index, Kind::Bool, other)),
        }
    }

    /// A dictionary; nil is an empty one that cannot be written to.
    pub(crate) fn dict(&self, index: usize) -> Result<Option<&'c Dict>, Fault> {
        match self.any(index)? {
            Value::Dict(dict) => Ok(Some(dict)),
            Value::Nil => Ok(None),
            other => Err(mismatch(index, Kind::Dict, other)),
        }
    }

    pub(crate) fn time(&self, index: usize) -> Result<Rc<Time>, Fault> {
        match self.any(index)? {
            Value::Time(time) => Ok(Rc::clone(time)),
            other => Err(mismatch(index, Kind::Time, other)),
        }
    }

    pub(crate) fn version(&self, index: usize) -> Result<Rc<Version>, Fault> {
        match self.any(index)? {
            Value::Version(version) => Ok(Rc::clone(version)),
            other => Err(mismatch(index, Kind::Version, other)),
        }
    }

    pub(crate) fn named(&self, index: usize) -> Result<Rc<Named>, Fault> {
        match self.any(index)? {
            Value::Named(named) => Ok(Rc::clone(named)),
            other => Err(mismatch(index, Kind::Int, other)),
        }
    }
}

fn mismatch(index: usize, expected: Kind, found: &Value) -> Fault {
    let (expected, found) = (expected.name(), found.type_name());
    Fault::failed(format!(
        "argument {} has type {found}; should be {expected}",
        index + 1
    ))
}

/// A value as text, the way sprig's functions take their arguments: what it prints as.
pub(crate) fn to_text(value: &Value) -> Result<Rc<str>, Fault> {
    match value {
        Value::Text(text) => Ok(Rc::clone(text)),
        _ => Ok(fmt::plain(value)?.into()),
    }
}

/// A finished text as a value.
pub(crate) fn finished(text: Text) -> Value {
    Value::text(text.into_string())
}
