//! Go's literals: numbers, characters, quoted strings.

use std::rc::Rc;

use super::number;

/// A numeric or character constant. It has each reading that represents it exactly, as in Go, where the use
/// decides which one counts.
#[derive(Clone, Debug)]
pub(super) struct Number {
    /// As written.
    pub(super) text: Rc<str>,
    pub(super) int: Option<i64>,
    pub(super) float: Option<f64>,
}

impl Number {
    /// Reads a number token.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let int = number::parse_integer(text, 0);
        if let Some(int) =
            int.filter(|int| *int <= i128::from(u64::MAX) && *int >= i128::from(i64::MIN))
        {
            #[expect(clippy::cast_precision_loss, reason = "Go rounds here as well")]
            return Ok(Self {
                text: text.into(),
                int: i64::try_from(int).ok(),
                float: Some(int as f64),
            });
        }
        let Some(float) = number::parse_float(text) else {
            return Err(format!("illegal number syntax: {text:?}"));
        };
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {text:?}"));
        }
        Ok(Self {
            text: text.into(),
            int: number::float_as_int(float),
            float: Some(float),
        })
    }

    /// Reads a character constant with its quotes.
    pub(super) fn parse_char(text: &str) -> Result<Self, String> {
        let inner = &text[1..text.len() - 1];
        let mut bytes = Vec::new();
        let rest = unescape_one(inner, '\'', &mut bytes).ok_or("invalid syntax")?;
        if !rest.is_empty() {
            return Err(format!("malformed character constant: {text}"));
        }
        let code = match std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.chars().next())
        {
            Some(c) => i64::from(u32::from(c)),
            None => i64::from(*bytes.first().ok_or("invalid syntax")?),
        };
        #[expect(clippy::cast_precision_loss, reason = "a character's number is small")]
        Ok(Self {
            text: text.into(),
            int: Some(code),
            float: Some(code as f64),
        })
    }

    /// Whether the constant reads as a float where no type is asked for.
    pub(super) fn is_float(&self) -> bool {
        let text = &*self.text;
        let hex = text.starts_with("0x") || text.starts_with("0X");
        let hex_integer = hex && !text.contains(['p', 'P']);
        !hex_integer && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P'])
    }
}

/// The text of a quoted string, quotes and escapes resolved. Escapes that make bytes which are no UTF-8 give
/// the replacement character: a commit message is UTF-8.
pub(super) fn unquote(quoted: &str) -> Result<String, String> {
    let inner = &quoted[1..quoted.len() - 1];
    if quoted.starts_with('`') {
        return Ok(inner.replace('\r', ""));
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        rest = unescape_one(rest, '"', &mut bytes).ok_or("invalid syntax")?;
    }
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Resolves the first character or escape of `text` into `bytes`; gives what follows.
fn unescape_one<'t>(text: &'t str, quote: char, bytes: &mut Vec<u8>) -> Option<&'t str> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first != '\\' {
        bytes.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes());
        return Some(chars.as_str());
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let simple = match escape {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        c if c == quote => u8::try_from(c).ok()?,
        'x' => return byte_escape(rest, 2, 16, bytes),
        '0'..='7' => return byte_escape(&text[1..], 3, 8, bytes),
        'u' => return rune_escape(rest, 4, bytes),
        'U' => return rune_escape(rest, 8, bytes),
        _ => return None,
    };
    bytes.push(simple);
    Some(rest)
}

fn byte_escape<'t>(
    text: &'t str,
    digits: usize,
    radix: u32,
    bytes: &mut Vec<u8>,
) -> Option<&'t str> {
    bytes.push(u8::try_from(code(text, digits, radix)?).ok()?);
    Some(&text[digits..])
}

fn rune_escape<'t>(text: &'t str, digits: usize, bytes: &mut Vec<u8>) -> Option<&'t str> {
    let rune = char::from_u32(code(text, digits, 16)?)?;
    bytes.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
    Some(&text[digits..])
}

fn code(text: &str, digits: usize, radix: u32) -> Option<u32> {
    let digits = text.get(..digits)?;
    if digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}
