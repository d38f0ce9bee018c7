//! Character classes: `[…]`, `\d`, `[[:alpha:]]`, `\p{Greek}`.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::error::{PatternError, SyntaxError};
use super::escape;
use crate::unicode;

/// Whether letters stand for both cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Insensitive,
}

/// Reads `[…]` at the start of a text.
pub(super) fn read_bracketed(text: &str, case: Case) -> Result<(ClassUnicode, &str), PatternError> {
    let (negated, mut rest) = match text[1..].strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, &text[1..]),
    };
    let mut class = ClassUnicode::empty();
    // A bracket that comes first is a member.
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        let member;
        (member, rest) = read_member(rest, text, case)?;
        class.union(&member);
    }
    if negated {
        class.negate();
    }
    Ok((class, &rest[1..]))
}

/// A named class, a class escape, a character or a range of characters.
fn read_member<'t>(
    text: &'t str,
    bracket: &str,
    case: Case,
) -> Result<(ClassUnicode, &'t str), PatternError> {
    if let Some(named) = read_posix(text, case)? {
        return Ok(named);
    }
    if let Some(escaped) = read_escaped(text, case)? {
        return Ok(escaped);
    }
    let (low, rest) = read_character(text, bracket)?;
    let (high, rest) = match rest.strip_prefix('-') {
        Some(after) if !after.is_empty() && !after.starts_with(']') => {
            read_character(after, bracket)?
        }
        _ => (low, rest),
    };
    if high < low {
        return Err(SyntaxError::CharacterClassRange.at(&text[..text.len() - rest.len()]));
    }
    Ok((fold(range(low, high), case), rest))
}

fn read_character<'t>(text: &'t str, bracket: &str) -> Result<(u32, &'t str), PatternError> {
    match text.chars().next() {
        None => Err(SyntaxError::MissingBracket.at(bracket)),
        Some('\\') => escape::read(text),
        Some(c) => Ok((u32::from(c), &text[c.len_utf8()..])),
    }
}

/// Reads a class escape such as `\d` or `\pL` at the start of a text, if one stands there.
pub(super) fn read_escaped(
    text: &str,
    case: Case,
) -> Result<Option<(ClassUnicode, &str)>, PatternError> {
    let Some(kind) = text.strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
        return Ok(None);
    };
    let members: &[(u32, u32)] = match kind {
        'p' | 'P' => return read_unicode(text, case).map(Some),
        'd' | 'D' => &[(0x30, 0x39)],
        's' | 'S' => &[(0x09, 0x0a), (0x0c, 0x0d), (0x20, 0x20)],
        'w' | 'W' => &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)],
        _ => return Ok(None),
    };
    let class = fold_and_negate(from_ranges(members), case, kind.is_ascii_uppercase());
    Ok(Some((class, &text[2..])))
}

/// Reads `\pN`, `\p{Name}`, `\p{^Name}` or the same with `\P`.
fn read_unicode(text: &str, case: Case) -> Result<(ClassUnicode, &str), PatternError> {
    let after = &text[2..];
    let (name, rest) = match after.chars().next() {
        Some('{') => match after.split_once('}') {
            Some((name, rest)) => (&name[1..], rest),
            None => return Err(SyntaxError::CharacterClassRange.at(text)),
        },
        Some(c) => after.split_at(c.len_utf8()),
        None => ("", ""),
    };
    let unknown = || SyntaxError::CharacterClassRange.at(&text[..text.len() - rest.len()]);
    let (inverted, name) = match name.strip_prefix('^') {
        Some(name) => (true, name),
        None => (false, name),
    };
    let class = by_name(name).ok_or_else(unknown)?;
    Ok((
        fold_and_negate(class, case, inverted != text.starts_with("\\P")),
        rest,
    ))
}

/// A general category or a script, however its name is cased, spaced and joined.
fn by_name(name: &str) -> Option<ClassUnicode> {
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .collect();
    // The crate regex-syntax also strips a prefix that Go does not know.
    let prefixed = plain
        .get(..2)
        .is_some_and(|start| start.eq_ignore_ascii_case("is"));
    if prefixed || plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    unicode::class(&format!(r"\p{{gc={plain}}}"))
        .or_else(|| unicode::class(&format!(r"\p{{sc={plain}}}")))
}

/// Reads `[:name:]` or `[:^name:]` at the start of a text, if it looks like one.
fn read_posix(text: &str, case: Case) -> Result<Option<(ClassUnicode, &str)>, PatternError> {
    let Some((name, rest)) = text
        .strip_prefix("[:")
        .and_then(|named| named.split_once(":]"))
    else {
        return Ok(None);
    };
    let (negated, plain) = match name.strip_prefix('^') {
        Some(plain) => (true, plain),
        None => (false, name),
    };
    let members = posix_members(plain)
        .ok_or_else(|| SyntaxError::CharacterClassRange.at(&text[..text.len() - rest.len()]))?;
    Ok(Some((
        fold_and_negate(from_ranges(members), case, negated),
        rest,
    )))
}

fn posix_members(name: &str) -> Option<&'static [(u32, u32)]> {
    Some(match name {
        "alnum" => &[(0x30, 0x39), (0x41, 0x5a), (0x61, 0x7a)],
        "alpha" => &[(0x41, 0x5a), (0x61, 0x7a)],
        "ascii" => &[(0x00, 0x7f)],
        "blank" => &[(0x09, 0x09), (0x20, 0x20)],
        "cntrl" => &[(0x00, 0x1f), (0x7f, 0x7f)],
        "digit" => &[(0x30, 0x39)],
        "graph" => &[(0x21, 0x7e)],
        "lower" => &[(0x61, 0x7a)],
        "print" => &[(0x20, 0x7e)],
        "punct" => &[(0x21, 0x2f), (0x3a, 0x40), (0x5b, 0x60), (0x7b, 0x7e)],
        "space" => &[(0x09, 0x0d), (0x20, 0x20)],
        "upper" => &[(0x41, 0x5a)],
        "word" => &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)],
        "xdigit" => &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
        _ => return None,
    })
}

/// The characters between two code points. Surrogates are no characters: none are left of a range of them.
pub(super) fn range(low: u32, high: u32) -> ClassUnicode {
    let low = char::from_u32(low).unwrap_or('\u{e000}');
    let high = char::from_u32(high).unwrap_or('\u{d7ff}');
    if low > high {
        return ClassUnicode::empty();
    }
    ClassUnicode::new([ClassUnicodeRange::new(low, high)])
}

fn from_ranges(ranges: &[(u32, u32)]) -> ClassUnicode {
    let mut class = ClassUnicode::empty();
    for (low, high) in ranges {
        class.union(&range(*low, *high));
    }
    class
}

fn fold_and_negate(class: ClassUnicode, case: Case, negated: bool) -> ClassUnicode {
    let mut class = fold(class, case);
    if negated {
        class.negate();
    }
    class
}

/// Adds the other cases of every member where case does not count.
pub(super) fn fold(mut class: ClassUnicode, case: Case) -> ClassUnicode {
    if case == Case::Insensitive {
        class
            .try_case_fold_simple()
            .expect("the tables of regex-syntax are compiled in");
    }
    class
}
