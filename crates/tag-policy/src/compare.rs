//! Two tags side by side.

use std::cmp::Ordering;

use crate::filter::{Filter, Seen};
use crate::key::Key;
use crate::select::{Policy, Selector};
use crate::version::Version;

impl Selector {
    /// How `left` stands to `right` in the order of the policy, whatever its range: `Greater` where `left` is the
    /// better one.
    ///
    /// Tags that the policy finds equal are `Equal`, although of them the byte-greatest is selected. `None` where it
    /// cannot tell, because the filter drops one of the tags, or one is no version or no number.
    ///
    /// ```
    /// use std::cmp::Ordering;
    /// use tag_policy::{Constraint, Policy, Selector};
    ///
    /// let selector = Selector { policy: Policy::Semver(Constraint::parse("^1.0")?), filter: None };
    /// assert_eq!(selector.compare("2.0.0", "1.9.0"), Some(Ordering::Greater));
    /// assert_eq!(selector.compare("v1.0.0", "1.0.0"), Some(Ordering::Equal));
    /// assert_eq!(selector.compare("latest", "1.0.0"), None);
    /// # Ok::<(), tag_policy::ConstraintError>(())
    /// ```
    pub fn compare(&self, left: &str, right: &str) -> Option<Ordering> {
        let (left, right) = (self.text_of(left)?, self.text_of(right)?);
        let left = self.policy.key_whatever_range(&left)?;
        Some(left.cmp(&self.policy.key_whatever_range(&right)?))
    }

    /// What the policy sees of a tag, if the filter lets it pass.
    fn text_of(&self, tag: &str) -> Option<String> {
        let extract = |filter: &Filter| {
            let mut scratch = filter.scratch();
            let seen = filter.extract(tag, &mut scratch).ok();
            seen.map(|seen| Seen::text(seen).to_owned())
        };
        self.filter
            .as_ref()
            .map_or_else(|| Some(tag.to_owned()), extract)
    }
}

impl Policy {
    /// The key of a text that is a version or a number at all.
    fn key_whatever_range<'a>(&self, text: &'a str) -> Option<Key<'a>> {
        match self {
            Self::Semver(_) => Version::parse_tag(text).map(Key::Version),
            Self::Alphabetical(_) | Self::Numerical(_) => self.key(text).ok(),
        }
    }
}

#[cfg(test)]
mod tests;
