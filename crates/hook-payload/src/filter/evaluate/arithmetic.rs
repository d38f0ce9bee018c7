//! `+`, `-`, `*`, `/`, `%` and `!`.

use chrono::{DateTime, FixedOffset, TimeDelta};

use crate::filter::budget::{Budget, Outcome, failed, no_overload};
use crate::filter::syntax::Operator;
use crate::filter::value::Value;

/// The seconds of the years 1 to 9999, which is what a timestamp may be.
const TIMESTAMPS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

pub(super) fn unary<'a>(operator: Operator, operand: &Value<'a>) -> Outcome<Value<'a>> {
    match (operator, operand) {
        (Operator::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
        (Operator::Negate, Value::Int(value)) => int(value.checked_neg()),
        (Operator::Negate, Value::Double(value)) => Ok(Value::Double(-value)),
        _ => no_overload(),
    }
}

pub(super) fn binary<'a>(
    operator: Operator,
    left: &Value<'a>,
    right: &Value<'a>,
    budget: &Budget,
) -> Outcome<Value<'a>> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => ints(operator, *a, *b),
        (Value::Uint(a), Value::Uint(b)) => uints(operator, *a, *b),
        (Value::Double(a), Value::Double(b)) => doubles(operator, *a, *b),
        _ if operator == Operator::Add => joined(left, right, budget),
        _ => times(operator, left, right),
    }
}

fn ints<'a>(operator: Operator, a: i64, b: i64) -> Outcome<Value<'a>> {
    match operator {
        Operator::Add => int(a.checked_add(b)),
        Operator::Subtract => int(a.checked_sub(b)),
        Operator::Multiply => int(a.checked_mul(b)),
        Operator::Divide if b == 0 => failed("division by zero"),
        Operator::Divide => int(a.checked_div(b)),
        Operator::Modulo if b == 0 => failed("modulus by zero"),
        Operator::Modulo => int(a.checked_rem(b)),
        _ => no_overload(),
    }
}

fn int<'a>(result: Option<i64>) -> Outcome<Value<'a>> {
    result.map_or_else(
        || failed("integer overflow"),
        |result| Ok(Value::Int(result)),
    )
}

fn uints<'a>(operator: Operator, a: u64, b: u64) -> Outcome<Value<'a>> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide if b == 0 => return failed("division by zero"),
        Operator::Divide => a.checked_div(b),
        Operator::Modulo if b == 0 => return failed("modulus by zero"),
        Operator::Modulo => a.checked_rem(b),
        _ => return no_overload(),
    };
    result.map_or_else(
        || failed("unsigned integer overflow"),
        |result| Ok(Value::Uint(result)),
    )
}

fn doubles<'a>(operator: Operator, a: f64, b: f64) -> Outcome<Value<'a>> {
    Ok(Value::Double(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        _ => return no_overload(),
    }))
}

/// `+` of what is put one behind the other, or of times.
fn joined<'a>(left: &Value<'a>, right: &Value<'a>, budget: &Budget) -> Outcome<Value<'a>> {
    match (left, right) {
        (Value::String(a), Value::String(b)) => {
            let (a, b) = (a.as_str(), b.as_str());
            budget.make(a.len() + b.len())?;
            Ok(Value::made([a, b].concat()))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.make(a.len() + b.len())?;
            Ok(Value::Bytes([&**a, &**b].concat().into()))
        }
        (Value::List(a), Value::List(b)) => {
            let length = a.len() + b.len();
            budget.steps(length)?;
            budget.make(length * size_of::<Value<'_>>())?;
            Ok(Value::list(a.iter().chain(b.iter()).collect()))
        }
        _ => times(Operator::Add, left, right),
    }
}

fn times<'a>(operator: Operator, left: &Value<'a>, right: &Value<'a>) -> Outcome<Value<'a>> {
    match (operator, left, right) {
        (Operator::Add, Value::Timestamp(at), Value::Duration(by))
        | (Operator::Add, Value::Duration(by), Value::Timestamp(at)) => {
            timestamp(at.checked_add_signed(*by))
        }
        (Operator::Subtract, Value::Timestamp(at), Value::Duration(by)) => {
            timestamp(at.checked_sub_signed(*by))
        }
        (Operator::Subtract, Value::Timestamp(a), Value::Timestamp(b)) => {
            duration(Some(a.signed_duration_since(b)))
        }
        (Operator::Add, Value::Duration(a), Value::Duration(b)) => duration(a.checked_add(b)),
        (Operator::Subtract, Value::Duration(a), Value::Duration(b)) => duration(a.checked_sub(b)),
        _ => no_overload(),
    }
}

/// Whether a time is in the years that CEL has.
pub(super) fn is_timestamp(at: &DateTime<FixedOffset>) -> bool {
    TIMESTAMPS.contains(&at.timestamp())
}

fn timestamp<'a>(result: Option<DateTime<FixedOffset>>) -> Outcome<Value<'a>> {
    match result {
        Some(at) if is_timestamp(&at) => Ok(Value::Timestamp(at)),
        _ => failed("timestamp overflow"),
    }
}

/// Durations are those that 64 bits of nanoseconds can tell.
fn duration<'a>(result: Option<TimeDelta>) -> Outcome<Value<'a>> {
    match result {
        Some(by) if by.num_nanoseconds().is_some() => Ok(Value::Duration(by)),
        _ => failed("duration overflow"),
    }
}
