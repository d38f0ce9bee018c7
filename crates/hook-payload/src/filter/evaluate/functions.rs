//! Which code runs a function: ours for what must be bounded or what the `cel` crate lacks, the crate's for
//! the rest.

use std::sync::Arc;

use super::convert::{convert, is_conversion};
use super::{Evaluator, library, pattern, sets, text};
use crate::filter::budget::{Budget, Outcome, failed, no_overload};
use crate::filter::syntax::Call;
use crate::filter::value::{List, Value};

impl<'a> Evaluator<'a> {
    pub(super) fn call(&mut self, call: &'a Call) -> Outcome<Value<'a>> {
        let target = match &call.target {
            Some(target) => Some(self.evaluate(target)?),
            None => None,
        };
        if let (Some(target), "or" | "orValue") = (&target, &*call.function) {
            return self.alternative(call, target);
        }
        let mut arguments = Vec::with_capacity(call.arguments.len() + 1);
        arguments.extend(target);
        for argument in &call.arguments {
            arguments.push(self.evaluate(argument)?);
        }
        match (&*call.function, arguments.as_slice()) {
            ("matches", [Value::String(text), Value::String(source)]) => {
                pattern::matches(call.pattern.as_ref(), source, text, &self.budget)
            }
            (function, _) => function_of(function, call.target.is_some(), arguments, &self.budget),
        }
    }

    /// `target.or(other)` and `target.orValue(other)`, which evaluate the other only where it is needed.
    fn alternative(&mut self, call: &'a Call, target: &Value<'a>) -> Outcome<Value<'a>> {
        let [other] = call.arguments.as_slice() else {
            return no_overload();
        };
        let Value::Optional(held) = target else {
            return Ok(target.clone());
        };
        match held {
            None => self.evaluate(other),
            Some(inner) if &*call.function == "orValue" => Ok((**inner).clone()),
            Some(_) => Ok(target.clone()),
        }
    }
}

fn function_of<'a>(
    function: &str,
    on_target: bool,
    mut arguments: Vec<Value<'a>>,
    budget: &Budget,
) -> Outcome<Value<'a>> {
    if let [Value::Optional(held)] = arguments.as_slice()
        && on_target
    {
        return optional(function, held.as_deref());
    }
    match (function, arguments.as_slice()) {
        ("type", [value]) => Ok(Value::Type(value.type_name())),
        ("dyn", [_]) => Ok(arguments.remove(0)),
        ("size", [value]) => size(value, budget),
        ("optional.none", []) => Ok(Value::Optional(None)),
        ("optional.ofNonZeroValue", [value]) if is_zero(value) => Ok(Value::Optional(None)),
        ("optional.of" | "optional.ofNonZeroValue", [_]) => Ok(Value::some(arguments.remove(0))),
        ("first", [Value::List(elements)]) => Ok(Value::Optional(elements.get(0).map(Arc::new))),
        ("last", [Value::List(elements)]) => {
            let last = elements.len().checked_sub(1);
            let last = last.and_then(|index| elements.get(index));
            Ok(Value::Optional(last.map(Arc::new)))
        }
        ("optional.unwrap" | "unwrapOpt", [Value::List(list)]) => unwrapped(list, budget),
        (function, [Value::List(a), Value::List(b)]) if function.starts_with("sets.") => {
            sets::compare(function, a, b, budget).map(Value::Bool)
        }
        _ if is_conversion(function) && arguments.len() == 1 => {
            convert(function, arguments.remove(0), budget)
        }
        _ => match text::call(function, &arguments, budget)? {
            Some(result) => Ok(result),
            None => library::call(function, on_target, arguments, budget),
        },
    }
}

fn optional<'a>(function: &str, held: Option<&Value<'a>>) -> Outcome<Value<'a>> {
    match (function, held) {
        ("hasValue", held) => Ok(Value::Bool(held.is_some())),
        ("value", Some(inner)) => Ok(inner.clone()),
        ("value", None) => failed("optional.none() dereference"),
        _ => no_overload(),
    }
}

fn unwrapped<'a>(list: &List<'a>, budget: &Budget) -> Outcome<Value<'a>> {
    budget.make(list.len() * size_of::<Value<'_>>())?;
    let mut held = Vec::new();
    for element in list.iter() {
        match element {
            Value::Optional(inner) => held.extend(inner.map(Arc::unwrap_or_clone)),
            _ => return failed("value is not optional"),
        }
    }
    Ok(Value::list(held))
}

fn size<'a>(value: &Value<'_>, budget: &Budget) -> Outcome<Value<'a>> {
    let count = match value {
        Value::String(text) => {
            budget.read(text.as_str().len())?;
            text.as_str().chars().count()
        }
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        _ => return no_overload(),
    };
    Ok(Value::size(count))
}

/// Whether a value is what its type begins with.
fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Optional(None) => true,
        Value::Bool(value) => !value,
        Value::Int(number) => *number == 0,
        Value::Uint(number) => *number == 0,
        Value::Double(number) => *number == 0.0,
        Value::String(text) => text.as_str().is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(list) => list.len() == 0,
        Value::Map(map) => map.len() == 0,
        Value::Duration(by) => by.is_zero(),
        Value::Timestamp(_) | Value::Type(_) | Value::Optional(Some(_)) => false,
    }
}
