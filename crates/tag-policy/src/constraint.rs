//! Constraints on versions in the syntax and with the oddities of Masterminds/semver.

mod comparator;
mod grammar;

use crate::version::Version;
use comparator::Comparator;

/// Longest constraint in bytes, as in Masterminds/semver.
const MAX_CONSTRAINT_BYTES: usize = 512;
/// Most alternatives of a constraint, as in Masterminds/semver.
const MAX_GROUPS: usize = 32;

/// A range of versions such as `>=1.0.0 <2.0.0 || ~3.1`.
///
/// Alternatives stand between `||`; what stands side by side, separated by commas or blanks, must hold
/// together. A pre-release is only ever in range if some member of its alternative names one: `^1.x`
/// leaves `1.1.0-rc.1` out, `^1.x-0` lets it in.
///
/// ```
/// use tag_policy::Constraint;
///
/// let constraint = Constraint::parse("1.0 - 2.0 || ^3.x-0")?;
/// assert!(constraint.admits("v1.4.0"));
/// assert!(constraint.admits("3.1.0-rc.1"));
/// assert!(!constraint.admits("2.1.0"));
/// # Ok::<(), tag_policy::ConstraintError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    alternatives: Vec<Alternative>,
}

/// Comparators that must hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alternative {
    comparators: Vec<Comparator>,
    admits_pre_releases: bool,
}

/// Why a text is not a constraint. The texts are those of Masterminds/semver, which Flux shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// The text is longer than 512 bytes.
    #[error("constraint string is too long (max {MAX_CONSTRAINT_BYTES} bytes)")]
    TooLong,
    /// More than 32 alternatives.
    #[error("too many constraint groups (max {MAX_GROUPS})")]
    TooManyGroups,
    /// An alternative breaks the grammar.
    #[error("improper constraint: {}", crate::go_text::quote(.alternative))]
    Improper {
        /// The alternative, its hyphen ranges already rewritten to a pair of comparisons.
        alternative: String,
    },
    /// A version within a constraint looks right but is none: a number above 64 bits, a mixture of
    /// digits and wildcards, a padded pre-release number.
    #[error("constraint parser error")]
    Version,
}

/// What a constraint says about a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    InRange,
    /// Only the rule about pre-releases keeps the version out.
    PreRelease,
    OutOfRange,
}

impl Constraint {
    /// Parses a constraint; at most 512 bytes and 32 alternatives.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        if text.len() > MAX_CONSTRAINT_BYTES {
            return Err(ConstraintError::TooLong);
        }
        let rewritten = grammar::rewrite_hyphen_ranges(text);
        if rewritten.split("||").count() > MAX_GROUPS {
            return Err(ConstraintError::TooManyGroups);
        }
        let alternatives = rewritten
            .split("||")
            .map(Alternative::parse)
            .collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }

    /// Whether a tag is a version in this range.
    pub fn admits(&self, tag: &str) -> bool {
        Version::parse_tag(tag).is_some_and(|version| self.contains(version))
    }

    pub(crate) fn contains(&self, version: Version<'_>) -> bool {
        let release = !version.is_pre_release();
        self.alternatives.iter().any(|alternative| {
            (release || alternative.admits_pre_releases) && alternative.holds(version)
        })
    }

    pub(crate) fn membership(&self, version: Version<'_>) -> Membership {
        if self.contains(version) {
            Membership::InRange
        } else if self
            .alternatives
            .iter()
            .any(|alternative| alternative.holds(version))
        {
            Membership::PreRelease
        } else {
            Membership::OutOfRange
        }
    }
}

impl Alternative {
    fn parse(text: &str) -> Result<Self, ConstraintError> {
        let improper = || ConstraintError::Improper {
            alternative: text.to_owned(),
        };
        let comparators = grammar::split(text)
            .ok_or_else(improper)?
            .iter()
            .map(|written| Comparator::new(written).ok_or(ConstraintError::Version))
            .collect::<Result<Vec<_>, _>>()?;
        let admits_pre_releases = comparators.iter().any(Comparator::names_pre_release);
        Ok(Self {
            comparators,
            admits_pre_releases,
        })
    }

    /// Whether all comparators hold, the rule about pre-releases aside.
    fn holds(&self, version: Version<'_>) -> bool {
        self.comparators
            .iter()
            .all(|comparator| comparator.holds(version))
    }
}

#[cfg(test)]
mod tests;
