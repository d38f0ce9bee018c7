//! Why a pattern is refused, in the words of Go's package `regexp/syntax`.

use std::fmt;

use super::{MAX_COMPILED_BYTES, MAX_PATTERN_BYTES, MAX_UNICODE_CLASSES};

/// Why a text is not a usable pattern.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PatternError {
    /// The pattern breaks RE2 syntax.
    #[error("error parsing regexp: {problem}: `{fragment}`")]
    Syntax {
        /// What is wrong.
        problem: SyntaxError,
        /// The part of the pattern that Go blames.
        fragment: String,
    },
    /// The pattern is longer than 16 KiB.
    #[error(
        "error parsing regexp: expression too large: expected at most {MAX_PATTERN_BYTES} bytes"
    )]
    TooLong,
    /// More than 32 groups lie within each other.
    #[error(
        "error parsing regexp: expression nests too deeply: expected at most {max} groups within each other",
        max = super::parser::MAX_DEPTH
    )]
    TooDeep,
    /// More than 500 classes such as `\pL`, each of which holds hundreds of ranges.
    #[error(
        "error parsing regexp: expression too large: expected at most {MAX_UNICODE_CLASSES} Unicode classes"
    )]
    TooManyClasses,
    /// The compiled pattern would need more than 2 MiB.
    #[error(
        "error parsing regexp: expression too large: expected at most {MAX_COMPILED_BYTES} bytes compiled; \
         use smaller repeat counts or classes"
    )]
    TooLarge,
}

/// The kinds of mistakes that Go tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxError {
    /// A range that runs backwards, or a class that does not exist.
    CharacterClassRange,
    /// An escape that RE2 does not know.
    Escape,
    /// A group name that is empty, unclosed or not of letters, digits and underscores.
    NamedCapture,
    /// Look-around, a back-reference by name, an unknown flag.
    PerlSyntax,
    /// A repetition of a repetition.
    NestedRepetition,
    /// A repeat count above 1000, alone or multiplied with those around it, or a range that runs backwards.
    RepeatCount,
    /// A `[` without `]`.
    MissingBracket,
    /// A `(` without `)`.
    MissingParenthesis,
    /// A repetition of nothing.
    MissingRepetitionArgument,
    /// A backslash at the end.
    TrailingBackslash,
    /// A `)` without `(`.
    UnexpectedParenthesis,
}

impl SyntaxError {
    /// The mistake, found in a part of the pattern.
    pub(super) fn at(self, fragment: &str) -> PatternError {
        PatternError::Syntax {
            problem: self,
            fragment: fragment.to_owned(),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CharacterClassRange => "invalid character class range",
            Self::Escape => "invalid escape sequence",
            Self::NamedCapture => "invalid named capture",
            Self::PerlSyntax => "invalid or unsupported Perl syntax",
            Self::NestedRepetition => "invalid nested repetition operator",
            Self::RepeatCount => "invalid repeat count",
            Self::MissingBracket => "missing closing ]",
            Self::MissingParenthesis => "missing closing )",
            Self::MissingRepetitionArgument => "missing argument to repetition operator",
            Self::TrailingBackslash => "trailing backslash at end of expression",
            Self::UnexpectedParenthesis => "unexpected )",
        })
    }
}
