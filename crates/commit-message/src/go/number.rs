//! Numbers as Go's `strconv` reads and writes them.

/// Reads an integer. Base 0 takes the base from the prefix (`0x`, `0o`, `0b`, a leading zero) and allows `_`
/// between digits.
pub(crate) fn parse_integer(text: &str, base: u32) -> Option<i128> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (base, digits) = if base == 0 {
        prefixed(unsigned)?
    } else {
        (base, unsigned.to_owned())
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = i128::from_str_radix(&digits, base).ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

/// The base and the digits, underscores removed, of an unsigned literal.
fn prefixed(text: &str) -> Option<(u32, String)> {
    let lower = text.get(..2).map(str::to_ascii_lowercase);
    let (base, digits) = match lower.as_deref() {
        Some("0x") => (16, &text[2..]),
        Some("0o") => (8, &text[2..]),
        Some("0b") => (2, &text[2..]),
        Some(_) if text.starts_with('0') => (8, &text[1..]),
        _ => (10, text),
    };
    if !digits.contains('_') {
        return Some((base, digits.to_owned()));
    }
    // An underscore stands between digits, or between the prefix and the first digit.
    let after_prefix = base != 10;
    let misplaced = digits.ends_with('_')
        || digits.contains("__")
        || (digits.starts_with('_') && !after_prefix);
    (!misplaced).then(|| (base, digits.replace('_', "")))
}

/// Reads a floating-point number: decimal, hexadecimal with a binary exponent, `inf` and `nan`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = unsigned.to_ascii_lowercase();
    let magnitude = match lower.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => match lower.strip_prefix("0x") {
            Some(hexadecimal) => parse_hexadecimal_float(hexadecimal)?,
            None => parse_decimal_float(&lower)?,
        },
    };
    Some(sign * magnitude)
}

fn parse_decimal_float(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-'));
    let value = if plain {
        text.parse::<f64>().ok()?
    } else {
        return None;
    };
    // Out of range is an error in Go, not infinity.
    value.is_finite().then_some(value)
}

fn parse_hexadecimal_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('_').replace('_', "");
    // Sixteen digits and more would need a rounding of their own.
    if digits.is_empty() || digits.len() > 13 {
        return None;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "thirteen hexadecimal digits fit a float's 53 bits"
    )]
    let mantissa = u64::from_str_radix(&digits, 16).ok()? as f64;
    let exponent: i32 = exponent.parse().ok()?;
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()?.checked_mul(4)?)?;
    Some(mantissa * 2f64.powi(shift.clamp(-1100, 1100)))
}

/// The integer that equals `float`, if there is one.
pub(crate) fn float_as_int(float: f64) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the next line checks that nothing was lost"
    )]
    let int = float as i64;
    #[expect(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "equality is what is asked for"
    )]
    let equal = int as f64 == float;
    equal.then_some(int)
}

/// How to write a float: a verb and a precision of `strconv.FormatFloat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FloatStyle {
    /// One of `b e E f g G x X`.
    pub(crate) letter: char,
    /// Digits after the point (`e f x`) or in all (`g`); the fewest that read back the same when absent.
    pub(crate) precision: Option<usize>,
}

impl FloatStyle {
    /// As `%v` writes a float.
    pub(crate) const PLAIN: Self = Self {
        letter: 'g',
        precision: None,
    };
}

/// Writes a float, without a sign when it is positive.
pub(crate) fn format_float(value: f64, style: FloatStyle) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let magnitude = value.abs();
    if magnitude.is_infinite() {
        return if sign.is_empty() {
            "+Inf".to_owned()
        } else {
            "-Inf".to_owned()
        };
    }
    let body = match style.letter.to_ascii_lowercase() {
        'e' => exponential(magnitude, style.precision),
        'f' => match style.precision {
            Some(precision) => format!("{magnitude:.precision$}"),
            None => format!("{magnitude}"),
        },
        'x' => hexadecimal(magnitude, style.precision),
        'b' => binary(magnitude),
        _ => general(magnitude, style.precision),
    };
    let text = format!("{sign}{body}");
    if style.letter.is_ascii_uppercase() {
        text.to_ascii_uppercase()
    } else {
        text
    }
}

/// `d.ddde±dd`
fn exponential(magnitude: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(precision) => format!("{magnitude:.precision$e}"),
        None => format!("{magnitude:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    with_exponent(mantissa, exponent.parse().unwrap_or(0))
}

fn with_exponent(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Positional, but with an exponent when that is very small or reaches the precision.
fn general(magnitude: f64, precision: Option<usize>) -> String {
    let digits = precision.map(|precision| precision.max(1));
    let text = match digits {
        Some(digits) => format!("{magnitude:.*e}", digits - 1),
        None => format!("{magnitude:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mantissa = if mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    let significant = mantissa.replace('.', "");
    let length = i32::try_from(significant.len()).unwrap_or(i32::MAX);
    let threshold = match digits.map(|digits| i32::try_from(digits).unwrap_or(i32::MAX)) {
        None => 6,
        // Digits that are not there do not count, unless they are whole digits.
        Some(digits) if digits > length && length > exponent => length,
        Some(digits) => digits,
    };
    if exponent < -4 || exponent >= threshold {
        return with_exponent(mantissa, exponent);
    }
    positional(&significant, exponent)
}

/// Digits `d1d2d3…` meaning `d1.d2d3… × 10^exponent`, written without an exponent.
fn positional(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    if digits.len() <= whole {
        return format!("{digits}{}", "0".repeat(whole - digits.len()));
    }
    format!("{}.{}", &digits[..whole], &digits[whole..])
}

/// The mantissa's bits and the binary exponent of a positive float.
fn parts(magnitude: f64) -> (u64, i32) {
    let bits = magnitude.to_bits();
    let exponent = i32::try_from(bits >> 52).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | (1 << 52), exponent - 1075)
    }
}

fn binary(magnitude: f64) -> String {
    let (mantissa, exponent) = parts(magnitude);
    format!("{mantissa}p{exponent:+}")
}

/// `0x1.8p+01`
fn hexadecimal(magnitude: f64, precision: Option<usize>) -> String {
    if magnitude == 0.0 {
        let zeros = precision
            .filter(|precision| *precision > 0)
            .map_or_else(String::new, |p| format!(".{}", "0".repeat(p)));
        return format!("0x0{zeros}p+00");
    }
    let (mut mantissa, mut exponent) = parts(magnitude);
    while mantissa & (1 << 52) == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    exponent += 52;
    if let Some(dropped) = precision
        .filter(|precision| *precision < 13)
        .map(|precision| 52 - 4 * precision)
    {
        let half = 1 << (dropped - 1);
        let rest = mantissa & ((1 << dropped) - 1);
        mantissa >>= dropped;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= dropped;
        if mantissa & (1 << 53) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let all = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let fraction = match precision {
        None => all.trim_end_matches('0').to_owned(),
        Some(precision) if precision <= 13 => all[..precision].to_owned(),
        Some(precision) => format!("{all}{}", "0".repeat(precision - 13)),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x1{point}{fraction}p{sign}{:02}", exponent.abs())
}
