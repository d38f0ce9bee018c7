//! Why a message could not be rendered.

use crate::limits::Limit;

/// The name templates carry in error texts; Flux's name for them.
pub(crate) const TEMPLATE_NAME: &str = "commit message";

/// Why a template gave no message.
///
/// Texts follow Go's `text/template`, which users of Flux know: `template: commit message:LINE:COLUMN: …`.
/// Parse errors carry a column too, where Go has the line alone. Lines count from 1, columns are bytes
/// from the start of the line, counted from 0 as Go does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The template is not well-formed, or names a function or variable that does not exist.
    #[error("template: {TEMPLATE_NAME}:{at}: {problem}")]
    Parse {
        /// Where.
        at: Position,
        /// What is wrong there.
        problem: String,
    },
    /// The template failed while it ran, on this data.
    #[error("template: {TEMPLATE_NAME}:{at}: {problem}")]
    Execute {
        /// Where.
        at: Position,
        /// What failed there; for Go templates `executing "NAME" at <…>: …`.
        problem: String,
    },
    /// The template reads a field that Flux removed and that has no equal here. The text is Flux's.
    #[error(
        "template uses removed '{field}' field. Please use {instead} instead. See: \
         https://fluxcd.io/flux/components/image/imageupdateautomations/#message-template"
    )]
    RemovedField {
        /// The field, for example `.Changed.ImageResult`.
        field: &'static str,
        /// What to use in its place.
        instead: &'static str,
        /// Where the template reads it.
        at: Position,
    },
    /// The template uses something that exists upstream and is refused here on purpose.
    #[error("template: {TEMPLATE_NAME}:{at}: {what} is not available: {reason}")]
    Refused {
        /// What the template names, for example `function "genCA"`.
        what: String,
        /// Why it is refused.
        reason: &'static str,
        /// Where.
        at: Position,
    },
    /// A bound of [`limits`](crate::limits) was reached.
    #[error("template: {TEMPLATE_NAME}:{at}: {limit}")]
    Limit {
        /// The bound.
        limit: Limit,
        /// Where the template reached it.
        at: Position,
    },
}

/// A place in a template. Prints as `LINE:COLUMN`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The byte within the line, from 0.
    pub column: usize,
}

impl Position {
    /// The place of a byte offset in a template.
    pub(crate) fn of_offset(template: &str, offset: usize) -> Self {
        let before = &template.as_bytes()[..offset.min(template.len())];
        let mut lines = before.split(|byte| *byte == b'\n');
        let column = lines.next_back().map_or(0, <[u8]>::len);
        Self {
            line: 1 + lines.count(),
            column,
        }
    }
}

/// An error text is shown in one place of a status: it says no more than this many characters of anything.
const MAX_SHOWN_CHARS: usize = 500;

/// The start of a text that may be long.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
