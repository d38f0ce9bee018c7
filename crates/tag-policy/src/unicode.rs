//! Questions about characters that the standard library answers differently from Go.

use regex_syntax::Parser;
use regex_syntax::hir::{Class, ClassUnicode, HirKind};

/// The class that a pattern of the crate `regex-syntax` stands for; `None` if it is no class.
pub(crate) fn class(pattern: &str) -> Option<ClassUnicode> {
    match Parser::new().parse(pattern).ok()?.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        // A class of one character is a literal to that crate.
        HirKind::Literal(literal) => {
            let only = std::str::from_utf8(&literal.0).ok()?.parse::<char>().ok()?;
            Some(ClassUnicode::new([
                regex_syntax::hir::ClassUnicodeRange::new(only, only),
            ]))
        }
        _ => None,
    }
}

/// Whether a character is a letter or a decimal digit, as Go's `unicode.IsLetter` and `IsDigit` say.
pub(crate) fn is_letter_or_digit(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        is_in(c, r"[\p{L}\p{Nd}]")
    }
}

/// Whether a character leaves ink, as Go's `strconv.IsPrint` says, the blank aside.
pub(crate) fn is_graphic(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_graphic()
    } else {
        is_in(c, r"[\p{L}\p{M}\p{N}\p{P}\p{S}]")
    }
}

fn is_in(c: char, pattern: &str) -> bool {
    class(pattern).is_some_and(|class| {
        class
            .iter()
            .any(|range| (range.start()..=range.end()).contains(&c))
    })
}
