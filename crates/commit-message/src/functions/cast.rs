//! How sprig's arithmetic reads its arguments: whatever looks like a number is one, all else is zero.

use crate::go::number;
use crate::go::value::Value;

/// The argument as an integer.
pub(super) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Float(float) => truncate(*float),
        Value::Bool(value) => i64::from(*value),
        Value::Text(text) => {
            let parsed = number::parse_integer(trim_zero_decimals(text), 0);
            parsed
                .and_then(|number| i64::try_from(number).ok())
                .unwrap_or(0)
        }
        // A duration is no number here, a month and a weekday are.
        Value::Named(named) if named.kind() == "int64" => 0,
        // Larger unsigned numbers wrap, as Go's conversion does.
        _ => value
            .integer()
            .map_or(0, |number| i64::from_ne_bytes(low_bytes(number))),
    }
}

fn low_bytes(number: i128) -> [u8; 8] {
    let bits = number & i128::from(u64::MAX);
    u64::try_from(bits).unwrap_or(0).to_ne_bytes()
}

/// The argument as a float.
pub(super) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Float(float) => *float,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Text(text) => number::parse_float(text).unwrap_or(0.0),
        Value::Named(named) if named.kind() == "int64" => 0.0,
        #[expect(clippy::cast_precision_loss, reason = "Go rounds here as well")]
        _ => value.integer().map_or(0.0, |number| number as f64),
    }
}

/// Go's conversion: towards zero, and the smallest integer for what does not fit.
fn truncate(float: f64) -> i64 {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if (-BOUND..BOUND).contains(&float) {
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        return float as i64;
    }
    i64::MIN
}

/// `12.00` is `12`.
fn trim_zero_decimals(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        _ => text,
    }
}
