use std::cell::Cell;

use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::{ScanError, TScalarStyle};

use crate::finding::{Finding, Problem};
use crate::layout::{Container, Layout, Role, Scalar, Slot};
use crate::locate;
use crate::mask;
use crate::pieces::{Cutter, Kind, Misplaced};
use crate::source::Source;

/// The deepest nesting of collections that is followed.
const MAX_DEPTH: usize = 512;

/// The most text between two events of the parser: a scalar, a flow collection, a run of comments.
const MAX_STEP_BYTES: usize = 1024 * 1024;

/// The most scalars of a file. A bundle of CRDs of 5 MB has 200,000.
const MAX_VALUES: usize = 500_000;

/// Parses a file into its layout. One pass over the parser's events, without recursion; aliases are noted,
/// never followed.
pub(crate) fn layout(source: &Source<'_>) -> Result<Layout, Finding> {
    let mut masked = mask::mask(source);
    let failure = match walk(source, &masked) {
        Err(Stop::Parser(error)) => error,
        Err(Stop::Found(finding)) => return Err(finding),
        Ok(layout) => return Ok(layout),
    };
    let stopped_at = masked.get(failure.marker().index());
    if failure.info() == "invalid indentation" && matches!(stopped_at, Some(b']' | b'}' | b',')) {
        mask::join_closing_brackets(&mut masked);
        match walk(source, &masked) {
            Err(Stop::Parser(_)) => {}
            Err(Stop::Found(finding)) => return Err(finding),
            Ok(layout) => return Ok(layout),
        }
    }
    Err(unparsable(source, failure.marker().index(), failure.info()))
}

/// Why a walk ends early.
enum Stop {
    Parser(ScanError),
    Found(Finding),
}

fn walk(source: &Source<'_>, masked: &[u8]) -> Result<Layout, Stop> {
    let mut walk = Walk {
        source,
        cutter: Cutter::new(source),
        layout: Layout::default(),
        open: Vec::new(),
        anchors: 0,
        anchors_before: 0,
    };
    let budget = Cell::new(MAX_STEP_BYTES);
    let mut parser = Parser::new(mask::within(masked, &budget));
    loop {
        let step = parser.next_token();
        if budget.replace(MAX_STEP_BYTES) == 0 {
            let stopped_at = walk.cutter.cursor();
            return Err(Stop::Found(
                source.finding(stopped_at, Problem::TooLong(MAX_STEP_BYTES)),
            ));
        }
        let (event, mark) = step.map_err(Stop::Parser)?;
        if event == Event::StreamEnd {
            return walk.finish().map_err(Stop::Found);
        }
        walk.event(event, mark.index().min(masked.len()))
            .map_err(Stop::Found)?;
    }
}

/// A collection that is not closed yet.
struct Open {
    container: usize,
    is_block: bool,
    /// Whether the last node in it is a block collection.
    after_block: bool,
    expects: Expects,
}

/// What the next node of a collection is.
enum Expects {
    Key,
    /// The value of this key, if the key is a scalar with text.
    Value(Option<usize>),
    /// The item of this number.
    Item(usize),
}

struct Walk<'s, 'a> {
    source: &'s Source<'a>,
    cutter: Cutter<'s, 'a>,
    layout: Layout,
    open: Vec<Open>,
    /// Anchors seen so far, and those of earlier documents: an alias must not reach back to them.
    anchors: usize,
    anchors_before: usize,
}

