//! When a text may stand in YAML without quotes and still be read as that text, as a string, by everybody.

/// Whether the text can be a plain scalar that YAML 1.1, YAML 1.2 and the parsers of both in use read as the
/// string it is. In a flow collection brackets and the comma are not allowed either, nor, for libyaml, the
/// question mark.
pub(crate) fn is_plain_string(text: &str, in_flow: bool) -> bool {
    is_plain_text(text, in_flow) && !reads_as_other_type(text)
}

/// Whether the text is allowed without quotes, on one line.
fn is_plain_text(text: &str, in_flow: bool) -> bool {
    let starts_well = |first: char| !"-?:,[]{}#&*!|>'\"%@` ".contains(first);
    let flow_indicator = |character: char| in_flow && ",[]{}?".contains(character);
    text.chars().next().is_some_and(starts_well)
        && !text.starts_with("...")
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text
            .chars()
            .any(|character| flow_indicator(character) || !is_printable(character))
}

/// Whether the character shows as itself in any scalar. Line breaks and the tab do not.
pub(crate) fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

/// Whether some reader takes the plain text for null, a boolean, a number, a date or a merge key.
fn reads_as_other_type(text: &str) -> bool {
    is_reserved_word(text) || is_number(text) || is_sexagesimal(text) || is_date(text)
}

fn is_reserved_word(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<",
    ];
    text == "=" || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Integers and floats, with the signs, prefixes, `_` and `,` that any of the readers takes.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let compact: String = unsigned
        .chars()
        .filter(|character| !matches!(character, '_' | ','))
        .collect();
    let lower = compact.to_ascii_lowercase();
    let radix_digits = |prefix: &str, radix: u32| {
        let rest = lower.strip_prefix(prefix);
        // yaml.v3 takes a second sign, as in 0o-7.
        let digits = rest.map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        digits.is_some_and(|digits| digits.chars().all(|digit| digit.is_digit(radix)))
    };
    matches!(lower.as_str(), ".inf" | ".nan")
        || radix_digits("0x", 16)
        || radix_digits("0o", 8)
        || radix_digits("0b", 2)
        || is_decimal(&lower)
}

/// `1`, `1.`, `1.5`, `.5`, `1e3`, `1.5e-3`.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && all_digits(exponent)
    });
    !(whole.is_empty() && fraction.is_empty())
        && all_digits(whole)
        && all_digits(fraction)
        && exponent_fits
}

/// YAML 1.1 reads `1:30` as 90, and `1:30.5` too.
fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'))
    };
    unsigned.contains(':') && unsigned.split(':').all(digits)
}

/// `2020-01-02`, alone or followed by a time of day.
fn is_date(text: &str) -> bool {
    let mut rest = text;
    for (at_least, at_most, separator) in [(4, 4, "-"), (1, 2, "-"), (1, 2, "")] {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = rest
            .get(digits..)
            .and_then(|rest| rest.strip_prefix(separator));
        match after {
            Some(after) if (at_least..=at_most).contains(&digits) => rest = after,
            _ => return false,
        }
    }
    let time = rest.trim_start_matches(['T', 't', ' ', '\t']);
    let hour = time.bytes().take_while(u8::is_ascii_digit).count();
    rest.is_empty()
        || (time.len() < rest.len() && time.get(hour..).is_some_and(|rest| rest.starts_with(':')))
}

#[cfg(test)]
mod tests;
