//! What a policy orders tags by.

use std::cmp::Reverse;

use crate::number::Number;
use crate::version::Version;

/// The value by which a policy orders a tag. The greater one is the better one.
///
/// One policy makes keys of one kind only, so the order of the variants never decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key<'a> {
    Version(Version<'a>),
    Text(&'a str),
    ReverseText(Reverse<&'a str>),
    Number(Number),
}

/// A tag and its key, in memory that serves for the next pair as well.
#[derive(Debug)]
pub(crate) struct Kept<'t> {
    pub(crate) tag: &'t str,
    key_without_text: Key<'static>,
    key_text: String,
}

impl<'a> Key<'a> {
    fn text(&self) -> &'a str {
        match self {
            Self::Version(version) => version.pre,
            Self::Text(text) | Self::ReverseText(Reverse(text)) => text,
            Self::Number(_) => "",
        }
    }

    fn with_text<'b>(&self, text: &'b str) -> Key<'b> {
        match self {
            Self::Version(version) => Key::Version(Version {
                core: version.core,
                pre: text,
            }),
            Self::Text(_) => Key::Text(text),
            Self::ReverseText(_) => Key::ReverseText(Reverse(text)),
            Self::Number(number) => Key::Number(*number),
        }
    }
}

impl<'t> Kept<'t> {
    pub(crate) fn new(tag: &'t str, key: Key<'_>) -> Self {
        Self {
            tag,
            key_without_text: key.with_text(""),
            key_text: key.text().to_owned(),
        }
    }

    /// Keeps a tag instead if it is better, or as good and byte-greater.
    pub(crate) fn offer(&mut self, tag: &'t str, key: Key<'_>) {
        if (key, tag) > (self.key_without_text.with_text(&self.key_text), self.tag) {
            self.tag = tag;
            self.key_without_text = key.with_text("");
            self.key_text.clear();
            self.key_text.push_str(key.text());
        }
    }
}
