//! Finds the text of the scalars that the parser tells of.

use std::ops::Range;

use yaml_rust2::scanner::TScalarStyle;

use crate::pieces::{Cutter, Kind, Misplaced};
use crate::source::Source;
use crate::token::{self, BlockLines};

/// Where a scalar stands.
pub(crate) struct Located {
    pub(crate) piece: usize,
    pub(crate) token: Range<usize>,
    pub(crate) block: Option<BlockLines>,
}

/// Finds a plain or quoted scalar, which starts at `at`, and cuts it out as scalar `number`.
pub(crate) fn token(
    cutter: &mut Cutter<'_, '_>,
    number: usize,
    at: usize,
    style: TScalarStyle,
    seen: &str,
) -> Result<Located, Misplaced> {
    cutter.cut_to(at)?;
    let end = token::end(cutter.source.text, at, style, seen).ok_or(Misplaced(at))?;
    let piece = cutter.pieces.len();
    cutter.push(Kind::Scalar(number), at..end);
    Ok(Located {
        piece,
        token: at..end,
        block: None,
    })
}

/// Finds a block scalar. The parser's position is that of its first line of text, behind the indentation, or
/// nothing of use when it has no text.
pub(crate) fn block(
    cutter: &mut Cutter<'_, '_>,
    number: usize,
    text_at: usize,
    seen: &str,
) -> Result<Located, Misplaced> {
    let source = cutter.source;
    let start = cutter.cut_to_block_header()?;
    let header = source.text.as_bytes().get(start + 1..).unwrap_or_default();
    let indicators = header
        .iter()
        .take_while(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9'))
        .count();
    let token = start..start + 1 + indicators;
    let piece = cutter.pieces.len();
    cutter.push(Kind::Scalar(number), token.clone());
    cutter.push_comment_of_line()?;
    let has_text = seen.bytes().any(|byte| byte != b'\n');
    let block = has_text.then(|| block_lines(source, token.end, text_at));
    if let Some(lines) = &block {
        cutter.push(Kind::BlockText, lines.text..lines.range.end);
    }
    Ok(Located {
        piece,
        token,
        block,
    })
}

/// The lines of a block scalar whose text starts at `text`, below a header at `header`.
fn block_lines(source: &Source<'_>, header: usize, text: usize) -> BlockLines {
    let below = next_line(source, source.line_end(header));
    let indent = text - source.line_start(text);
    let mut end = source.line_end(text);
    let mut line = next_line(source, end);
    while let Some(rest) = source.text.get(line..).filter(|rest| !rest.is_empty()) {
        let line_end = source.line_end(line);
        let indented = rest.bytes().take_while(|byte| *byte == b' ').count();
        // Blanks behind the indentation are text.
        let is_blank = line + indented == line_end && indented <= indent;
        if !is_blank && indented < indent {
            break;
        }
        if !is_blank {
            end = line_end;
        }
        line = next_line(source, line_end);
    }
    BlockLines {
        range: below..end,
        text,
    }
}

/// Where the line after the one that ends at `end` begins.
fn next_line(source: &Source<'_>, end: usize) -> usize {
    let rest = source.text.get(end..).unwrap_or_default();
    let length = match rest.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    };
    end + length
}
