//! Conversions between types.

use chrono::{DateTime, FixedOffset};

use super::arithmetic::is_timestamp;
use super::library;
use crate::filter::budget::{Budget, Fault, Outcome, failed};
use crate::filter::value::Value;

/// Whether a function turns a value into one of another type.
pub(in crate::filter) fn is_conversion(function: &str) -> bool {
    matches!(
        function,
        "bool" | "bytes" | "double" | "duration" | "int" | "string" | "timestamp" | "uint"
    )
}

/// `int(value)` and the like.
pub(super) fn convert<'a>(function: &str, value: Value<'a>, budget: &Budget) -> Outcome<Value<'a>> {
    let from = value.type_name();
    let to = match function {
        "duration" => "google.protobuf.Duration",
        "timestamp" => "google.protobuf.Timestamp",
        other => other,
    };
    if from == to {
        return Ok(value);
    }
    let refusal = match (function, &value) {
        ("int", Value::Double(_) | Value::Uint(_)) => "integer overflow".to_owned(),
        ("uint", Value::Double(_) | Value::Int(_)) => "unsigned integer overflow".to_owned(),
        ("timestamp", Value::Int(_)) => "timestamp overflow".to_owned(),
        ("string", Value::Bytes(_)) => {
            "invalid UTF-8 in bytes, cannot convert to string".to_owned()
        }
        _ => format!("type conversion error from '{from}' to '{to}'"),
    };
    let converted = match (function, value) {
        ("string", Value::Double(number)) => Ok(Value::made(shortest(number))),
        ("string", Value::Timestamp(at)) => Ok(Value::made(rfc3339(&at))),
        ("int", Value::Duration(by)) => match by.num_nanoseconds() {
            Some(nanoseconds) => Ok(Value::Int(nanoseconds)),
            None => failed(""),
        },
        ("double", Value::String(text)) => double(text.as_str()),
        ("timestamp", Value::String(text)) => timestamp(text.as_str()),
        // Declared, yet without an implementation upstream.
        ("duration", Value::Int(_)) => failed(""),
        (_, value) => library::call(function, false, vec![value], budget),
    };
    converted.map_err(|fault| match fault {
        Fault::Failed(_) => Fault::Failed(refusal),
        exceeded @ Fault::Exceeded(_) => exceeded,
    })
}

/// A double in the fewest digits that read as it, with an exponent from a million on and below 0.0001, as
/// Go's `%g` has it.
fn shortest(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse() {
        Ok(-4..=5) | Err(_) => number.to_string(),
        Ok(exponent @ 0..) => format!("{digits}e+{exponent:02}"),
        Ok(exponent) => format!("{digits}e-{:02}", i32::abs(exponent)),
    }
}

/// A number in decimal notation that a double can hold, `NaN`, or `Inf` and `Infinity` with or without a sign.
fn double<'a>(text: &str) -> Outcome<Value<'a>> {
    match text.parse::<f64>() {
        Ok(number) if number.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) => {
            failed("")
        }
        Ok(number) => Ok(Value::Double(number)),
        Err(_) => failed(""),
    }
}

/// Whether a time is written with capital letters and without a leap second, as Go wants it.
fn is_strict(text: &str) -> bool {
    text.get(10..11) == Some("T") && !text.ends_with('z') && text.get(17..19) != Some("60")
}

/// A time by RFC 3339, its fraction as short as it can be.
fn rfc3339(at: &DateTime<FixedOffset>) -> String {
    let nanoseconds = format!(".{:09}", at.timestamp_subsec_nanos());
    let fraction = nanoseconds.trim_end_matches('0').trim_end_matches('.');
    let offset = match at.offset().local_minus_utc() {
        0 => "Z".to_owned(),
        _ => at.format("%:z").to_string(),
    };
    format!("{}{fraction}{offset}", at.format("%Y-%m-%dT%H:%M:%S"))
}

/// A time by RFC 3339.
fn timestamp<'a>(text: &str) -> Outcome<Value<'a>> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) if is_strict(text) && is_timestamp(&at) => Ok(Value::Timestamp(at)),
        _ => failed(""),
    }
}
