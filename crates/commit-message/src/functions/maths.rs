//! Arithmetic.

use super::cast::{to_float64, to_int64};
use super::decimal::{Decimal, Operation};
use crate::go::fault::Fault;
use crate::go::fmt;
use crate::go::function::{Call, Outcome};
use crate::go::number;
use crate::go::value::{List, Value};
use crate::limits::{Limit, MAX_LIST_ITEMS};

pub(super) fn int(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int(to_int64(call.any(0)?)))
}

pub(super) fn int64(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int64(to_int64(call.any(0)?)))
}

pub(super) fn float64(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Float(to_float64(call.any(0)?)))
}

/// A decimal text as an integer, zero if it is none.
pub(super) fn atoi(call: &mut Call<'_>) -> Outcome {
    let parsed = number::parse_integer(call.text(0)?, 10);
    Ok(Value::Int(
        parsed
            .and_then(|number| i64::try_from(number).ok())
            .unwrap_or(0),
    ))
}

/// Reads the argument as an octal number.
pub(super) fn to_decimal(call: &mut Call<'_>) -> Outcome {
    let parsed = number::parse_integer(&fmt::plain(call.any(0)?)?, 8);
    Ok(Value::Int64(
        parsed
            .and_then(|number| i64::try_from(number).ok())
            .unwrap_or(0),
    ))
}

pub(super) fn add1(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int64(to_int64(call.any(0)?).wrapping_add(1)))
}

pub(super) fn add(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int64(
        call.args.iter().map(to_int64).fold(0, i64::wrapping_add),
    ))
}

pub(super) fn sub(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int64(
        to_int64(call.any(0)?).wrapping_sub(to_int64(call.any(1)?)),
    ))
}

pub(super) fn mul(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int64(
        call.args.iter().map(to_int64).fold(1, i64::wrapping_mul),
    ))
}

fn divisor(call: &Call<'_>) -> Result<i64, Fault> {
    match to_int64(call.any(1)?) {
        0 => Err(Fault::failed("runtime error: integer divide by zero")),
        divisor => Ok(divisor),
    }
}

pub(super) fn div(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int64(
        to_int64(call.any(0)?).wrapping_div(divisor(call)?),
    ))
}

pub(super) fn modulo(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int64(
        to_int64(call.any(0)?).wrapping_rem(divisor(call)?),
    ))
}

pub(super) fn max(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int64(
        call.args.iter().map(to_int64).max().unwrap_or(0),
    ))
}

pub(super) fn min(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Int64(
        call.args.iter().map(to_int64).min().unwrap_or(0),
    ))
}

pub(super) fn maxf(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Float(extreme(call, f64::max)))
}

pub(super) fn minf(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Float(extreme(call, f64::min)))
}

/// The largest or smallest argument; what is no number wins, as in Go.
fn extreme(call: &Call<'_>, choose: fn(f64, f64) -> f64) -> f64 {
    let mut numbers = call.args.iter().map(to_float64);
    let first = numbers.next().unwrap_or(0.0);
    numbers.fold(first, |best, number| {
        if best.is_nan() || number.is_nan() {
            f64::NAN
        } else {
            choose(best, number)
        }
    })
}

pub(super) fn ceil(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Float(to_float64(call.any(0)?).ceil()))
}

pub(super) fn floor(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Float(to_float64(call.any(0)?).floor()))
}

/// `round 123.5555 3`; the third argument says from which fraction on it rounds up, one half if absent.
pub(super) fn round(call: &mut Call<'_>) -> Outcome {
    let round_on = match call.rest(2) {
        [Value::Float(round_on), ..] => *round_on,
        _ => 0.5,
    };
    #[expect(clippy::cast_precision_loss, reason = "the number of places is small")]
    let power = 10f64.powf(call.int(1)? as f64);
    let digits = power * to_float64(call.any(0)?);
    let rounded = if digits.fract() >= round_on {
        digits.ceil()
    } else {
        digits.floor()
    };
    Ok(Value::Float(rounded / power))
}

