//! Times and durations as Go's package `time` has them.

use std::fmt;
use std::rc::Rc;

use chrono::{DateTime, Datelike as _, FixedOffset, TimeDelta, Timelike as _, Utc};

use super::fault::Fault;
use super::function::{Call, Function, Kind, Outcome};
use super::layout;
use super::value::Value;

/// An instant with the offset and the name of its zone. The local zone is UTC, as in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    /// The instant and the offset.
    pub(crate) at: DateTime<FixedOffset>,
    /// The zone's abbreviation; empty when only its offset is known.
    pub(crate) zone: Rc<str>,
}

impl Time {
    pub(crate) fn utc(at: DateTime<Utc>) -> Self {
        Self {
            at: at.fixed_offset(),
            zone: "UTC".into(),
        }
    }

    /// Go's zero time, the first second of year 1.
    pub(crate) fn zero() -> Self {
        Self::utc(
            chrono::NaiveDate::from_ymd_opt(1, 1, 1)
                .unwrap_or_default()
                .and_time(chrono::NaiveTime::MIN)
                .and_utc(),
        )
    }

    pub(crate) fn from_unix(seconds: i64) -> Option<Self> {
        DateTime::from_timestamp(seconds, 0).map(Self::utc)
    }

    pub(crate) fn add(&self, nanoseconds: i64) -> Result<Self, Fault> {
        let at = self
            .at
            .checked_add_signed(TimeDelta::nanoseconds(nanoseconds));
        let at = at.ok_or_else(|| Fault::failed("the time is out of range"))?;
        Ok(Self {
            at,
            zone: Rc::clone(&self.zone),
        })
    }

    /// `self - earlier` in nanoseconds, held within Go's range.
    pub(crate) fn since(&self, earlier: &Self) -> i64 {
        let difference = self.at.signed_duration_since(earlier.at);
        let saturated = if difference < TimeDelta::zero() {
            i64::MIN
        } else {
            i64::MAX
        };
        difference.num_nanoseconds().unwrap_or(saturated)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&layout::format(
            self,
            "2006-01-02 15:04:05.999999999 -0700 MST",
        ))
    }
}

/// A number that prints as a name or, for durations, with units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) type_name: &'static str,
    pub(crate) number: i64,
    pub(crate) text: Rc<str>,
}

const DURATION: &str = "time.Duration";

impl Named {
    pub(crate) fn duration(nanoseconds: i64) -> Self {
        Self {
            type_name: DURATION,
            number: nanoseconds,
            text: format_duration(nanoseconds).into(),
        }
    }

    fn month(month: u32) -> Self {
        let text = layout::MONTHS[(month.saturating_sub(1) % 12) as usize];
        Self {
            type_name: "time.Month",
            number: i64::from(month),
            text: text.into(),
        }
    }

    fn weekday(days_from_sunday: u32) -> Self {
        let text = layout::WEEKDAYS[(days_from_sunday % 7) as usize];
        Self {
            type_name: "time.Weekday",
            number: i64::from(days_from_sunday),
            text: text.into(),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        if self.type_name == DURATION {
            "int64"
        } else {
            "int"
        }
    }
}

const SECOND: i64 = 1_000_000_000;

/// `1h15m30.5s`
pub(crate) fn format_duration(nanoseconds: i64) -> String {
    let magnitude = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let body = match magnitude {
        0 => "0s".to_owned(),
        1..1_000 => format!("{magnitude}ns"),
        1_000..1_000_000 => format!("{}µs", decimal(magnitude, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", decimal(magnitude, 1_000_000)),
        _ => {
            let minutes = magnitude / 60_000_000_000;
            let seconds = decimal(magnitude % 60_000_000_000, SECOND.unsigned_abs());
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    };
    format!("{sign}{body}")
}

/// `number / unit` without trailing zeros; `unit` is a power of ten.
fn decimal(number: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let fraction = format!("{:0width$}", number % unit);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}", number / unit)
}

/// Reads `-1h2.5m3s` into nanoseconds; the error is Go's.
pub(crate) fn parse_duration(text: &str) -> Result<i64, Fault> {
    let invalid = || Fault::failed(format!("time: invalid duration {text:?}"));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let number_length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
            .count();
        let (number, after) = rest.split_at(number_length);
        let unit_length = after
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_length);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 30
        {
            return Err(invalid());
        }
        let scale = unit_nanoseconds(unit, text)?;
        let whole: i128 = if whole.is_empty() {
            0
        } else {
            whole.parse().map_err(|_| invalid())?
        };
        let fraction = fraction.get(..fraction.len().min(15)).unwrap_or_default();
        let parts: i128 = if fraction.is_empty() {
            0
        } else {
            fraction.parse().map_err(|_| invalid())?
        };
        let divisor = 10i128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let amount = whole
            .checked_mul(scale)
            .and_then(|amount| amount.checked_add(parts * scale / divisor));
        total = amount
            .and_then(|amount| total.checked_add(amount))
            .ok_or_else(invalid)?;
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| invalid())
}

fn unit_nanoseconds(unit: &str, text: &str) -> Result<i128, Fault> {
    Ok(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "" => {
            return Err(Fault::failed(format!(
                "time: missing unit in duration {text:?}"
            )));
        }
        _ => {
            return Err(Fault::failed(format!(
                "time: unknown unit {unit:?} in duration {text:?}"
            )));
        }
    })
}

