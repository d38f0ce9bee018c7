//! Fields, elements and memberships.

use std::sync::Arc;

use crate::filter::budget::{Budget, Outcome, failed, no_overload};
use crate::filter::compare;
use crate::filter::value::{List, Map, Value};

/// `operand.field`; of an optional value, or `operand.?field`, it is an optional value.
pub(super) fn select<'a>(
    operand: Value<'a>,
    field: &'a str,
    optional: bool,
    budget: &Budget,
) -> Outcome<Value<'a>> {
    let (target, chained) = match operand {
        Value::Optional(None) => return Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => (Arc::unwrap_or_clone(inner), true),
        target => (target, false),
    };
    let found = match &target {
        Value::Map(map) => compare::find(map, &Value::given(field), budget)?,
        _ => None,
    };
    match found {
        found if optional || chained => Ok(Value::Optional(found.map(Arc::new))),
        Some(found) => Ok(found),
        None => failed(format!("no such key: {field}")),
    }
}

/// `has(operand.field)`.
pub(super) fn has(operand: Value<'_>, field: &str, budget: &Budget) -> Outcome<bool> {
    match operand {
        Value::Map(map) => Ok(compare::find(&map, &Value::given(field), budget)?.is_some()),
        Value::List(_) => failed("unsupported index type 'string' in list"),
        Value::Optional(Some(inner)) => has(Arc::unwrap_or_clone(inner), field, budget),
        _ => Ok(false),
    }
}

/// `operand[key]`; of an optional value it is one.
pub(super) fn index<'a>(
    operand: Value<'a>,
    key: &Value<'a>,
    budget: &Budget,
) -> Outcome<Value<'a>> {
    match operand {
        Value::Optional(_) => optional_index(operand, key, budget),
        Value::List(list) => element(&list, key),
        Value::Map(map) => match compare::find(&map, key, budget)? {
            Some(found) => Ok(found),
            None => failed(format!("no such key{}", named(key))),
        },
        _ => no_overload(),
    }
}

/// `operand[?key]`.
pub(super) fn optional_index<'a>(
    operand: Value<'a>,
    key: &Value<'a>,
    budget: &Budget,
) -> Outcome<Value<'a>> {
    let target = match operand {
        Value::Optional(None) => return Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => Arc::unwrap_or_clone(inner),
        target => target,
    };
    if !matches!(
        key,
        Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::String(_)
    ) {
        return failed("invalid qualifier type");
    }
    let found = match target {
        Value::List(_) if matches!(key, Value::Bool(_) | Value::String(_)) => {
            let kind = key.type_name();
            return failed(format!("unsupported index type '{kind}' in list"));
        }
        Value::List(list) => position(key).and_then(|position| list.get(position)),
        Value::Map(map) => compare::find(&map, key, budget)?,
        _ => None,
    };
    Ok(Value::Optional(found.map(Arc::new)))
}

/// A key, as far as it may be told.
fn named(key: &Value<'_>) -> String {
    match key {
        Value::Int(key) => format!(": {key}"),
        Value::Uint(key) => format!(": {key}"),
        Value::Double(key) => format!(": {key}"),
        Value::Bool(key) => format!(": {key}"),
        _ => String::new(),
    }
}

fn element<'a>(list: &List<'a>, key: &Value<'a>) -> Outcome<Value<'a>> {
    let number = match key {
        Value::Int(index) => index.to_string(),
        Value::Uint(index) => index.to_string(),
        Value::Double(index) if index.fract() == 0.0 => index.to_string(),
        Value::Double(index) => return failed(format!("unsupported index value {index} in list")),
        other => {
            let kind = other.type_name();
            return failed(format!("unsupported index type '{kind}' in list"));
        }
    };
    match position(key).and_then(|position| list.get(position)) {
        Some(found) => Ok(found),
        None => failed(format!("index out of bounds: {number}")),
    }
}

/// The place that a number stands for, if it is a whole one.
fn position(key: &Value<'_>) -> Option<usize> {
    match key {
        Value::Int(index) => usize::try_from(*index).ok(),
        Value::Uint(index) => usize::try_from(*index).ok(),
        Value::Double(index) if index.fract() == 0.0 && (0.0..1e15).contains(index) => {
            format!("{index:.0}").parse().ok()
        }
        _ => None,
    }
}

/// `value in container`.
pub(super) fn contains(container: &Value<'_>, value: &Value<'_>, budget: &Budget) -> Outcome<bool> {
    match container {
        Value::List(list) => {
            for element in list.iter() {
                if compare::equal(&element, value, budget)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Value::Map(map) => Ok(compare::find(map, value, budget)?.is_some()),
        _ => no_overload(),
    }
}

/// The elements that a macro visits: those of a list, the keys of a map.
pub(super) fn visited<'a>(range: Value<'a>) -> Option<Box<dyn Iterator<Item = Value<'a>> + 'a>> {
    let list = match range {
        Value::List(list) => list,
        Value::Map(Map::Given(entries)) => {
            return Some(Box::new(entries.keys().map(|key| Value::given(key))));
        }
        Value::Map(Map::Made(entries)) => {
            List::Made(entries.iter().map(|(key, _)| key.clone()).collect())
        }
        _ => return None,
    };
    Some(Box::new(
        (0..list.len()).filter_map(move |index| list.get(index)),
    ))
}
