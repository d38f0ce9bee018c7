//! What an evaluation may still take.

use std::cell::Cell;

use super::limits::{MAX_MADE_BYTES, MAX_STEPS};

/// Why a part of an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// By CEL's rules; `||`, `&&`, `exists` and `all` may pass over it.
    Failed(String),
    /// By our bounds, which ends the evaluation.
    Exceeded(&'static str),
}

pub(super) type Outcome<T> = Result<T, Fault>;

pub(super) fn failed<T>(problem: impl Into<String>) -> Outcome<T> {
    Err(Fault::Failed(problem.into()))
}

/// The types of the operands fit no overload, which only shows now.
pub(super) fn no_overload<T>() -> Outcome<T> {
    failed("no such overload")
}

/// The steps and the memory that are left.
#[derive(Debug)]
pub(super) struct Budget {
    steps: Cell<u64>,
    bytes: Cell<u64>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            steps: Cell::new(MAX_STEPS),
            bytes: Cell::new(MAX_MADE_BYTES),
        }
    }

    pub(super) fn steps(&self, count: usize) -> Outcome<()> {
        take(&self.steps, count, "1,000,000 steps")
    }

    /// Takes the steps to read text of a length in bytes.
    pub(super) fn read(&self, bytes: usize) -> Outcome<()> {
        self.steps(1 + bytes / 64)
    }

    /// Takes the memory for a value, and the steps to fill it.
    pub(super) fn make(&self, bytes: usize) -> Outcome<()> {
        self.read(bytes)?;
        take(&self.bytes, bytes, "8 MiB of made values")
    }
}

fn take(left: &Cell<u64>, count: usize, limit: &'static str) -> Outcome<()> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let after = left.get().checked_sub(count);
    // What is exceeded once stays so.
    left.set(after.unwrap_or(0));
    after.map(drop).ok_or(Fault::Exceeded(limit))
}
