//! Texts as Go prints them, for messages that equal Flux's.

use std::fmt::Write as _;

use crate::unicode;

/// A text in double quotes as Go's verb `%q` prints it.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            '\x0b' => quoted.push_str("\\v"),
            '\x0c' => quoted.push_str("\\f"),
            '\r' => quoted.push_str("\\r"),
            ' ' => quoted.push(' '),
            _ if unicode::is_graphic(c) => quoted.push(c),
            _ => push_escape(&mut quoted, c),
        }
    }
    quoted.push('"');
    quoted
}

fn push_escape(text: &mut String, c: char) {
    let code = u32::from(c);
    let written = match code {
        0..=0x7f => write!(text, "\\x{code:02x}"),
        0x80..=0xffff => write!(text, "\\u{code:04x}"),
        _ => write!(text, "\\U{code:08x}"),
    };
    written.expect("writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quotes_are_those_of_go() {
        let table = [
            ("1.0.0 ", r#""1.0.0 ""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\t\n\r\x07\x08\x0b\x0c", r#""\t\n\r\a\b\v\f""#),
            ("\0\x7f", r#""\x00\x7f""#),
            ("é✓\u{a0}\u{200b}\u{e0001}", r#""é✓\u00a0\u200b\U000e0001""#),
        ];
        for (text, quoted) in table {
            assert_eq!(quote(text), quoted);
        }
    }
}
