//! The order in which Go's templates walk maps, and equality.

use std::cmp::Ordering;

use super::fault::Fault;
use super::run::Run;
use super::value::Value;
use crate::limits::{Limit, MAX_VALUE_DEPTH};

/// The order of map keys: texts by bytes, numbers by size, structs field by field.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => left.total_cmp(right),
        (Value::Record(left), Value::Record(right)) => {
            let pairs = left.fields().zip(right.fields());
            pairs
                .map(|((_, left), (_, right))| compare(left, right))
                .find(|o| o.is_ne())
                .unwrap_or(Ordering::Equal)
        }
        _ => left.integer().cmp(&right.integer()),
    }
}

/// Go's `reflect.DeepEqual`: same types, same content.
pub(crate) fn deep_equal(left: &Value, right: &Value, run: &mut Run) -> Result<bool, Fault> {
    deep_equal_at(left, right, run, 0)
}

fn deep_equal_at(left: &Value, right: &Value, run: &mut Run, depth: usize) -> Result<bool, Fault> {
    run.spend(1)?;
    if depth > 2 * MAX_VALUE_DEPTH {
        return Err(Fault::Limit(Limit::ValueDepth));
    }
    match (left, right) {
        (Value::Nil, Value::Nil) => Ok(true),
        (Value::Text(left), Value::Text(right)) => {
            run.spend_items(left.len() / 64)?;
            Ok(left == right)
        }
        (Value::Float(left), Value::Float(right)) => {
            Ok(left.partial_cmp(right) == Some(Ordering::Equal))
        }
        (Value::List(left), Value::List(right)) => {
            if left.element != right.element || left.items.len() != right.items.len() {
                return Ok(false);
            }
            all(left.items.iter().zip(right.items.iter()), run, depth)
        }
        (Value::Dict(left), Value::Dict(right)) => {
            let (left, right) = (left.borrow(), right.borrow());
            if left.len() != right.len() || !left.keys().eq(right.keys()) {
                return Ok(false);
            }
            all(left.values().zip(right.values()), run, depth)
        }
        (Value::Map(left), Value::Map(right)) => {
            if left.shape.name != right.shape.name || left.entries.len() != right.entries.len() {
                return Ok(false);
            }
            let pairs = left.entries.iter().zip(right.entries.iter());
            all(
                pairs.flat_map(|(left, right)| [(&left.0, &right.0), (&left.1, &right.1)]),
                run,
                depth,
            )
        }
        _ => Ok(identical(left, right)),
    }
}

fn all<'v>(
    pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
    run: &mut Run,
    depth: usize,
) -> Result<bool, Fault> {
    for (left, right) in pairs {
        if !deep_equal_at(left, right, run, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Go's `==` on values of the same type that has it.
pub(crate) fn identical(left: &Value, right: &Value) -> bool {
    if left.type_name() != right.type_name() {
        return false;
    }
    match (left, right) {
        (Value::Record(left), Value::Record(right)) => {
            let mut members = left.members.iter().zip(&right.members);
            members.all(|(left, right)| identical(left, right))
        }
        (Value::Time(left), Value::Time(right)) => left == right,
        (Value::Version(left), Value::Version(right)) => left == right,
        _ => compare(left, right).is_eq(),
    }
}
