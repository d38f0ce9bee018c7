//! What the text of a literal stands for.

use super::syntax::Literal;

pub(super) fn int(digits: &str, negative: bool) -> Result<Literal, &'static str> {
    let sign = if negative { "-" } else { "" };
    let parsed = match digits.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(&format!("{sign}{hex}"), 16),
        None => format!("{sign}{digits}").parse(),
    };
    parsed.map(Literal::Int).map_err(|_| "invalid int literal")
}

pub(super) fn uint(text: &str) -> Result<Literal, &'static str> {
    let digits = text.trim_end_matches(['u', 'U']);
    let parsed = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    parsed
        .map(Literal::Uint)
        .map_err(|_| "invalid uint literal")
}

pub(super) fn double(digits: &str, negative: bool) -> Result<Literal, &'static str> {
    let value: f64 = digits.parse().map_err(|_| "invalid double literal")?;
    if value.is_infinite() {
        return Err("invalid double literal");
    }
    Ok(Literal::Double(if negative { -value } else { value }))
}

pub(super) fn string(text: &str) -> Result<Literal, &'static str> {
    let bytes = unescape(text, Unit::Character)?;
    let text = String::from_utf8(bytes).map_err(|_| "invalid string literal")?;
    Ok(Literal::String(text.into()))
}

pub(super) fn bytes(text: &str) -> Result<Literal, &'static str> {
    let text = text.strip_prefix(['b', 'B']).unwrap_or(text);
    Ok(Literal::Bytes(unescape(text, Unit::Byte)?.into()))
}

/// What an escape by number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Character,
    Byte,
}

fn unescape(text: &str, unit: Unit) -> Result<Vec<u8>, &'static str> {
    let unraw = text.strip_prefix(['r', 'R']);
    let quoted = unraw
        .unwrap_or(text)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let triple = quoted.len() >= 6 && (quoted.starts_with("\"\"\"") || quoted.starts_with("'''"));
    let quote = if triple { 3 } else { 1 };
    let inner = quoted
        .get(quote..quoted.len().saturating_sub(quote))
        .ok_or("invalid string literal")?;
    if unraw.is_some() {
        return Ok(inner.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.extend_from_slice(plain.as_bytes());
        rest = push_escape(escape, unit, &mut out)?;
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// Appends what the escape at the start of `text`, after its backslash, stands for; returns what follows.
fn push_escape<'t>(text: &'t str, unit: Unit, out: &mut Vec<u8>) -> Result<&'t str, &'static str> {
    const INVALID: &str = "invalid escape sequence";
    let c = text.chars().next().ok_or(INVALID)?;
    let (radix, skip, digits) = match c {
        'x' | 'X' => (16, 1, 2),
        'u' if unit == Unit::Character => (16, 1, 4),
        'U' if unit == Unit::Character => (16, 1, 8),
        '0'..='3' => (8, 0, 3),
        _ => {
            out.push(simple_escape(c).ok_or(INVALID)?);
            return Ok(&text[c.len_utf8()..]);
        }
    };
    let number = text.get(skip..skip + digits).ok_or(INVALID)?;
    if !number.chars().all(|c| c.is_digit(radix)) {
        return Err(INVALID);
    }
    let code = u32::from_str_radix(number, radix).map_err(|_| INVALID)?;
    match unit {
        Unit::Byte => out.push(u8::try_from(code).map_err(|_| INVALID)?),
        Unit::Character => {
            let c = char::from_u32(code).ok_or(INVALID)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Ok(&text[skip + digits..])
}

fn simple_escape(c: char) -> Option<u8> {
    Some(match c {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '"' => b'"',
        '\'' => b'\'',
        '\\' => b'\\',
        '?' => b'?',
        '`' => b'`',
        _ => return None,
    })
}
