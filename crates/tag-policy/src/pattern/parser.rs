//! From the text of a pattern to the syntax tree of the crate `regex-syntax`.
//!
//! The grammar is that of Go's `regexp/syntax` with its Perl extensions. Flags are resolved here, so the
//! tree says everything: what Go and the engine read differently never reaches the engine as text.

use regex_syntax::hir::{Capture, Class, Dot, Hir, Look, Repetition};

use super::class::{self, Case};
use super::error::{PatternError, SyntaxError};
use super::escape;
use super::repetition::{Counts, MAX_COUNT};

/// Most groups within each other. The engine compiles recursively.
pub(super) const MAX_DEPTH: usize = 32;

/// A parsed pattern.
pub(super) struct Parsed {
    pub(super) hir: Hir,
    /// The name of each capture group; group 0 is the whole match.
    pub(super) group_names: Vec<Option<String>>,
}

/// What `(?imsU)` switches.
#[derive(Clone, Copy)]
struct Flags {
    case: Case,
    multi_line: bool,
    dot_all: bool,
    swap_greed: bool,
}

/// A part of the tree, with the greatest product of repeat counts within it.
struct Node {
    hir: Hir,
    counts: u32,
}

/// A group that is still open, or the pattern as a whole.
struct Frame {
    /// The number of a capturing group.
    capture: Option<u32>,
    flags_outside: Flags,
    alternatives: Vec<Node>,
    sequence: Vec<Node>,
}

struct Parser<'p> {
    pattern: &'p str,
    rest: &'p str,
    flags: Flags,
    /// The group that is being read.
    frame: Frame,
    /// The groups around it, outermost first.
    outer: Vec<Frame>,
    group_names: Vec<Option<String>>,
}

/// Parses a pattern.
pub(super) fn parse(pattern: &str) -> Result<Parsed, PatternError> {
    let flags = Flags {
        case: Case::Sensitive,
        multi_line: false,
        dot_all: false,
        swap_greed: false,
    };
    let mut parser = Parser {
        pattern,
        rest: pattern,
        flags,
        frame: Frame::new(None, flags),
        outer: Vec::new(),
        group_names: vec![None],
    };
    parser.run()?;
    Ok(Parsed {
        hir: parser.frame.finish().hir,
        group_names: parser.group_names,
    })
}

impl<'p> Parser<'p> {
    fn run(&mut self) -> Result<(), PatternError> {
        // The text from the repetition on that ended just before: repeating it again is an error.
        let mut previous = None;
        while let Some(c) = self.rest.chars().next() {
            let start = self.rest;
            if let Some((counts, after)) = read_repetition(start)? {
                self.repeat(counts, after, previous)?;
                previous = Some(start);
            } else {
                self.element(c)?;
                previous = None;
            }
        }
        if self.outer.is_empty() {
            Ok(())
        } else {
            Err(SyntaxError::MissingParenthesis.at(self.pattern))
        }
    }

    /// Repeats the element before; `after` is what follows the counts.
    fn repeat(
        &mut self,
        counts: Counts,
        after: &'p str,
        previous: Option<&str>,
    ) -> Result<(), PatternError> {
        let (lazy, rest) = match after.strip_prefix('?') {
            Some(rest) => (true, rest),
            None => (false, after),
        };
        if let Some(previous) = previous {
            return Err(SyntaxError::NestedRepetition.at(up_to(previous, rest)));
        }
        let written = up_to(self.rest, rest);
        let node = self.frame.sequence.pop();
        let node = node.ok_or_else(|| SyntaxError::MissingRepetitionArgument.at(written))?;
        let product = counts.times(node.counts);
        if counts.multiply() && product > MAX_COUNT {
            return Err(SyntaxError::RepeatCount.at(written));
        }
        let hir = Hir::repetition(Repetition {
            min: counts.min,
            max: counts.max,
            greedy: lazy == self.flags.swap_greed,
            sub: Box::new(node.hir),
        });
        self.frame.sequence.push(Node {
            hir,
            counts: product,
        });
        self.rest = rest;
        Ok(())
    }

