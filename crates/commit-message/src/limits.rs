//! The bounds of one rendering. Reaching one is [`Error::Limit`](crate::Error::Limit), never a cut message.

use std::fmt;

/// A template may hold this many bytes (64 KiB).
pub const MAX_TEMPLATE_BYTES: usize = 64 * 1024;

/// A message may hold this many bytes (128 KiB). The plan that carries it must stay below 1 MiB.
pub const MAX_OUTPUT_BYTES: usize = 128 * 1024;

/// A single text made while rendering may hold this many bytes: more could not be printed anyway.
pub const MAX_TEXT_BYTES: usize = MAX_OUTPUT_BYTES;

/// The work of one rendering: a step is an action, an operand, a list item copied, or 16 bytes of text
/// given to or made by a function.
pub const MAX_STEPS: u64 = 1_000_000;

/// Blocks, parentheses and `else if` may nest this deep in a template.
pub const MAX_NESTING: usize = 50;

/// A handlebars template may hold this many tags: the time its parser takes grows with tags times bytes.
pub const MAX_TAGS: usize = 2_000;

/// Blocks, parentheses and calls of defined templates may nest this deep while a template runs.
pub const MAX_DEPTH: usize = 100;

/// Lists and dictionaries may nest this deep.
pub const MAX_VALUE_DEPTH: usize = 50;

/// A list made by a function may hold this many items.
pub const MAX_LIST_ITEMS: usize = 100_000;

/// A compiled regular expression may take this many bytes (256 KiB).
pub const MAX_REGEX_BYTES: usize = 256 * 1024;

/// Which bound a rendering reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// [`MAX_TEMPLATE_BYTES`]
    Template,
    /// [`MAX_OUTPUT_BYTES`]
    Output,
    /// [`MAX_TEXT_BYTES`]
    Text,
    /// [`MAX_STEPS`]
    Steps,
    /// [`MAX_NESTING`]
    Nesting,
    /// [`MAX_TAGS`]
    Tags,
    /// [`MAX_DEPTH`]
    Depth,
    /// [`MAX_VALUE_DEPTH`]
    ValueDepth,
    /// [`MAX_LIST_ITEMS`]
    ListItems,
    /// [`MAX_REGEX_BYTES`]
    Regex,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template => write!(f, "the template is larger than {MAX_TEMPLATE_BYTES} bytes"),
            Self::Output => write!(f, "the message is larger than {MAX_OUTPUT_BYTES} bytes"),
            Self::Text => write!(f, "a text is larger than {MAX_TEXT_BYTES} bytes"),
            Self::Steps => write!(f, "rendering takes more than {MAX_STEPS} steps"),
            Self::Nesting => write!(
                f,
                "blocks and parentheses nest deeper than {MAX_NESTING} levels"
            ),
            Self::Tags => write!(f, "the template holds more than {MAX_TAGS} tags"),
            Self::Depth => write!(
                f,
                "templates call each other deeper than {MAX_DEPTH} levels"
            ),
            Self::ValueDepth => write!(
                f,
                "lists and dictionaries nest deeper than {MAX_VALUE_DEPTH} levels"
            ),
            Self::ListItems => write!(f, "a list holds more than {MAX_LIST_ITEMS} items"),
            Self::Regex => write!(
                f,
                "a compiled regular expression takes more than {MAX_REGEX_BYTES} bytes"
            ),
        }
    }
}
