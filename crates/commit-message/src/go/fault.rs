//! What goes wrong inside a function or a value, before it has a place in the template.

use crate::limits::{Limit, MAX_OUTPUT_BYTES, MAX_TEXT_BYTES};

/// Why a function gave no value. The evaluator adds the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The function failed as its Go counterpart does, with this text.
    Failed(String),
    /// A bound was reached.
    Limit(Limit),
    /// The template reads a field that Flux removed.
    Removed(&'static RemovedField),
}

/// A field that exists only to be refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RemovedField {
    pub(crate) field: &'static str,
    pub(crate) instead: &'static str,
}

impl Fault {
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }
}

/// A growing text that stays within a bound.
#[derive(Debug)]
pub(crate) struct Text {
    written: String,
    max_bytes: usize,
    limit: Limit,
}

impl Text {
    /// For a value: within [`MAX_TEXT_BYTES`].
    pub(crate) fn new() -> Self {
        Self {
            written: String::new(),
            max_bytes: MAX_TEXT_BYTES,
            limit: Limit::Text,
        }
    }

    /// For the message: within [`MAX_OUTPUT_BYTES`].
    pub(crate) fn output() -> Self {
        Self {
            written: String::new(),
            max_bytes: MAX_OUTPUT_BYTES,
            limit: Limit::Output,
        }
    }

    pub(crate) fn push_str(&mut self, text: &str) -> Result<(), Fault> {
        if text.len() > self.max_bytes - self.written.len() {
            return Err(Fault::Limit(self.limit));
        }
        self.written.push_str(text);
        Ok(())
    }

    pub(crate) fn push(&mut self, c: char) -> Result<(), Fault> {
        self.push_str(c.encode_utf8(&mut [0; 4]))
    }

    /// Appends `c` as often as `count` says.
    pub(crate) fn fill(&mut self, c: char, count: usize) -> Result<(), Fault> {
        (0..count).try_for_each(|_| self.push(c))
    }

    pub(crate) fn into_string(self) -> String {
        self.written
    }
}
