//! Escapes that stand for one character.

use super::error::{PatternError, SyntaxError};

/// Reads an escape at the start of a text; returns the code point, which may be a surrogate, and the rest.
pub(super) fn read(text: &str) -> Result<(u32, &str), PatternError> {
    let mut rest = text[1..].chars();
    let Some(kind) = rest.next() else {
        return Err(SyntaxError::TrailingBackslash.at(""));
    };
    let code = match kind {
        '0' => Some(octal(0, &mut rest)),
        '1'..='7' if rest.as_str().starts_with(|c| matches!(c, '0'..='7')) => {
            Some(octal(u32::from(kind) - u32::from('0'), &mut rest))
        }
        'x' => hexadecimal(&mut rest),
        'a' => Some(7),
        'f' => Some(12),
        'n' => Some(10),
        'r' => Some(13),
        't' => Some(9),
        'v' => Some(11),
        _ if kind.is_ascii() && !kind.is_ascii_alphanumeric() => Some(u32::from(kind)),
        _ => None,
    };
    let rest = rest.as_str();
    code.map(|code| (code, rest))
        .ok_or_else(|| SyntaxError::Escape.at(&text[..text.len() - rest.len()]))
}

/// Up to two more octal digits.
fn octal(first: u32, rest: &mut std::str::Chars<'_>) -> u32 {
    let mut code = first;
    for _ in 0..2 {
        let Some(digit) = rest.clone().next().and_then(|c| c.to_digit(8)) else {
            break;
        };
        rest.next();
        code = code * 8 + digit;
    }
    code
}

/// Two hexadecimal digits, or any number of them in braces.
fn hexadecimal(rest: &mut std::str::Chars<'_>) -> Option<u32> {
    let first = rest.next()?;
    if first != '{' {
        // The second character is consumed even if the first is wrong: the message shows it.
        let second = rest.next();
        return Some(first.to_digit(16)? * 16 + second?.to_digit(16)?);
    }
    let mut code = None;
    loop {
        match rest.next()? {
            '}' => return code,
            c => code = Some(code.unwrap_or(0) * 16 + c.to_digit(16)?),
        }
        if code > Some(u32::from(char::MAX)) {
            return None;
        }
    }
}