/// The methods of a time that templates can call.
pub(crate) fn time_method(name: &str) -> Option<Function> {
    Some(match name {
        "String" => Function::fixed(&[], |call| Ok(Value::text(call.time(0)?.to_string()))),
        "Format" => Function::fixed(&[Kind::Text], |call| {
            Ok(Value::text(layout::format(&*call.time(0)?, call.text(1)?)))
        }),
        "Year" => Function::fixed(&[], |call| {
            Ok(Value::Int(i64::from(call.time(0)?.at.year())))
        }),
        "Month" => Function::fixed(&[], |call| {
            Ok(named(Named::month(call.time(0)?.at.month())))
        }),
        "Day" => Function::fixed(&[], |call| {
            Ok(Value::Int(i64::from(call.time(0)?.at.day())))
        }),
        "YearDay" => Function::fixed(&[], |call| {
            Ok(Value::Int(i64::from(call.time(0)?.at.ordinal())))
        }),
        "Weekday" => Function::fixed(&[], |call| {
            Ok(named(Named::weekday(
                call.time(0)?.at.weekday().num_days_from_sunday(),
            )))
        }),
        "Hour" => Function::fixed(&[], |call| {
            Ok(Value::Int(i64::from(call.time(0)?.at.hour())))
        }),
        "Minute" => Function::fixed(&[], |call| {
            Ok(Value::Int(i64::from(call.time(0)?.at.minute())))
        }),
        "Second" => Function::fixed(&[], |call| {
            Ok(Value::Int(i64::from(call.time(0)?.at.second())))
        }),
        "Nanosecond" => Function::fixed(&[], |call| {
            Ok(Value::Int(i64::from(call.time(0)?.at.nanosecond())))
        }),
        "Unix" => Function::fixed(&[], |call| Ok(Value::Int64(call.time(0)?.at.timestamp()))),
        "UnixMilli" => Function::fixed(&[], |call| {
            Ok(Value::Int64(call.time(0)?.at.timestamp_millis()))
        }),
        "UTC" => Function::fixed(&[], |call| {
            Ok(Value::Time(Rc::new(Time::utc(call.time(0)?.at.to_utc()))))
        }),
        "IsZero" => Function::fixed(&[], |call| {
            Ok(Value::Bool(call.time(0)?.at == Time::zero().at))
        }),
        "Before" => Function::fixed(&[Kind::Time], |call| {
            Ok(Value::Bool(call.time(0)?.at < call.time(1)?.at))
        }),
        "After" => Function::fixed(&[Kind::Time], |call| {
            Ok(Value::Bool(call.time(0)?.at > call.time(1)?.at))
        }),
        "Equal" => Function::fixed(&[Kind::Time], |call| {
            Ok(Value::Bool(call.time(0)?.at == call.time(1)?.at))
        }),
        "Sub" => Function::fixed(&[Kind::Time], |call| {
            Ok(named(Named::duration(call.time(0)?.since(&*call.time(1)?))))
        }),
        _ => return None,
    })
}

/// The methods of durations, months and weekdays.
pub(crate) fn named_method(named: &Named, name: &str) -> Option<Function> {
    let is_duration = named.type_name == DURATION;
    Some(match name {
        "String" => Function::fixed(&[], |call| Ok(Value::text(&*call.named(0)?.text))),
        "Hours" if is_duration => Function::fixed(&[], |call| in_units(call, 3600 * SECOND)),
        "Minutes" if is_duration => Function::fixed(&[], |call| in_units(call, 60 * SECOND)),
        "Seconds" if is_duration => Function::fixed(&[], |call| in_units(call, SECOND)),
        "Milliseconds" if is_duration => Function::fixed(&[], |call| {
            Ok(Value::Int64(call.named(0)?.number / 1_000_000))
        }),
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "Go rounds here as well")]
fn in_units(call: &Call<'_>, unit: i64) -> Outcome {
    let nanoseconds = call.named(0)?.number;
    Ok(Value::Float(
        (nanoseconds / unit) as f64 + (nanoseconds % unit) as f64 / unit as f64,
    ))
}

fn named(named: Named) -> Value {
    Value::Named(Rc::new(named))
}
