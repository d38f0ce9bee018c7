//! Equality and order of values. Numbers compare whatever their types are.

use std::cmp::Ordering;

use super::budget::{Budget, Outcome, failed, no_overload};
use super::value::{Map, Value};

/// Whether two values are equal; values of different types never are.
pub(super) fn equal(a: &Value<'_>, b: &Value<'_>, budget: &Budget) -> Outcome<bool> {
    budget.steps(1)?;
    Ok(match (a, b) {
        (Value::String(a), Value::String(b)) => {
            let (a, b) = (a.as_str(), b.as_str());
            budget.read(a.len().min(b.len()))?;
            a == b
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.read(a.len().min(b.len()))?;
            a == b
        }
        (Value::List(a), Value::List(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(b.iter()) {
                if !equal(&a, &b, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(a), Value::Map(b)) => equal_maps(a, b, budget)?,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Null, Value::Null) | (Value::Optional(None), Value::Optional(None)) => true,
        (Value::Optional(Some(a)), Value::Optional(Some(b))) => equal(a, b, budget)?,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (a, b) => numbers(a, b) == Some(Ordering::Equal),
    })
}

fn equal_maps(a: &Map<'_>, b: &Map<'_>, budget: &Budget) -> Outcome<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, value) in a.iter() {
        let same = match find(b, &key, budget)? {
            Some(other) => equal(&value, &other, budget)?,
            None => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a map has under a key.
pub(super) fn find<'a>(
    map: &Map<'a>,
    key: &Value<'_>,
    budget: &Budget,
) -> Outcome<Option<Value<'a>>> {
    match (map, key) {
        (Map::Given(entries), Value::String(key)) => {
            budget.read(key.as_str().len())?;
            Ok(entries.get(key.as_str()).map(Value::from_json))
        }
        (Map::Given(_), _) => Ok(None),
        (Map::Made(entries), key) => {
            for (known, value) in entries.iter() {
                if equal(known, key, budget)? {
                    return Ok(Some(value.clone()));
                }
            }
            Ok(None)
        }
    }
}

/// Which of two values of one type, or of two numbers, comes first.
pub(super) fn order(a: &Value<'_>, b: &Value<'_>, budget: &Budget) -> Outcome<Ordering> {
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => {
            budget.read(a.as_str().len().min(b.as_str().len()))?;
            a.as_str().cmp(b.as_str())
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.read(a.len().min(b.len()))?;
            a.cmp(b)
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        (Value::Double(number), _) | (_, Value::Double(number)) if number.is_nan() => {
            return failed("NaN values cannot be ordered");
        }
        (a, b) => match numbers(a, b) {
            Some(ordering) => ordering,
            None => return no_overload(),
        },
    })
}

/// The order of two numbers; none with what is no number.
fn numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Double(double), other) => Some(by_double(whole(other)?, *double)?.reverse()),
        (other, Value::Double(double)) => by_double(whole(other)?, *double),
        (a, b) => Some(whole(a)?.cmp(&whole(b)?)),
    }
}

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(value) => Some(i128::from(*value)),
        Value::Uint(value) => Some(i128::from(*value)),
        _ => None,
    }
}

/// The order of a whole number and a double, by the double that is next to the whole number.
#[expect(
    clippy::cast_precision_loss,
    reason = "the loss is what CEL's comparison of an int with a double has"
)]
fn by_double(whole: i128, double: f64) -> Option<Ordering> {
    (whole as f64).partial_cmp(&double)
}
