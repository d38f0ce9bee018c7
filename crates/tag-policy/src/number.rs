//! Floating-point numbers in the syntax of Go's `strconv.ParseFloat`.

use std::cmp::Ordering;

/// A number, ordered by value. Zeros are equal whatever their sign. `NaN` is less than every number, and
/// remains so when negated, because Go's comparisons would make an outcome with it depend on the order of
/// the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(f64);

impl Number {
    /// Parses a decimal number (`1`, `-1.5e3`, `.5`, `1_000`), a hexadecimal one with a binary exponent
    /// (`0x1p-2`), or `inf`, `infinity`, `nan` in any case. `None` if Go refuses the text, which it also
    /// does when a written number is too great for 64 bits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse_small_integer(text).or_else(|| parse(text)).map(Self)
    }

    /// The number with which the order is the other way round.
    pub(crate) fn negated(self) -> Self {
        Self(-self.0)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_value = self.0.partial_cmp(&other.0);
        by_value.unwrap_or_else(|| other.0.is_nan().cmp(&self.0.is_nan()))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

fn parse(text: &str) -> Option<f64> {
    let (negative, magnitude) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let number = if text.eq_ignore_ascii_case("nan") {
        f64::NAN
    } else if ["inf", "infinity"]
        .iter()
        .any(|word| magnitude.eq_ignore_ascii_case(word))
    {
        f64::INFINITY
    } else {
        parse_finite(magnitude)?
    };
    Some(if negative { -number } else { number })
}

/// The shortcut for what most tags hold: up to 15 digits.
#[expect(
    clippy::cast_precision_loss,
    reason = "a 64-bit float holds 15 digits exactly"
)]
fn parse_small_integer(text: &str) -> Option<f64> {
    if text.is_empty() || text.len() > 15 {
        return None;
    }
    let mut number = 0_u64;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number as f64)
}

/// A written number without its sign.
fn parse_finite(text: &str) -> Option<f64> {
    let plain;
    let text = if text.contains('_') {
        if !has_good_underscores(text) {
            return None;
        }
        plain = text.replace('_', "");
        plain.as_str()
    } else {
        text
    };
    let number = match text.get(..2) {
        Some("0x" | "0X") => parse_hexadecimal(&text[2..])?,
        _ => parse_decimal(text)?,
    };
    number.is_finite().then_some(number)
}

/// Go lets an underscore stand between two digits and behind the prefix of a base.
fn has_good_underscores(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hexadecimal = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let prefixed = matches!(bytes, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]);
    let digits = if prefixed { &bytes[2..] } else { bytes };
    let is_digit = |b: &u8| b.is_ascii_digit() || (hexadecimal && b.is_ascii_hexdigit());
    digits
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'_')
        .all(|(at, _)| {
            let after_digit = if at == 0 {
                prefixed
            } else {
                is_digit(&digits[at - 1])
            };
            after_digit && digits.get(at + 1).is_some_and(is_digit)
        })
}

/// `digits[.digits][e[±]digits]` with at least one digit in front of the exponent. The standard library
/// takes this grammar and a few words, and rounds as Go does.
fn parse_decimal(text: &str) -> Option<f64> {
    let starts_well = text.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    starts_well.then(|| text.parse().ok())?
}

/// `hex[.hex]p[±]digits` behind `0x`.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().count() == 0 || !digits().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bits = 0_u64;
    let mut lost = 0_i64;
    for digit in digits() {
        let value = u64::from((digit as char).to_digit(16)?);
        if bits >> 60 == 0 {
            bits = bits << 4 | value;
        } else {
            // Only whether anything was cut off matters for rounding.
            bits |= u64::from(value != 0);
            lost += 4;
        }
    }
    let fraction_bits = i64::try_from(fraction.len()).ok()?.checked_mul(4)?;
    Some(scale(
        bits,
        parse_exponent(exponent)? + lost - fraction_bits,
    ))
}

/// A decimal exponent, held within bounds beyond which every result is 0 or infinite anyway.
fn parse_exponent(text: &str) -> Option<i64> {
    const LIMIT: i64 = 1 << 40;
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let exponent = digits
        .bytes()
        .fold(0, |sum: i64, b| (sum * 10 + i64::from(b - b'0')).min(LIMIT));
    Some(if negative { -exponent } else { exponent })
}

/// `bits · 2^exponent`, rounded once to the nearest float, ties to even.
fn scale(bits: u64, exponent: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let zeros = bits.leading_zeros();
    let mantissa = bits << zeros;
    // The value is 1.m · 2^top with the leading one in bit 63.
    let top = exponent + 63 - i64::from(zeros);
    if top > 1023 {
        return f64::INFINITY;
    }
    // A float keeps 53 bits, fewer below 2^-1022.
    let dropped = 11 + (-1022 - top).clamp(0, 54);
    let kept = if dropped < 64 { mantissa >> dropped } else { 0 };
    let rest = u128::from(mantissa) & ((1_u128 << dropped) - 1);
    let half = 1_u128 << (dropped - 1);
    let up = rest > half || (rest == half && kept & 1 == 1);
    // Adding the rounding carry to the raw bits moves to the next float, infinity included.
    let biased = u64::try_from(top + 1022).unwrap_or(0);
    f64::from_bits((biased << 52) + kept + u64::from(up))
}

#[cfg(test)]
mod tests;
