//! Times. "Now" is [`Surroundings::now`](crate::Surroundings::now).

use std::rc::Rc;

use crate::go::fault::Fault;
use crate::go::function::{Call, Outcome};
use crate::go::layout;
use crate::go::number;
use crate::go::time::{Time, format_duration, parse_duration};
use crate::go::value::Value;

const SECOND: i64 = 1_000_000_000;

fn time(time: Time) -> Value {
    Value::Time(Rc::new(time))
}

/// The time by a layout; Go's zero time if it does not fit.
pub(super) fn to_date(call: &mut Call<'_>) -> Outcome {
    Ok(time(
        layout::parse(call.text(0)?, call.text(1)?).unwrap_or_else(|_| Time::zero()),
    ))
}

pub(super) fn must_to_date(call: &mut Call<'_>) -> Outcome {
    layout::parse(call.text(0)?, call.text(1)?).map(time)
}

/// `mustDateModify "-1.5h" time`
pub(super) fn must_date_modify(call: &mut Call<'_>) -> Outcome {
    call.time(1)?.add(parse_duration(call.text(0)?)?).map(time)
}

pub(super) fn unix_epoch(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(call.time(0)?.at.timestamp().to_string()))
}

/// How long ago a time, or a Unix time, was, in whole seconds.
pub(super) fn ago(call: &mut Call<'_>) -> Outcome {
    let now = Time::utc(call.run.now);
    let then = match call.any(0)? {
        Value::Time(then) => Time::clone(then),
        Value::Int(seconds) | Value::Int64(seconds) => {
            Time::from_unix(*seconds).ok_or_else(|| Fault::failed("the time is out of range"))?
        }
        _ => now.clone(),
    };
    let since = i128::from(now.since(&then));
    let half = i128::from(SECOND / 2);
    let seconds = (since + if since < 0 { -half } else { half }) / i128::from(SECOND);
    let rounded = i64::try_from(seconds * i128::from(SECOND)).unwrap_or(i64::MAX);
    Ok(Value::text(format_duration(rounded)))
}

/// Seconds as a duration: of a text or an `int64`; anything else counts as zero, as in sprig.
pub(super) fn duration(call: &mut Call<'_>) -> Outcome {
    let seconds = match call.any(0)? {
        Value::Text(text) => number::parse_integer(text, 10)
            .and_then(|number| i64::try_from(number).ok())
            .unwrap_or(0),
        Value::Int64(number) => *number,
        _ => 0,
    };
    Ok(Value::text(format_duration(seconds.wrapping_mul(SECOND))))
}

/// The largest unit of a duration: `2h`, `3d`, `1mo`, `5y`.
pub(super) fn duration_round(call: &mut Call<'_>) -> Outcome {
    const UNITS: [(u64, &str); 6] = [
        (365 * 24 * 3600, "y"),
        (30 * 24 * 3600, "mo"),
        (24 * 3600, "d"),
        (3600, "h"),
        (60, "m"),
        (1, "s"),
    ];
    let nanoseconds = match call.any(0)? {
        Value::Text(text) => parse_duration(text).unwrap_or(0),
        Value::Int64(number) => *number,
        Value::Time(then) => Time::utc(call.run.now).since(then),
        _ => 0,
    };
    let magnitude = nanoseconds.unsigned_abs();
    let found = UNITS
        .iter()
        .map(|(seconds, name)| (seconds * SECOND.unsigned_abs(), name))
        .find(|(unit, _)| magnitude > *unit);
    Ok(Value::text(found.map_or_else(
        || "0s".to_owned(),
        |(unit, name)| format!("{}{name}", magnitude / unit),
    )))
}
