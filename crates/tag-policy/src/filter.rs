//! `spec.filterTags`: which tags count, and what of them the policy sees.

use std::borrow::Cow;

use regex_automata::meta::Cache;
use regex_automata::util::primitives::NonMaxUsize;

use crate::pattern::{Pattern, PatternError};
use crate::select::Rule;
use crate::template::{self, Part};

/// Longest template, in bytes.
const MAX_TEMPLATE_BYTES: usize = 1024;
/// Longest text that a template may expand to, in bytes.
pub(crate) const MAX_EXTRACT_BYTES: usize = 1024;

/// A pattern that tags must match, and optionally a template for the text that the policy orders them by.
#[derive(Clone, Debug)]
pub struct Filter {
    pattern: Pattern,
    written: String,
    extract: Extract,
    /// Two for each group up to the last one that the template names.
    slot_count: usize,
}

/// What the policy sees of a tag that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Extract {
    Tag,
    /// The template is one reference: the text is a part of the tag, nothing is copied.
    Group(Vec<usize>),
    Template(Vec<Part>),
}

/// Why a filter cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FilterError {
    /// The pattern is refused. The text is Flux's.
    #[error("invalid regular expression pattern '{pattern}': {problem}")]
    Pattern {
        /// The pattern as written.
        pattern: String,
        /// What is wrong with it.
        problem: PatternError,
    },
    /// The template is longer than 1 KiB.
    #[error(
        "invalid extract template: expected at most {MAX_TEMPLATE_BYTES} bytes, found {length}"
    )]
    TemplateTooLong {
        /// Its length in bytes.
        length: usize,
    },
}

/// What the policy sees of a tag.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen<'t, 's> {
    /// The tag or a part of it.
    Part(&'t str),
    /// A text put together from the tag, valid until the next tag.
    Composed(&'s str),
}

/// Working memory of a filter, used for one tag after the other.
pub(crate) struct Scratch {
    cache: Cache,
    slots: Vec<Option<NonMaxUsize>>,
    composed: String,
}

impl Filter {
    /// Compiles a pattern in RE2 syntax, not anchored, and a template such as `$major.$minor`. An empty
    /// pattern matches every tag; without a template the policy sees the whole tag.
    pub fn new(pattern: &str, extract: &str) -> Result<Self, FilterError> {
        if extract.len() > MAX_TEMPLATE_BYTES {
            return Err(FilterError::TemplateTooLong {
                length: extract.len(),
            });
        }
        let compiled = Pattern::new(pattern).map_err(|problem| FilterError::Pattern {
            pattern: pattern.to_owned(),
            problem,
        })?;
        let parts = template::parse(extract, compiled.all_group_names());
        let last_group = parts.iter().flat_map(Part::groups).max().copied();
        let extract_as = match parts.as_slice() {
            _ if extract.is_empty() => Extract::Tag,
            [Part::Group(groups)] => Extract::Group(groups.clone()),
            _ => Extract::Template(parts),
        };
        let slot_count = last_group.map_or(0, |group| 2 * (group + 1));
        Ok(Self {
            pattern: compiled,
            written: extract.to_owned(),
            extract: extract_as,
            slot_count,
        })
    }

    /// The compiled pattern.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The template as written; empty if the policy sees whole tags.
    pub fn template(&self) -> &str {
        &self.written
    }

    /// Whether a tag passes.
    pub fn matches(&self, tag: &str) -> bool {
        self.pattern.matches(tag)
    }

    pub(crate) fn scratch(&self) -> Scratch {
        Scratch {
            cache: self.pattern.cache(),
            slots: vec![None; self.slot_count],
            composed: String::new(),
        }
    }

    /// What the policy sees of a tag, or why it sees nothing: [`Rule::FilterPattern`] or
    /// [`Rule::ExtractTooLong`].
    pub(crate) fn extract<'t, 's>(
        &self,
        tag: &'t str,
        scratch: &'s mut Scratch,
    ) -> Result<Seen<'t, 's>, Rule> {
        let Scratch {
            cache,
            slots,
            composed,
        } = scratch;
        if !self.pattern.find(cache, tag, slots) {
            return Err(Rule::FilterPattern);
        }
        let parts = match &self.extract {
            Extract::Tag => return Ok(Seen::Part(tag)),
            Extract::Group(groups) => {
                return Ok(Seen::Part(template::first_group(groups, tag, slots)));
            }
            Extract::Template(parts) => parts,
        };
        composed.clear();
        for part in parts {
            let text = part.expand(tag, slots);
            if composed.len() + text.len() > MAX_EXTRACT_BYTES {
                return Err(Rule::ExtractTooLong);
            }
            composed.push_str(text);
        }
        Ok(Seen::Composed(composed))
    }
}

impl<'t: 's, 's> Seen<'t, 's> {
    #[expect(clippy::match_same_arms, reason = "the texts live for different times")]
    pub(crate) fn text(self) -> &'s str {
        match self {
            Self::Part(text) => text,
            Self::Composed(text) => text,
        }
    }

    pub(crate) fn into_cow(self) -> Cow<'t, str> {
        match self {
            Self::Part(text) => Cow::Borrowed(text),
            Self::Composed(text) => Cow::Owned(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
