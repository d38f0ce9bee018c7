use std::cell::OnceCell;

use crate::finding::{Finding, Problem};
use crate::screen::{MAX_FILE_BYTES, is_utf16_with_token};

const BOM: &str = "\u{feff}";

/// The checked text of a file: UTF-8 of the characters YAML allows, without the leading byte order mark.
///
/// Positions are byte offsets into `text`; [`Source::in_file`] turns them into offsets into the file.
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    bom: usize,
    line_starts: OnceCell<Vec<usize>>,
}

impl<'a> Source<'a> {
    /// Checks size, encoding and characters.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Finding> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(whole_file(Problem::TooLarge(bytes.len())));
        }
        if is_utf16_with_token(bytes) {
            return Err(whole_file(Problem::NotUtf8));
        }
        let (valid, broken_at) = match str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                (
                    str::from_utf8(valid).unwrap_or_default(),
                    Some(error.valid_up_to()),
                )
            }
        };
        let text = valid.strip_prefix(BOM).unwrap_or(valid);
        let source = Source {
            text,
            bom: valid.len() - text.len(),
            line_starts: OnceCell::new(),
        };
        if broken_at.is_some() {
            return Err(source.finding(text.len(), Problem::NotUtf8));
        }
        match first_forbidden(text) {
            None => Ok(source),
            Some((at, character)) => {
                let reason = format!(
                    "the character U+{:04X} is not allowed in YAML",
                    u32::from(character)
                );
                Err(source.finding(at, Problem::UnparsableFile(reason)))
            }
        }
    }

    /// The offset into the file of an offset into the text.
    pub(crate) fn in_file(&self, at: usize) -> usize {
        self.bom + at
    }

    /// A finding at an offset into the text.
    pub(crate) fn finding(&self, at: usize, problem: Problem) -> Finding {
        let at = at.min(self.text.len());
        let line = self.line(at);
        let start = self
            .line_starts()
            .get(line - 1)
            .copied()
            .unwrap_or_default();
        let before = self.text.get(start..at).unwrap_or_default();
        Finding {
            line,
            column: before.chars().count() + 1,
            problem,
        }
    }

    /// The 1-based line of an offset into the text; LF, CRLF and CR end a line.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.line_starts().partition_point(|start| *start <= at)
    }

    /// The offset at which the line of `at` begins.
    pub(crate) fn line_start(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        memchr::memrchr2(b'\n', b'\r', before).map_or(0, |end| end + 1)
    }

    /// The offset at which the line of `at` ends, before its line break.
    pub(crate) fn line_end(&self, at: usize) -> usize {
        let after = self.text.as_bytes().get(at..).unwrap_or_default();
        memchr::memchr2(b'\n', b'\r', after).map_or(self.text.len(), |length| at + length)
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes);
            // The CR of a CRLF does not end the line, its LF does.
            let ends =
                breaks.filter(|at| !(bytes[*at] == b'\r' && bytes.get(at + 1) == Some(&b'\n')));
            std::iter::once(0).chain(ends.map(|at| at + 1)).collect()
        })
    }
}

fn first_forbidden(text: &str) -> Option<(usize, char)> {
    // Almost every file is plain ASCII, for which one look at the bytes is enough.
    let fine = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    if text.bytes().fold(true, |all, byte| all & fine(byte)) {
        return None;
    }
    text.char_indices()
        .find(|(_, character)| !is_allowed(*character))
}

/// yaml.v3 refuses the same characters, except that it takes a byte order mark after a `---` too.
fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' => true,
        '\0'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

fn whole_file(problem: Problem) -> Finding {
    Finding {
        line: 1,
        column: 1,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> Finding {
        Source::new(bytes).err().expect("the file is refused")
    }

    #[test]
    fn a_byte_order_mark_is_left_out_and_counted() {
        let source = Source::new("\u{feff}a: b".as_bytes()).expect("valid");
        assert_eq!(source.text, "a: b");
        assert_eq!(source.in_file(0), 3);
    }

    #[test]
    fn every_kind_of_line_break_ends_a_line() {
        let source = Source::new(b"a\nb\r\nc\rd").expect("valid");
        let lines: Vec<usize> = (0..8).map(|at| source.line(at)).collect();
        assert_eq!(lines, [1, 1, 2, 2, 2, 3, 3, 4]);
    }

    #[test]
    fn columns_count_characters() {
        let source = Source::new("x\né日: b".as_bytes()).expect("valid");
        let finding = source.finding("x\né日".len(), Problem::NotUtf8);
        assert_eq!((finding.line, finding.column), (2, 3));
    }

    #[test]
    fn the_first_broken_byte_is_named() {
        let finding = refused(b"a: b\nc: \xff");
        assert_eq!((finding.line, finding.column), (2, 4));
        assert_eq!(finding.problem, Problem::NotUtf8);
    }

    #[test]
    fn control_characters_are_refused() {
        for text in [
            "a: \0",
            "a: \u{7f}",
            "a: \u{9b}",
            "a: \u{feff}",
            "a: \u{1b}",
        ] {
            assert_eq!(
                refused(text.as_bytes()).problem.rule(),
                "unparsable-file",
                "{text:?}"
            );
        }
        assert!(Source::new("a: \u{85}é😀\t\r\n".as_bytes()).is_ok());
    }

    #[test]
    fn a_file_above_the_bound_is_refused() {
        let bytes = vec![b' '; MAX_FILE_BYTES + 1];
        assert_eq!(
            refused(&bytes).problem,
            Problem::TooLarge(MAX_FILE_BYTES + 1)
        );
    }
}
