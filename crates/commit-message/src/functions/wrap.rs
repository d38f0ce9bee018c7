//! Wraps lines.

use super::text::cut;
use crate::go::fault::Text;
use crate::go::function::{Call, Outcome, finished};

/// `wrap width text`: breaks at spaces; longer words stay whole.
pub(super) fn wrap(call: &mut Call<'_>) -> Outcome {
    wrapped(call.text(1)?, call.int(0)?, "\n", false)
}

/// `wrapWith width separator text`: also breaks words.
pub(super) fn wrap_with(call: &mut Call<'_>) -> Outcome {
    wrapped(call.text(2)?, call.int(0)?, call.text(1)?, true)
}

fn wrapped(text: &str, width: i64, separator: &str, breaks_words: bool) -> Outcome {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let separator = if separator.is_empty() {
        "\n"
    } else {
        separator
    };
    let bytes = text.as_bytes();
    let mut out = Text::new();
    let mut offset = 0;
    while bytes.len() - offset > width {
        if bytes[offset] == b' ' {
            offset += 1;
            continue;
        }
        // The line may end at a space just behind its last column.
        let last_space = bytes[offset..=offset + width]
            .iter()
            .rposition(|byte| *byte == b' ');
        let next_space = || {
            bytes[offset + width..]
                .iter()
                .position(|byte| *byte == b' ')
                .map(|found| found + width)
        };
        let (length, skipped) = match last_space {
            Some(length) => (length, 1),
            None if breaks_words => (width, 0),
            None => match next_space() {
                Some(length) => (length, 1),
                None => break,
            },
        };
        out.push_str(&cut(text, offset, offset + length))?;
        out.push_str(separator)?;
        offset += length + skipped;
    }
    out.push_str(&cut(text, offset, bytes.len()))?;
    Ok(finished(out))
}