impl Walk<'_, '_> {
    fn event(&mut self, event: Event, at: usize) -> Result<(), Finding> {
        match event {
            Event::DocumentStart => self.anchors_before = self.anchors,
            Event::Scalar(seen, style, anchor, tag) => {
                self.anchors = self.anchors.max(anchor);
                let slot = self.next_slot();
                if seen.is_empty() && style == TScalarStyle::Plain {
                    return Ok(());
                }
                self.refuse_unless_mapping(slot, at, is_null(&seen, style), "scalar")?;
                let written = Written {
                    seen,
                    style,
                    tag,
                    slot,
                };
                self.scalar(at, written)?;
            }
            Event::Alias(anchor) => {
                let slot = self.next_slot();
                self.refuse_unless_mapping(slot, at, false, "alias")?;
                if anchor <= self.anchors_before {
                    return Err(self.unparsable(at, "the alias names an unknown anchor"));
                }
                self.cut_to(at)?;
                let end = self.cutter.word_end(at);
                self.cutter.push(Kind::Alias, at..end);
            }
            Event::SequenceStart(anchor, _) => self.collection(at, anchor, false)?,
            Event::MappingStart(anchor, _) => self.collection(at, anchor, true)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Layout, Finding> {
        self.cut_to(self.source.text.len())?;
        self.layout.pieces = self.cutter.pieces;
        let directive = self
            .layout
            .pieces
            .iter()
            .find(|piece| piece.kind == Kind::Directive);
        match directive.map(|piece| piece.start) {
            None => Ok(self.layout),
            Some(at) => {
                let reason = "it has a % directive; remove the directive".to_owned();
                Err(self.source.finding(at, Problem::UnparsableFile(reason)))
            }
        }
    }

    /// The position of the node that begins now.
    fn next_slot(&mut self) -> Slot {
        let mut slot = Slot {
            role: Role::Root,
            container: None,
            key: None,
            index: 0,
            after_block: false,
        };
        let Some(open) = self.open.last_mut() else {
            return slot;
        };
        slot.container = Some(open.container);
        slot.after_block = std::mem::take(&mut open.after_block);
        (slot.role, open.expects) = match open.expects {
            Expects::Key => (Role::Key, Expects::Value(None)),
            Expects::Value(key) => {
                slot.key = key;
                (Role::Value, Expects::Key)
            }
            Expects::Item(index) => {
                slot.index = index;
                (Role::Item, Expects::Item(index + 1))
            }
        };
        if self.layout.containers[open.container].slot.role == Role::Key {
            slot.role = Role::Key;
        }
        slot
    }

    /// Flux skips a file as a whole when a document, or its `metadata`, is neither a mapping nor null.
    fn refuse_unless_mapping(
        &self,
        slot: Slot,
        at: usize,
        is_null: bool,
        what: &str,
    ) -> Result<(), Finding> {
        if is_null {
            return Ok(());
        }
        if slot.role == Role::Root {
            return Err(self.unparsable(at, &format!("the document is a {what}, not a mapping")));
        }
        if self.layout.is_in_document(slot) && self.layout.key_of(slot) == Some("metadata") {
            return Err(self.unparsable(at, &format!("metadata is a {what}, not a mapping")));
        }
        Ok(())
    }

    fn scalar(&mut self, at: usize, mut written: Written) -> Result<(), Finding> {
        let number = self.layout.scalars.len();
        if number >= MAX_VALUES {
            return Err(self.source.finding(at, Problem::TooManyValues(MAX_VALUES)));
        }
        let placed = if is_block(written.style) {
            locate::block(&mut self.cutter, number, at, &written.seen)
        } else {
            locate::token(&mut self.cutter, number, at, written.style, &written.seen)
        };
        let placed = placed.map_err(|Misplaced(at)| self.lost(at))?;
        if is_block(written.style) && placed.block.is_none() {
            // Readers differ on a block scalar without text: no value, or the line break of its header.
            written.seen.clear();
        }
        if written.slot.role == Role::Key
            && let Some(Expects::Value(key)) = self.open.last_mut().map(|open| &mut open.expects)
        {
            *key = Some(number);
        }
        self.layout.scalars.push(Scalar {
            seen: written.seen,
            style: written.style,
            token: placed.token,
            block: placed.block.map(Box::new),
            tag: written
                .tag
                .map(|tag| (tag.handle + &tag.suffix).into_boxed_str()),
            slot: written.slot,
            in_flow: self.cutter.in_flow(),
            piece: placed.piece,
        });
        self.layout.note_identity(self.source, number);
        Ok(())
    }

    fn collection(&mut self, at: usize, anchor: usize, is_mapping: bool) -> Result<(), Finding> {
        self.anchors = self.anchors.max(anchor);
        let slot = self.next_slot();
        if self.open.len() >= MAX_DEPTH {
            return Err(self.source.finding(at, Problem::TooDeep(MAX_DEPTH)));
        }
        self.refuse_unless_mapping(slot, at, is_mapping, "sequence")?;
        let (purpose, object) = self.layout.purpose(slot, is_mapping);
        let container = self.layout.containers.len();
        self.layout.containers.push(Container {
            slot,
            object,
            purpose,
        });
        self.open.push(Open {
            container,
            is_block: !matches!(self.source.text.as_bytes().get(at), Some(b'{' | b'[')),
            after_block: false,
            expects: if is_mapping {
                Expects::Key
            } else {
                Expects::Item(0)
            },
        });
        Ok(())
    }

    fn close(&mut self) {
        let closed = self.open.pop();
        if let (Some(closed), Some(around)) = (closed, self.open.last_mut()) {
            around.after_block = closed.is_block;
        }
    }

    fn cut_to(&mut self, at: usize) -> Result<(), Finding> {
        let cut = self.cutter.cut_to(at);
        cut.map_err(|Misplaced(at)| self.lost(at))
    }

    fn lost(&self, at: usize) -> Finding {
        let reason = match self.source.text.as_bytes().get(at) {
            Some(b'#') => "a comment needs a space before its #",
            _ => "text that is neither a value nor an indicator",
        };
        self.unparsable(at, reason)
    }

    fn unparsable(&self, at: usize, reason: &str) -> Finding {
        unparsable(self.source, at, reason)
    }
}

/// What the parser says of a scalar.
struct Written {
    seen: String,
    style: TScalarStyle,
    tag: Option<Tag>,
    slot: Slot,
}

fn unparsable(source: &Source<'_>, at: usize, reason: &str) -> Finding {
    source.finding(at, Problem::UnparsableFile(reason.to_owned()))
}

fn is_block(style: TScalarStyle) -> bool {
    matches!(style, TScalarStyle::Literal | TScalarStyle::Folded)
}

fn is_null(seen: &str, style: TScalarStyle) -> bool {
    style == TScalarStyle::Plain && matches!(seen, "~" | "null" | "Null" | "NULL")
}
