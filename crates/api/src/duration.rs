//! Go's `time.Duration` as it stands in manifests: `1m0s`, `10ms`, `1h30m`.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Pattern of a duration that may name hours.
pub const PATTERN: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";
/// Pattern of a duration that must not name hours.
pub const PATTERN_WITHOUT_HOURS: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$";

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// A length of time with Go's range, text form and precision: a signed count of nanoseconds, at
/// most about 292 years either way.
///
/// Every text that Go's `time.ParseDuration` takes is read; it is printed in Go's canonical form,
/// so `90s` comes back as `1m30s`.
///
/// ```
/// let interval: api::Duration = "90s".parse()?;
/// assert_eq!(interval.to_string(), "1m30s");
/// assert_eq!(interval.to_std(), std::time::Duration::from_secs(90));
/// # Ok::<(), api::duration::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    nanoseconds: i64,
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The text does not follow the form of a Go duration.
    #[error(
        "invalid duration {text:?}: expected numbers with units (ns, us, ms, s, m, h) such as \"1m30s\""
    )]
    Form {
        /// The text as written.
        text: String,
    },
    /// The value does not fit 64 bits of nanoseconds.
    #[error("invalid duration {text:?}: longer than 292 years")]
    Range {
        /// The text as written.
        text: String,
    },
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self { nanoseconds: 0 };

    /// A duration of whole seconds: at most 136 years.
    pub const fn from_secs(seconds: u32) -> Self {
        Self {
            nanoseconds: seconds as i64 * 1_000_000_000,
        }
    }

    /// The count of nanoseconds, negative for a negative duration.
    pub const fn as_nanos(self) -> i64 {
        self.nanoseconds
    }

    /// Whether this is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.nanoseconds == 0
    }

    /// The same length as a standard duration; a negative one counts as zero.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(u64::try_from(self.nanoseconds).unwrap_or(0))
    }
}

impl From<std::time::Duration> for Duration {
    /// Saturates at Go's largest duration.
    fn from(from: std::time::Duration) -> Self {
        Self {
            nanoseconds: i64::try_from(from.as_nanos()).unwrap_or(i64::MAX),
        }
    }
}

impl FromStr for Duration {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let form = || ParseError::Form {
            text: text.to_owned(),
        };
        let range = || ParseError::Range {
            text: text.to_owned(),
        };
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(form());
        }
        let mut total: u128 = 0;
        while !rest.is_empty() {
            let (value, tail) = element(rest).ok_or_else(form)?;
            total = total.saturating_add(value);
            rest = tail;
        }
        let magnitude = i128::try_from(total).map_err(|_| range())?;
        let signed = if negative { -magnitude } else { magnitude };
        let nanoseconds = i64::try_from(signed).map_err(|_| range())?;
        Ok(Self { nanoseconds })
    }
}

/// Reads one number with its unit: its nanoseconds and what follows it.
fn element(text: &str) -> Option<(u128, &str)> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let unit = u128::from(unit(name)?);
    let value = number(whole).saturating_mul(unit);
    Some((value.saturating_add(part(fraction, unit)), rest))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// The value of a run of digits; runs too long for 128 bits saturate and fail the range check later.
fn number(digits: &str) -> u128 {
    digits.bytes().fold(0, |value: u128, digit| {
        value
            .saturating_mul(10)
            .saturating_add(u128::from(digit - b'0'))
    })
}

/// The nanoseconds of the digits after the point; digits below a nanosecond are dropped, as in Go.
fn part(fraction: &str, unit: u128) -> u128 {
    let kept = &fraction[..fraction.len().min(18)];
    let scale = kept.bytes().fold(1_u128, |scale, _| scale * 10);
    number(kept) * unit / scale
}

fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanoseconds < 0 {
            f.write_str("-")?;
        }
        let total = self.nanoseconds.unsigned_abs();
        match total {
            0 => f.write_str("0s"),
            1..MICROSECOND => write!(f, "{total}ns"),
            MICROSECOND..MILLISECOND => decimal(f, total, MICROSECOND, "\u{b5}s"),
            MILLISECOND..SECOND => decimal(f, total, MILLISECOND, "ms"),
            _ => {
                if total >= HOUR {
                    write!(f, "{}h", total / HOUR)?;
                }
                if total >= MINUTE {
                    write!(f, "{}m", total % HOUR / MINUTE)?;
                }
                decimal(f, total % MINUTE, SECOND, "s")
            }
        }
    }
}

/// Prints `total / unit` with as many decimals as it takes and no trailing zero.
fn decimal(f: &mut fmt::Formatter<'_>, total: u64, unit: u64, name: &str) -> fmt::Result {
    write!(f, "{}", total / unit)?;
    let (mut rest, mut scale) = (total % unit, unit);
    if rest > 0 {
        f.write_str(".")?;
    }
    while rest > 0 {
        scale /= 10;
        write!(f, "{}", rest / scale)?;
        rest %= scale;
    }
    f.write_str(name)
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests;
