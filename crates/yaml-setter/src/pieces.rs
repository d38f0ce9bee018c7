use std::ops::Range;

use crate::source::Source;

/// A stretch of the source text. White space is what lies between the pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A scalar, by its index in the layout; of a block scalar the header without its comment.
    Scalar(usize),
    /// The lines of a block scalar.
    BlockText,
    Alias,
    Anchor,
    Tag,
    Comment,
    /// `-`
    Dash,
    /// `?`
    Question,
    /// `:`
    Colon,
    Comma,
    /// `[` or `{`
    Open,
    /// `]` or `}`
    Close,
    /// `---` or `...`
    Separator,
    /// A `%` line.
    Directive,
}

/// The offset of a character that has no place between two scalars.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misplaced(pub(crate) usize);

/// Cuts the text between scalars into pieces. The parser says where the scalars are; this finds what its
/// events do not tell: comments, anchors, tags, indicators.
pub(crate) struct Cutter<'s, 'a> {
    pub(crate) source: &'s Source<'a>,
    pub(crate) pieces: Vec<Piece>,
    cursor: usize,
    flow_depth: usize,
}

impl<'s, 'a> Cutter<'s, 'a> {
    pub(crate) fn new(source: &'s Source<'a>) -> Self {
        Cutter {
            source,
            pieces: Vec::new(),
            cursor: 0,
            flow_depth: 0,
        }
    }

    /// Where the last piece ends.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether the cursor is inside a flow collection.
    pub(crate) fn in_flow(&self) -> bool {
        self.flow_depth > 0
    }

    /// Cuts everything up to `to`.
    pub(crate) fn cut_to(&mut self, to: usize) -> Result<(), Misplaced> {
        while let Some(at) = self.skip_white_space(to) {
            self.cut_one(at)?;
        }
        if self.cursor > to {
            Err(Misplaced(to))
        } else {
            Ok(())
        }
    }

    /// Cuts everything up to the header of a block scalar, and returns where that begins.
    pub(crate) fn cut_to_block_header(&mut self) -> Result<usize, Misplaced> {
        let end = self.source.text.len();
        while let Some(at) = self.skip_white_space(end) {
            if matches!(self.byte(at), Some(b'|' | b'>')) {
                return Ok(at);
            }
            self.cut_one(at)?;
        }
        Err(Misplaced(end))
    }

    /// Adds a piece and moves behind it.
    pub(crate) fn push(&mut self, kind: Kind, range: Range<usize>) {
        self.cursor = range.end;
        self.pieces.push(Piece {
            kind,
            start: range.start,
            end: range.end,
        });
    }

    /// Adds the comment that follows on this line, if there is one.
    pub(crate) fn push_comment_of_line(&mut self) -> Result<(), Misplaced> {
        let end = self.source.line_end(self.cursor);
        self.cut_to(end)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.source.text.as_bytes().get(at).copied()
    }

    /// Moves to the next piece before `to`.
    fn skip_white_space(&mut self, to: usize) -> Option<usize> {
        let gap = self.source.text.as_bytes().get(self.cursor..to)?;
        let blanks = gap
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.cursor += blanks.unwrap_or(gap.len());
        blanks.map(|_| self.cursor)
    }

    fn cut_one(&mut self, at: usize) -> Result<(), Misplaced> {
        let before = at.checked_sub(1).and_then(|at| self.byte(at));
        let at_line_start = matches!(before, None | Some(b'\n' | b'\r'));
        let spaced = at_line_start || matches!(before, Some(b' ' | b'\t'));
        let (kind, end) = match self.byte(at) {
            Some(b'#') if spaced => (Kind::Comment, self.source.line_end(at)),
            Some(b'%') if at_line_start => (Kind::Directive, self.source.line_end(at)),
            Some(b'-' | b'.') if at_line_start && self.is_separator(at) => {
                (Kind::Separator, at + 3)
            }
            Some(b'-') => (Kind::Dash, at + 1),
            Some(b'?') => (Kind::Question, at + 1),
            Some(b':') => (Kind::Colon, at + 1),
            Some(b',') => (Kind::Comma, at + 1),
            Some(b'[' | b'{') => (Kind::Open, at + 1),
            Some(b']' | b'}') => (Kind::Close, at + 1),
            Some(b'&') => (Kind::Anchor, self.word_end(at)),
            Some(b'!') => (Kind::Tag, self.tag_end(at)),
            _ => return Err(Misplaced(at)),
        };
        match kind {
            Kind::Open => self.flow_depth += 1,
            Kind::Close => self.flow_depth = self.flow_depth.saturating_sub(1),
            _ => {}
        }
        self.push(kind, at..end);
        Ok(())
    }

    fn is_separator(&self, at: usize) -> bool {
        let marker = self.source.text.get(at..at + 3);
        let after = self.byte(at + 3);
        matches!(marker, Some("---" | "..."))
            && matches!(after, None | Some(b' ' | b'\t' | b'\n' | b'\r'))
    }

    /// Where an anchor, alias or short tag ends: at white space or an indicator of a flow collection.
    pub(crate) fn word_end(&self, at: usize) -> usize {
        let rest = self.source.text.as_bytes().get(at..).unwrap_or_default();
        let ends = |byte: &u8| {
            matches!(
                byte,
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b'[' | b']' | b'{' | b'}'
            )
        };
        rest.iter()
            .position(ends)
            .map_or(self.source.text.len(), |length| at + length)
    }

    fn tag_end(&self, at: usize) -> usize {
        let rest = self.source.text.as_bytes().get(at..).unwrap_or_default();
        match rest
            .starts_with(b"!<")
            .then(|| memchr::memchr(b'>', rest))
            .flatten()
        {
            Some(length) => at + length + 1,
            None => self.word_end(at),
        }
    }
}