    /// Reads whatever is no repetition.
    fn element(&mut self, c: char) -> Result<(), PatternError> {
        let after = &self.rest[c.len_utf8()..];
        match c {
            '(' => return self.open(),
            ')' => return self.close(after),
            '[' => {
                let (class, rest) = class::read_bracketed(self.rest, self.flags.case)?;
                self.rest = rest;
                self.frame.push(Hir::class(Class::Unicode(class)));
                return Ok(());
            }
            '\\' => return self.escape(),
            '|' => self.frame.next_alternative(),
            '^' => self.frame.push(Hir::look(if self.flags.multi_line {
                Look::StartLF
            } else {
                Look::Start
            })),
            '$' => self.frame.push(Hir::look(if self.flags.multi_line {
                Look::EndLF
            } else {
                Look::End
            })),
            '.' => self.frame.push(Hir::dot(if self.flags.dot_all {
                Dot::AnyChar
            } else {
                Dot::AnyCharExceptLF
            })),
            _ => self.literal(u32::from(c)),
        }
        self.rest = after;
        Ok(())
    }

    /// A character that stands for itself. A surrogate is no character: nothing matches it.
    fn literal(&mut self, code: u32) {
        let class = class::fold(class::range(code, code), self.flags.case);
        self.frame.push(Hir::class(Class::Unicode(class)));
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        let kind = self.rest[1..].chars().next();
        let after = self.rest.get(2..).unwrap_or("");
        let look = match kind {
            Some('A') => Look::Start,
            Some('z') => Look::End,
            Some('b') => Look::WordAscii,
            Some('B') => Look::WordAsciiNegate,
            Some('Q') => {
                let (quoted, rest) = after.split_once(r"\E").unwrap_or((after, ""));
                quoted.chars().for_each(|c| self.literal(u32::from(c)));
                self.rest = rest;
                return Ok(());
            }
            _ => return self.character_escape(),
        };
        self.frame.push(Hir::look(look));
        self.rest = after;
        Ok(())
    }

    fn character_escape(&mut self) -> Result<(), PatternError> {
        if let Some((class, rest)) = class::read_escaped(self.rest, self.flags.case)? {
            self.frame.push(Hir::class(Class::Unicode(class)));
            self.rest = rest;
        } else {
            let (code, rest) = escape::read(self.rest)?;
            self.literal(code);
            self.rest = rest;
        }
        Ok(())
    }

    /// Reads `(`, `(?P<name>`, `(?<name>`, `(?flags:` or `(?flags)`.
    fn open(&mut self) -> Result<(), PatternError> {
        let Some(extension) = self.rest.strip_prefix("(?") else {
            self.rest = &self.rest[1..];
            return self.open_capture(None);
        };
        let named = extension
            .strip_prefix("P<")
            .or_else(|| extension.strip_prefix('<'));
        match named {
            Some(named) if !named.is_empty() => self.open_named(named),
            _ => self.open_flags(extension),
        }
    }

