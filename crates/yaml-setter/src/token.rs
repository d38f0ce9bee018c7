//! Where a scalar's token ends in the source, given where it starts and what it says, and its decoded value.
//!
//! The parser sees the text behind a [`crate::mask`]: so its positions are byte offsets, and the length of a
//! value is a number of bytes.

use std::ops::Range;

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::TScalarStyle;

use crate::mask::STAND_IN;

/// Where a plain or quoted scalar that starts at `start` ends; `None` if its text is not there.
pub(crate) fn end(text: &str, start: usize, style: TScalarStyle, value: &str) -> Option<usize> {
    let rest = text.as_bytes().get(start..)?;
    let length = match style {
        TScalarStyle::Plain => plain_length(rest, value.as_bytes()),
        TScalarStyle::SingleQuoted => single_quoted_length(rest),
        TScalarStyle::DoubleQuoted => double_quoted_length(rest),
        TScalarStyle::Literal | TScalarStyle::Folded => None,
    };
    length.map(|length| start + length)
}

/// Line folding changes the white space of a plain scalar and nothing else.
fn plain_length(rest: &[u8], value: &[u8]) -> Option<usize> {
    let same =
        |(seen, meant): (&u8, &u8)| seen == meant || (*meant == STAND_IN && !seen.is_ascii());
    if rest.get(..value.len())?.iter().zip(value).all(same) {
        return Some(value.len());
    }
    let mut at = 0;
    for meant in value.iter().filter(|byte| !is_white(**byte)) {
        at += rest.get(at..)?.iter().position(|byte| !is_white(*byte))?;
        if !same((rest.get(at)?, meant)) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn single_quoted_length(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr(b'\'', rest.get(at..)?)?;
        if rest.get(at + 1) != Some(&b'\'') {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn double_quoted_length(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', rest.get(at..)?)?;
        if rest.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The value of a scalar, given what the parser saw and the part of the source that it read.
pub(crate) fn decode(seen: &str, source: &str, style: TScalarStyle) -> String {
    let has_stand_in = seen.as_bytes().contains(&STAND_IN);
    if matches!(
        style,
        TScalarStyle::SingleQuoted | TScalarStyle::DoubleQuoted
    ) {
        // The mask may have changed white space, and an escape may stand for the stand-in's own character.
        let is_masked = has_stand_in || source.contains(['\t', '\n', '\r']);
        let alone = is_masked.then(|| parse_alone(source)).flatten();
        return alone.unwrap_or_else(|| seen.to_owned());
    }
    if !has_stand_in {
        return seen.to_owned();
    }
    let mut originals = source.bytes().filter(|byte| !byte.is_ascii());
    let restore = |byte| {
        if byte == STAND_IN {
            originals.next().unwrap_or(byte)
        } else {
            byte
        }
    };
    let bytes: Vec<u8> = seen.bytes().map(restore).collect();
    String::from_utf8(bytes).unwrap_or_else(|_| seen.to_owned())
}

fn parse_alone(token: &str) -> Option<String> {
    let mut parser = Parser::new_from_str(token);
    loop {
        match parser.next_token().ok()?.0 {
            Event::Scalar(value, ..) => return Some(value),
            Event::StreamEnd => return None,
            _ => {}
        }
    }
}

/// The lines of a block scalar: from its first line of text to the end of its last, without the line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockLines {
    /// From the line below the header, blank lines included.
    pub(crate) range: Range<usize>,
    /// Where the first line that is not blank has its first character behind the indentation.
    pub(crate) text: usize,
}
