//! The bytes that make a marked scalar say something else.

use std::ops::Range;

use yaml_rust2::scanner::TScalarStyle;

use crate::layout::Scalar;
use crate::plain::{is_plain_string, is_printable};
use crate::source::Source;

/// The part of the source to replace, and the text to put there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

/// Whether the scalar says this already. The line break that ends a block scalar is style, not value.
pub(crate) fn says(style: TScalarStyle, value: &str, wanted: &str) -> bool {
    match style {
        TScalarStyle::Literal | TScalarStyle::Folded => value.trim_end_matches('\n') == wanted,
        _ => value == wanted,
    }
}

/// Writes a value in the style of the scalar it replaces.
pub(crate) fn replacement(source: &Source<'_>, scalar: &Scalar, value: &str) -> Replacement {
    let text = match scalar.style {
        TScalarStyle::Literal | TScalarStyle::Folded => {
            return block_replacement(source, scalar, value);
        }
        TScalarStyle::Plain if is_plain_string(value, scalar.in_flow) => value.to_owned(),
        TScalarStyle::SingleQuoted if value.chars().all(is_printable) => single_quoted(value),
        _ => double_quoted(value),
    };
    Replacement {
        range: scalar.token.clone(),
        text,
    }
}

/// Puts the value in place of a block scalar's lines. A value that cannot stand there makes the scalar a
/// quoted one: its lines go, what is behind its header on the same line stays.
fn block_replacement(source: &Source<'_>, scalar: &Scalar, value: &str) -> Replacement {
    let lines = scalar.block.as_deref();
    if let Some(lines) = lines.filter(|_| is_block_line(value)) {
        let indent = source
            .text
            .get(source.line_start(lines.text)..lines.text)
            .unwrap_or_default();
        let keeps_indent = lines.range.start == source.line_start(lines.text);
        return Replacement {
            range: if keeps_indent {
                lines.text..lines.range.end
            } else {
                lines.range.clone()
            },
            text: if keeps_indent {
                value.to_owned()
            } else {
                format!("{indent}{value}")
            },
        };
    }
    let new = if is_plain_string(value, false) {
        value.to_owned()
    } else {
        double_quoted(value)
    };
    let header = scalar.token.clone();
    match lines {
        None => Replacement {
            range: header,
            text: new,
        },
        Some(lines) => {
            let behind = source
                .text
                .get(header.end..source.line_end(header.end))
                .unwrap_or_default();
            Replacement {
                range: header.start..lines.range.end,
                text: new + behind,
            }
        }
    }
}

/// Whether the value can be the one line of a block scalar.
fn is_block_line(value: &str) -> bool {
    !value.is_empty() && !value.starts_with(' ') && value.chars().all(is_printable)
}

fn single_quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn double_quoted(value: &str) -> String {
    let escaped: String = value.chars().map(escaped).collect();
    format!("\"{escaped}\"")
}

fn escaped(character: char) -> String {
    match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        _ if is_printable(character) => character.to_string(),
        _ => format!("\\u{:04x}", u32::from(character)),
    }
}

#[cfg(test)]
mod tests;