    fn open_named(&mut self, named: &'p str) -> Result<(), PatternError> {
        let (name, rest) = named
            .split_once('>')
            .ok_or_else(|| SyntaxError::NamedCapture.at(self.rest))?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(SyntaxError::NamedCapture.at(up_to(self.rest, rest)));
        }
        self.rest = rest;
        self.open_capture(Some(name))
    }

    fn open_capture(&mut self, name: Option<&str>) -> Result<(), PatternError> {
        // A pattern is shorter than 2^32 bytes, and so is the number of its groups.
        let index = u32::try_from(self.group_names.len()).map_err(|_| PatternError::TooLong)?;
        self.group_names.push(name.map(str::to_owned));
        self.open_frame(Some(index))
    }

    fn open_frame(&mut self, capture: Option<u32>) -> Result<(), PatternError> {
        if self.outer.len() == MAX_DEPTH {
            return Err(PatternError::TooDeep);
        }
        let outside = std::mem::replace(&mut self.frame, Frame::new(capture, self.flags));
        self.outer.push(outside);
        Ok(())
    }

    /// Reads `imsU-imsU` up to `)`, which ends it, or `:`, which starts a group that does not capture.
    fn open_flags(&mut self, written: &'p str) -> Result<(), PatternError> {
        let mut flags = self.flags;
        let mut on = true;
        // Whether a flag was seen since the dash; one must follow it.
        let mut complete = true;
        let mut rest = written.chars();
        loop {
            match rest.next() {
                Some('i') => {
                    flags.case = if on {
                        Case::Insensitive
                    } else {
                        Case::Sensitive
                    }
                }
                Some('m') => flags.multi_line = on,
                Some('s') => flags.dot_all = on,
                Some('U') => flags.swap_greed = on,
                Some('-') if on => {
                    (on, complete) = (false, false);
                    continue;
                }
                Some(end @ (':' | ')')) if complete => {
                    self.rest = rest.as_str();
                    if end == ':' {
                        self.open_frame(None)?;
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => return Err(SyntaxError::PerlSyntax.at(up_to(self.rest, rest.as_str()))),
            }
            complete = true;
        }
    }

    fn close(&mut self, after: &'p str) -> Result<(), PatternError> {
        let outside = self
            .outer
            .pop()
            .ok_or_else(|| SyntaxError::UnexpectedParenthesis.at(self.pattern))?;
        let inside = std::mem::replace(&mut self.frame, outside);
        self.flags = inside.flags_outside;
        let capture = inside.capture;
        let Node { hir, counts } = inside.finish();
        let hir = match capture {
            Some(index) => Hir::capture(Capture {
                index,
                name: None,
                sub: Box::new(hir),
            }),
            None => hir,
        };
        self.frame.sequence.push(Node { hir, counts });
        self.rest = after;
        Ok(())
    }
}

impl Frame {
    fn new(capture: Option<u32>, flags_outside: Flags) -> Self {
        Self {
            capture,
            flags_outside,
            alternatives: Vec::new(),
            sequence: Vec::new(),
        }
    }

    fn push(&mut self, hir: Hir) {
        self.sequence.push(Node { hir, counts: 1 });
    }

    fn next_alternative(&mut self) {
        let sequence = Node::join(std::mem::take(&mut self.sequence), Hir::concat);
        self.alternatives.push(sequence);
    }

    fn finish(mut self) -> Node {
        self.next_alternative();
        Node::join(self.alternatives, Hir::alternation)
    }
}

impl Node {
    fn join(nodes: Vec<Self>, join: impl FnOnce(Vec<Hir>) -> Hir) -> Self {
        let counts = nodes.iter().map(|node| node.counts).max().unwrap_or(1);
        Self {
            hir: join(nodes.into_iter().map(|node| node.hir).collect()),
            counts,
        }
    }
}

/// Reads `*`, `+`, `?` or counts in braces, if the text starts with one; a lazy mark is not part of it.
fn read_repetition(text: &str) -> Result<Option<(Counts, &str)>, PatternError> {
    let counts = match text.as_bytes().first() {
        Some(b'*') => Counts { min: 0, max: None },
        Some(b'+') => Counts { min: 1, max: None },
        Some(b'?') => Counts {
            min: 0,
            max: Some(1),
        },
        Some(b'{') => {
            return match Counts::read(text) {
                Some((counts, rest)) if !counts.are_valid() => {
                    Err(SyntaxError::RepeatCount.at(up_to(text, rest)))
                }
                read => Ok(read),
            };
        }
        _ => return Ok(None),
    };
    Ok(Some((counts, &text[1..])))
}

/// The start of a text, up to a rest of it.
fn up_to<'t>(text: &'t str, rest: &str) -> &'t str {
    &text[..text.len() - rest.len()]
}
