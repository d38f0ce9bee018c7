//! The text as the parser is to see it: byte for byte as long as the source, so that positions carry over.

use std::cell::Cell;

use crate::source::Source;

/// What stands for a byte that is not ASCII: a character that YAML gives no meaning, and that no source
/// contains. The parser counts characters in one place and bytes in another; this way both are the same.
pub(crate) const STAND_IN: u8 = 0x7f;

/// Masks the source: one byte of ASCII for each byte.
///
/// A tab directly behind a colon becomes a space: YAML allows it before any value, the parser does not.
pub(crate) fn mask(source: &Source<'_>) -> Vec<u8> {
    let text = source.text.as_bytes();
    let mut masked: Vec<u8> = text
        .iter()
        .map(|byte| if byte.is_ascii() { *byte } else { STAND_IN })
        .collect();
    for tab in memchr::memchr_iter(b'\t', text) {
        if let Some([b':', shown]) = masked.get_mut(tab.saturating_sub(1)..=tab) {
            *shown = b' ';
        }
    }
    masked
}

/// Hands the masked text to the parser, which holds back what may still turn out to be a key: all of a flow
/// collection. The text ends once `budget` is used up, so that no input fills the memory.
pub(crate) fn within<'m>(
    masked: &'m [u8],
    budget: &'m Cell<usize>,
) -> impl Iterator<Item = char> + 'm {
    let shown = masked.iter().copied().map(char::from);
    shown.take_while(|_| {
        let left = budget.get().checked_sub(1);
        budget.set(left.unwrap_or_default());
        left.is_some()
    })
}

/// Joins each line that begins with a closing bracket or a comma to the line above, comments and blank lines between
/// them dropped.
///
/// By the letter of YAML a bracket must be indented further than the key of its collection; nobody keeps to
/// that, and no other reader asks for it:
///
/// ```yaml
/// args: [
///   "--debug"
/// ]
/// ```
pub(crate) fn join_closing_brackets(masked: &mut [u8]) {
    let mut content_end = None;
    let mut line_start = 0;
    while line_start < masked.len() {
        let rest = masked.get(line_start..).unwrap_or_default();
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        let indent = line
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let first = line.get(indent).copied();
        let line_content = line_start + content_length(line);
        if let (Some(b']' | b'}' | b','), Some(end)) = (first, content_end) {
            masked
                .get_mut(end..line_start + indent)
                .unwrap_or_default()
                .fill(b' ');
        }
        if !matches!(first, None | Some(b'#')) {
            content_end = Some(line_content).filter(|end| !ends_in_block_header(masked, *end));
        }
        line_start += length + 1;
    }
}

/// How much of a line is left without its comment, for a line that begins outside of quotes.
fn content_length(line: &[u8]) -> usize {
    let mut quote = None;
    let mut before = b' ';
    let mut bytes = line.iter().copied().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(b'"'), b'\\') => {
                bytes.next();
            }
            (Some(open), _) if open == byte => quote = None,
            (None, b'#') if matches!(before, b' ' | b'\t') => return at,
            // An apostrophe inside a word quotes nothing; behind a quote it is the second of a pair.
            (None, b'"' | b'\'') if byte == before || b" \t[{,:".contains(&before) => {
                quote = Some(byte);
            }
            _ => {}
        }
        before = byte;
    }
    line.len()
}

/// Whether the text up to `end` ends like `key: |-`: what follows is text, whatever it looks like.
fn ends_in_block_header(masked: &[u8], end: usize) -> bool {
    let before = masked.get(..end).unwrap_or_default().trim_ascii_end();
    let indicators = before
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9'))
        .count();
    let header = before.len().checked_sub(indicators + 1);
    header.is_some_and(|header| matches!(before.get(header), Some(b'|' | b'>')))
}

#[cfg(test)]
mod tests;
