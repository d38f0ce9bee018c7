//! A shortcut for the patterns that most filters are: anchored on both sides, one piece after the other.
//!
//! `^main-[a-f0-9]+-(?P<ts>[0-9]+)$` can match a text in one way only: wherever a run of characters may
//! end, the next character decides whether it does. Such a pattern needs no automaton. What is not
//! provably of this kind is left to the engine.

use regex_automata::util::primitives::NonMaxUsize;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::Slots;

/// A pattern that is a chain of pieces, each of which ends where the text says.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    /// Stores the position: a group starts or ends.
    Mark {
        slot: usize,
    },
    Literal(Box<[u8]>),
    /// As many bytes of a set as there are, within limits.
    Run {
        set: ByteSet,
        min: usize,
        max: usize,
    },
}

/// Which of the 256 bytes are members; only ASCII ever is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ByteSet(Box<[bool; 256]>);

impl Chain {
    /// The chain that matches exactly what the pattern matches, with the same groups, if there is one.
    pub(super) fn new(pattern: &Hir) -> Option<Self> {
        let HirKind::Concat(pieces) = pattern.kind() else {
            return None;
        };
        let [first, middle @ .., last] = pieces.as_slice() else {
            return None;
        };
        if !is_look(first, Look::Start) || !is_look(last, Look::End) {
            return None;
        }
        let mut steps = Vec::new();
        middle
            .iter()
            .try_for_each(|piece| add_steps(piece, &mut steps))?;
        let decided =
            (0..steps.len()).all(|at| ends_where_the_text_says(&steps[at], &steps[at + 1..]));
        decided.then_some(Self { steps })
    }

    /// Matches a text; fills the slots if it does, and may spoil them if not.
    pub(super) fn find(&self, text: &[u8], slots: &mut Slots) -> bool {
        let mut at = 0;
        for step in &self.steps {
            let rest = &text[at..];
            match step {
                Step::Mark { slot } => set(slots, *slot, at),
                Step::Literal(literal) if rest.starts_with(literal) => at += literal.len(),
                Step::Literal(_) => return false,
                Step::Run { set, min, max } => {
                    let length = rest
                        .iter()
                        .take(*max)
                        .take_while(|byte| set.contains(**byte))
                        .count();
                    if length < *min {
                        return false;
                    }
                    at += length;
                }
            }
        }
        set(slots, 0, 0);
        set(slots, 1, at);
        at == text.len()
    }
}

fn set(slots: &mut Slots, slot: usize, at: usize) {
    if let Some(slot) = slots.get_mut(slot) {
        *slot = NonMaxUsize::new(at);
    }
}

fn is_look(piece: &Hir, look: Look) -> bool {
    matches!(piece.kind(), HirKind::Look(found) if *found == look)
}

/// Appends the steps of a piece; `None` if it is not made of literals, runs and groups of them.
fn add_steps(piece: &Hir, steps: &mut Vec<Step>) -> Option<()> {
    match piece.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => steps.push(Step::Literal(literal.0.clone())),
        HirKind::Class(_) => steps.push(Step::Run {
            set: ByteSet::of(piece)?,
            min: 1,
            max: 1,
        }),
        HirKind::Repetition(Repetition { min, max, sub, .. }) => steps.push(Step::Run {
            set: ByteSet::of(sub)?,
            min: usize::try_from(*min).ok()?,
            max: max.map_or(Some(usize::MAX), |max| usize::try_from(max).ok())?,
        }),
        HirKind::Capture(capture) => {
            let slot = 2 * usize::try_from(capture.index).ok()?;
            steps.push(Step::Mark { slot });
            add_steps(&capture.sub, steps)?;
            steps.push(Step::Mark { slot: slot + 1 });
        }
        HirKind::Concat(pieces) => pieces
            .iter()
            .try_for_each(|piece| add_steps(piece, steps))?,
        HirKind::Look(_) | HirKind::Alternation(_) => return None,
    }
    Some(())
}

/// Whether nothing that may follow a run starts with a byte that would continue it. Then every match takes
/// all of the run, lazy or not.
fn ends_where_the_text_says(step: &Step, following: &[Step]) -> bool {
    let Step::Run { set, min, max } = step else {
        return true;
    };
    if min == max {
        return true;
    }
    for next in following {
        match next {
            Step::Mark { .. } => {}
            Step::Literal(literal) => {
                return literal.first().is_none_or(|byte| !set.contains(*byte));
            }
            Step::Run { set: next, min, .. } => {
                if set.meets(next) {
                    return false;
                }
                if *min > 0 {
                    return true;
                }
            }
        }
    }
    true
}

impl ByteSet {
    /// The bytes that a single character of a piece is made of, if that is one ASCII byte each.
    fn of(piece: &Hir) -> Option<Self> {
        let mut set = Self(Box::new([false; 256]));
        match piece.kind() {
            HirKind::Literal(literal) => match *literal.0 {
                [byte] if byte.is_ascii() => set.0[usize::from(byte)] = true,
                _ => return None,
            },
            HirKind::Class(Class::Unicode(class)) => {
                for range in class.iter() {
                    let (start, end) = (
                        u8::try_from(range.start()).ok()?,
                        u8::try_from(range.end()).ok()?,
                    );
                    if !end.is_ascii() {
                        return None;
                    }
                    set.0[usize::from(start)..=usize::from(end)].fill(true);
                }
            }
            _ => return None,
        }
        Some(set)
    }

    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    fn meets(&self, other: &Self) -> bool {
        self.0
            .iter()
            .zip(other.0.iter())
            .any(|(left, right)| *left && *right)
    }
}