fn decimal(call: &Call<'_>, start: f64, rest: &[Value], operation: Operation) -> Outcome {
    debug_assert!(rest.len() <= call.args.len(), "the operands are arguments");
    let mut result = Decimal::from_float(start)?;
    for value in rest {
        result = result.apply(operation, Decimal::from_float(to_float64(value))?)?;
    }
    Ok(Value::Float(result.to_float()))
}

pub(super) fn add1f(call: &mut Call<'_>) -> Outcome {
    decimal(call, 1.0, call.args, Operation::Add)
}

pub(super) fn addf(call: &mut Call<'_>) -> Outcome {
    decimal(call, 0.0, call.args, Operation::Add)
}

pub(super) fn subf(call: &mut Call<'_>) -> Outcome {
    decimal(
        call,
        to_float64(call.any(0)?),
        call.rest(1),
        Operation::Subtract,
    )
}

pub(super) fn mulf(call: &mut Call<'_>) -> Outcome {
    decimal(
        call,
        to_float64(call.any(0)?),
        call.rest(1),
        Operation::Multiply,
    )
}

pub(super) fn divf(call: &mut Call<'_>) -> Outcome {
    decimal(
        call,
        to_float64(call.any(0)?),
        call.rest(1),
        Operation::Divide,
    )
}

/// A number from the first argument up to below the second.
pub(super) fn rand_int(call: &mut Call<'_>) -> Outcome {
    let (low, high) = (call.int(0)?, call.int(1)?);
    let span = u64::try_from(i128::from(high) - i128::from(low)).unwrap_or(0);
    if span == 0 {
        return Err(Fault::failed("invalid argument to Intn"));
    }
    let offset = call.run.random_below(span);
    Ok(Value::Int(low.wrapping_add_unsigned(offset)))
}

pub(super) fn until(call: &mut Call<'_>) -> Outcome {
    let end = call.int(0)?;
    ints(call, steps(0, end, if end < 0 { -1 } else { 1 })?)
}

pub(super) fn until_step(call: &mut Call<'_>) -> Outcome {
    let numbers = steps(call.int(0)?, call.int(1)?, call.int(2)?)?;
    ints(call, numbers)
}

fn ints(call: &mut Call<'_>, numbers: Vec<i64>) -> Outcome {
    call.run.spend_items(numbers.len())?;
    List::new(numbers.into_iter().map(Value::Int).collect(), "int").map(Value::List)
}

/// The numbers from `start` towards `end` without it. Empty if the step leads away.
fn steps(start: i64, end: i64, step: i64) -> Result<Vec<i64>, Fault> {
    let towards = if end < start { step < 0 } else { step > 0 };
    if !towards {
        return Ok(Vec::new());
    }
    let distance = (i128::from(end) - i128::from(start)).unsigned_abs();
    let count = distance.div_ceil(u128::from(step.unsigned_abs()));
    let count = usize::try_from(count)
        .ok()
        .filter(|count| *count <= MAX_LIST_ITEMS);
    let count = count.ok_or(Fault::Limit(Limit::ListItems))?;
    Ok(
        std::iter::successors(Some(start), |number| number.checked_add(step))
            .take(count)
            .collect(),
    )
}

/// `seq 5`, `seq 2 5`, `seq 2 2 10`, like the command of that name.
pub(super) fn seq(call: &mut Call<'_>) -> Outcome {
    let params = (0..call.args.len())
        .map(|index| call.int(index))
        .collect::<Result<Vec<_>, _>>()?;
    let (start, step, end) = match params.as_slice() {
        [end] => (1, None, *end),
        [start, end] => (*start, None, *end),
        [start, step, end] => (*start, Some(*step), *end),
        _ => return Ok(Value::text("")),
    };
    let direction = if end < start { -1 } else { 1 };
    if direction < 0 && step.is_some_and(|step| step > 0) {
        return Ok(Value::text(""));
    }
    let numbers = steps(
        start,
        end.saturating_add(direction),
        step.unwrap_or(direction),
    )?;
    call.run.spend_items(numbers.len())?;
    Ok(Value::text(
        numbers
            .iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join(" "),
    ))
}
