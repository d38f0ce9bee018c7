//! Go's quoted texts and characters.

/// A text in double quotes with Go's escapes.
pub(crate) fn quote(text: &str) -> String {
    quote_with(text, false)
}

/// With `ascii`, everything beyond ASCII is escaped.
pub(super) fn quote_with(text: &str, ascii: bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        escape(c, '"', ascii, &mut quoted);
    }
    quoted.push('"');
    quoted
}

pub(super) fn quote_char(c: char, ascii: bool) -> String {
    let mut quoted = String::from("'");
    escape(c, '\'', ascii, &mut quoted);
    quoted.push('\'');
    quoted
}

fn escape(c: char, quote: char, ascii: bool, into: &mut String) {
    let code = u32::from(c);
    match c {
        '\\' => into.push_str("\\\\"),
        c if c == quote => into.extend(['\\', c]),
        '\u{7}' => into.push_str("\\a"),
        '\u{8}' => into.push_str("\\b"),
        '\u{c}' => into.push_str("\\f"),
        '\n' => into.push_str("\\n"),
        '\r' => into.push_str("\\r"),
        '\t' => into.push_str("\\t"),
        '\u{b}' => into.push_str("\\v"),
        c if c.is_ascii_graphic() || c == ' ' => into.push(c),
        c if !c.is_ascii() && !ascii && is_printable(c) => into.push(c),
        _ => {
            let escaped = match code {
                0..0x80 => format!("\\x{code:02x}"),
                0x80..0x1_0000 => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            };
            into.push_str(&escaped);
        }
    }
}

/// Whether Go prints the character as itself: letters, marks, numbers, punctuation, symbols, and the space.
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_control() || (c.is_whitespace() && c != ' ') {
        return false;
    }
    // What Rust escapes apart from quotes is unassigned, private, or a combining mark; the last do print.
    c.escape_debug().len() == 1 || matches!(c, '"' | '\'' | '\\') || is_mark(c)
}

fn is_mark(c: char) -> bool {
    // The blocks of combining marks: what follows a letter in a word.
    c.is_alphanumeric()
        || matches!(u32::from(c), 0x300..=0x36f | 0x483..=0x489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20f0 | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f)
}
