use std::fmt;

use crate::marker::PolicyName;
use crate::screen::MAX_FILE_BYTES;

/// Something that keeps one marker, or a whole file, from being applied. Flux passes over it in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// 1-based line; 1 when the problem concerns the file as a whole.
    pub line: usize,
    /// 1-based column in characters; 1 when the problem concerns the file as a whole.
    pub column: usize,
    /// What is wrong, and what to do about it.
    pub problem: Problem,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.problem)
    }
}

/// What is wrong with a marker or a file. `Display` is one lower-case line with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The marker names a policy that no setter was given for: it does not exist, has no image yet, or
    /// lives in a namespace other than the automation's.
    #[error("marker names the image policy {0}, which is unknown here or has no latest image")]
    UnknownPolicy(PolicyName),
    /// The third part of the setter key is none of `tag`, `name`, `digest`.
    #[error("marker asks for {part:?} of the image policy {policy}, expected tag, name or digest")]
    UnknownPart {
        /// The policy named.
        policy: PolicyName,
        /// The third part as written.
        part: String,
    },
    /// The comment holds the marker's text but is not a marker.
    #[error(
        "malformed marker: {0}; expected {{\"$imagepolicy\": \"<namespace>:<name>\"}} alone in the comment"
    )]
    MalformedMarker(String),
    /// The comment is a setter of kyaml's that carries a value of its own, which no policy decides.
    #[error(
        "an inline x-k8s-cli setter is not applied; name an image policy with {{\"$imagepolicy\": \"<namespace>:<name>\"}}"
    )]
    InlineSetter,
    /// A well-formed marker that belongs to no scalar value.
    #[error("marker is {0}, so it marks no value; put it behind the value, on the same line")]
    MarkerNotOnScalar(Place),
    /// The marked scalar's explicit tag says that it is not a string.
    #[error(
        "the marked value is tagged {0}, but a setter writes strings; remove the tag or make it !!str"
    )]
    NotAString(String),
    /// A comment, or text, that was probably meant as a marker and can never be one.
    #[error("looks like an image policy marker but never is one: {0}")]
    NeverAMarker(NeverAMarker),
    /// The file is not YAML, or YAML of a shape that Flux skips as a whole.
    #[error("file is skipped: {0}")]
    UnparsableFile(String),
    /// The file holds the marker's text but is not UTF-8.
    #[error("file is skipped: it is not UTF-8; convert it to UTF-8")]
    NotUtf8,
    /// Collections are nested deeper than the bound.
    #[error("file is skipped: nested deeper than {0} levels")]
    TooDeep(usize),
    /// One scalar, one flow collection or one run of comments is longer than the bound.
    #[error("file is skipped: a value, flow collection or comment is longer than {0} bytes")]
    TooLong(usize),
    /// The file has more scalars than the bound.
    #[error("file is skipped: it has more than {0} values")]
    TooManyValues(usize),
    /// The file has more markers, good and bad, than the bound; those beyond it are left alone.
    #[error("file has more than {0} markers; those from here on are left alone, split the file")]
    TooManyMarkers(usize),
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("file is skipped: its {0} bytes are above the bound of {MAX_FILE_BYTES} bytes")]
    TooLarge(usize),
}

impl Problem {
    /// The stable kebab-case name of the rule: for reports, metrics and tests.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::UnknownPolicy(_) => "unknown-policy",
            Self::UnknownPart { .. } => "unknown-part",
            Self::MalformedMarker(_) => "malformed-marker",
            Self::InlineSetter => "inline-setter",
            Self::MarkerNotOnScalar(_) => "marker-not-on-scalar",
            Self::NotAString(_) => "not-a-string",
            Self::NeverAMarker(_) => "never-a-marker",
            Self::UnparsableFile(_) => "unparsable-file",
            Self::NotUtf8 => "not-utf8",
            Self::TooDeep(_) => "too-deep",
            Self::TooLong(_) => "too-long",
            Self::TooManyValues(_) => "too-many-values",
            Self::TooManyMarkers(_) => "too-many-markers",
            Self::TooLarge(_) => "too-large",
        }
    }
}

/// Where a well-formed marker stands when no scalar value takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Above a mapping key, or behind a key that has no value on its line.
    Key,
    /// Behind a bracket of a flow collection, or above an item that is a collection.
    Collection,
    /// Behind an alias such as `*x`: the value is written elsewhere.
    Alias,
    /// Behind `---` or `...`.
    Document,
    /// Beside another comment that the same value takes: only one of them counts.
    SeveralComments,
    /// Below the last value of a block, or where no value follows.
    Nothing,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "a comment of a key",
            Self::Collection => "a comment of a mapping or sequence",
            Self::Alias => "behind an alias",
            Self::Document => "behind a document separator",
            Self::SeveralComments => "one of several comments of a value",
            Self::Nothing => "a comment that stands alone",
        })
    }
}

/// Why text that looks like a marker never is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NeverAMarker {
    /// Single, typographic or missing quotes around the key.
    Quotes,
    /// The key is not exactly `$imagepolicy`.
    Spelling,
    /// There are no braces around the key and its value.
    Braces,
    /// The text is part of a block scalar, not a comment of the file.
    Text,
    /// No blank stands before the `#`, so that it is part of the value.
    Blank,
}

impl fmt::Display for NeverAMarker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quotes => "the key must stand in double quotes, as \"$imagepolicy\"",
            Self::Spelling => "the key must be spelled $imagepolicy",
            Self::Braces => "the comment must be a JSON object in braces",
            Self::Text => "it is part of a multi-line text, not a comment",
            Self::Blank => "it is part of the value; a comment needs a space before its #",
        })
    }
}
