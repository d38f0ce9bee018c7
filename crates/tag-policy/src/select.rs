//! The decision.

use std::cmp::Reverse;

use crate::constraint::{Constraint, Membership};
use crate::filter::{Filter, MAX_EXTRACT_BYTES, Scratch, Seen};
use crate::key::{Kept, Key};
use crate::number::Number;
use crate::version::Version;

/// Which end of the order is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last in ascending order, that is, the greatest.
    Ascending,
    /// The last in descending order, that is, the smallest.
    Descending,
}

/// How tags are ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The greatest version in a range; what is no version is left out.
    Semver(Constraint),
    /// By the bytes of the text.
    Alphabetical(Order),
    /// By value. A text that is no number fails the whole selection, as in Flux. `NaN` is a number: it is
    /// selected only where there is nothing else.
    Numerical(Order),
}

/// A policy with the filter in front of it.
#[derive(Clone, Debug)]
pub struct Selector {
    /// How the tags are ordered that pass the filter.
    pub policy: Policy,
    /// Which tags pass, and what of them the policy sees; without a filter it sees all tags whole.
    pub filter: Option<Filter>,
}

/// Why nothing was selected. The texts are Flux's where Flux has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// There are no tags, or none passes the filter.
    #[error("version list argument cannot be empty")]
    NoTags,
    /// No tag is a version in the range.
    #[error("unable to determine latest version from provided list")]
    NoVersionInRange,
    /// A text is not a number; of several the byte-greatest is named.
    #[error("failed to parse invalid numeric value '{value}'")]
    NotANumber {
        /// The text that the policy saw.
        value: String,
    },
    /// The template makes too much of a tag; of several tags the byte-greatest is named.
    #[error(
        "extracted text of tag '{tag}' is too long: expected at most {MAX_EXTRACT_BYTES} bytes"
    )]
    ExtractTooLong {
        /// The tag.
        tag: String,
    },
}

/// What keeps a tag from being a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The filter's pattern does not match.
    FilterPattern,
    /// The filter's template expands to more than 1 KiB; fails the whole selection.
    ExtractTooLong,
    /// The text is not a version.
    NotAVersion,
    /// The version is a pre-release, and the range does not ask for them.
    PreRelease,
    /// The version is outside the range.
    OutOfRange,
    /// The text is not a number; fails the whole selection.
    NotANumber,
    /// A byte-greater tag gave the same text.
    SameExtract,
}

impl Rule {
    /// The stable name for output that programs read.
    pub fn name(self) -> &'static str {
        match self {
            Self::FilterPattern => "filter-pattern",
            Self::ExtractTooLong => "extract-too-long",
            Self::NotAVersion => "not-a-version",
            Self::PreRelease => "pre-release",
            Self::OutOfRange => "out-of-range",
            Self::NotANumber => "not-a-number",
            Self::SameExtract => "same-extract",
        }
    }
}

impl Selector {
    /// Selects a tag. The order of the tags and repetitions make no difference.
    pub fn select<'t, I>(&self, tags: I) -> Result<&'t str, SelectError>
    where
        I: IntoIterator<Item = &'t str>,
    {
        let mut selection = Selection::new(self);
        for tag in tags {
            // What becomes of a single tag is of interest to `explain` only.
            let _ = selection.consider(tag);
        }
        selection.outcome()
    }
}

/// The greatest version in a range among any names, such as the tags of a Git repository. The rules are those
/// of [`Policy::Semver`]; names that are no versions with two dots are passed over.
pub fn highest_semver<'t>(
    range: &Constraint,
    names: impl IntoIterator<Item = &'t str>,
) -> Option<&'t str> {
    let candidates = names.into_iter().filter_map(|name| {
        let version = Version::parse_tag(name)?;
        range.contains(version).then_some((version, name))
    });
    candidates.max().map(|(_, name)| name)
}

/// A decision that is being made, tag by tag.
pub(crate) struct Selection<'p, 't> {
    policy: &'p Policy,
    filter: Option<(&'p Filter, Scratch)>,
    any_passed_filter: bool,
    best: Option<Kept<'t>>,
    not_a_number: Option<String>,
    too_long: Option<&'t str>,
}

impl<'p, 't> Selection<'p, 't> {
    pub(crate) fn new(selector: &'p Selector) -> Self {
        Self {
            policy: &selector.policy,
            filter: selector
                .filter
                .as_ref()
                .map(|filter| (filter, filter.scratch())),
            any_passed_filter: false,
            best: None,
            not_a_number: None,
            too_long: None,
        }
    }

    /// Takes one more tag into account; says what the policy saw of it, or why it is no candidate.
    pub(crate) fn consider(&mut self, tag: &'t str) -> Result<Seen<'t, '_>, Rule> {
        let seen = match &mut self.filter {
            None => Seen::Part(tag),
            Some((filter, scratch)) => match filter.extract(tag, scratch) {
                Ok(seen) => seen,
                Err(rule) => {
                    if rule == Rule::ExtractTooLong {
                        self.too_long = self.too_long.max(Some(tag));
                    }
                    return Err(rule);
                }
            },
        };
        self.any_passed_filter = true;
        let text = seen.text();
        match (self.policy.key(text), &mut self.best) {
            (Ok(key), Some(best)) => best.offer(tag, key),
            (Ok(key), best @ None) => *best = Some(Kept::new(tag, key)),
            (Err(rule), _) => {
                if rule == Rule::NotANumber && self.not_a_number.as_deref() < Some(text) {
                    self.not_a_number = Some(text.to_owned());
                }
                return Err(rule);
            }
        }
        Ok(seen)
    }

    /// The decision over the tags considered so far.
    pub(crate) fn outcome(self) -> Result<&'t str, SelectError> {
        if let Some(tag) = self.too_long {
            return Err(SelectError::ExtractTooLong {
                tag: tag.to_owned(),
            });
        }
        if let Some(value) = self.not_a_number {
            return Err(SelectError::NotANumber { value });
        }
        match self.best {
            Some(best) => Ok(best.tag),
            None if self.any_passed_filter => Err(SelectError::NoVersionInRange),
            None => Err(SelectError::NoTags),
        }
    }
}

impl Policy {
    /// The key of a text, or why the policy does not take it.
    pub(crate) fn key<'a>(&self, text: &'a str) -> Result<Key<'a>, Rule> {
        match self {
            Self::Semver(range) => {
                let version = Version::parse_tag(text).ok_or(Rule::NotAVersion)?;
                match range.membership(version) {
                    Membership::InRange => Ok(Key::Version(version)),
                    Membership::PreRelease => Err(Rule::PreRelease),
                    Membership::OutOfRange => Err(Rule::OutOfRange),
                }
            }
            Self::Alphabetical(Order::Ascending) => Ok(Key::Text(text)),
            Self::Alphabetical(Order::Descending) => Ok(Key::ReverseText(Reverse(text))),
            Self::Numerical(order) => {
                let number = Number::parse(text).ok_or(Rule::NotANumber)?;
                Ok(Key::Number(match order {
                    Order::Ascending => number,
                    Order::Descending => number.negated(),
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests;
