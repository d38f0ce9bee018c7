use std::cmp::Ordering;

use api::image::v1::{
    DowngradePolicy, ImagePolicy, ImagePolicyChoice, ImageRef, Order as SortOrder,
};
use api::{Duration, Time, safeguards};
use image_ref::ImageName;
use tag_policy::{Constraint, Explanation, Filter, Order, Policy, Selector};
use tag_slices::TagHistory;

use crate::decision::{Decision, Refusal, Refused, Waiting};
use crate::maturity::Maturity;
use crate::{EvaluateError, InvalidPolicy};

/// A policy, parsed once, ready to decide over any list.
#[derive(Debug)]
pub struct Evaluator {
    selector: Selector,
    minimum_age: Duration,
    downgrade_policy: DowngradePolicy,
}

/// What a policy decides from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// `spec.image` of the repository, as written.
    pub image: &'a str,
    /// Its complete tag list, with the time at which each tag was first seen.
    pub history: &'a TagHistory,
    /// What the policy chose before.
    pub current: Option<&'a ImageRef>,
    /// The time of the decision.
    pub now: &'a Time,
}

/// A decision with its reasons.
#[derive(Debug)]
pub struct Explained<'t> {
    /// The decision, exactly as [`Evaluator::decide`] makes it.
    pub decision: Result<Decision, EvaluateError>,
    /// What became of each tag that is old enough, and who came next.
    pub explanation: Explanation<'t>,
    /// The age that a tag has to reach.
    pub minimum_age: Duration,
    /// How many tags have not.
    pub too_young: usize,
    /// Those of them that the policy accepts, best first, with the time at which each has reached it. At most as many as
    /// were asked for.
    pub best_too_young: Vec<(&'t str, Option<Time>)>,
}

/// What becomes of a selection in view of the choice made before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled<'a> {
    Taken(&'a str),
    Kept {
        current: &'a ImageRef,
        tag: &'a str,
        because: Refusal,
    },
}

impl Evaluator {
    /// Parses `spec.policy`, `spec.filterTags`, `spec.minimumAge` and `spec.downgradePolicy`, the latter two also from
    /// their annotations. Where several members of `spec.policy` are set semver wins, then alphabetical, then numerical, as
    /// in Flux.
    pub fn new(policy: &ImagePolicy) -> Result<Self, InvalidPolicy> {
        let spec = &policy.spec;
        let choice = choice(&spec.policy)?;
        let minimum_age = safeguards::minimum_age(policy).map_err(InvalidPolicy::Safeguard)?;
        let downgrade_policy =
            safeguards::downgrade_policy(policy).map_err(InvalidPolicy::Safeguard)?;
        let filter = spec
            .filter_tags
            .as_ref()
            .map(|tags| {
                Filter::new(
                    tags.pattern.as_deref().unwrap_or(""),
                    tags.extract.as_deref().unwrap_or(""),
                )
            })
            .transpose()
            .map_err(InvalidPolicy::ParseFilter)?;
        Ok(Self {
            selector: Selector {
                policy: choice,
                filter,
            },
            minimum_age,
            downgrade_policy,
        })
    }

    /// The setting by which a decision depends on more than the tags of the moment, if there is one.
    pub fn memory_needed(&self) -> Option<&'static str> {
        if !self.minimum_age.is_zero() {
            return Some("minimumAge");
        }
        (self.downgrade_policy == DowngradePolicy::Refuse).then_some("downgradePolicy")
    }

    /// Chooses a tag.
    ///
    /// With a minimum age, tags that are too young are no candidates, except for the one that was chosen before: it stays
    /// one as long as it exists. With `downgradePolicy: Refuse` the choice made before stays where the new one orders lower
    /// under the policy, also when its tag is gone or no longer accepted, and where the policy cannot compare the two. The
    /// choice made before counts only if it is one of the same image.
    pub fn decide(&self, facts: &Facts<'_>) -> Result<Decision, EvaluateError> {
        let tags = facts.history.tags();
        if tags.is_empty() {
            return Err(EvaluateError::NoTags);
        }
        if let Some(maturity) = self.maturity(facts) {
            return self.decide_by_age(facts, &maturity);
        }
        let tag = self.selector.select(tags).map_err(EvaluateError::Select)?;
        Ok(self.settle(tag, facts).decision(facts))
    }

    /// The same decision with the reasons. Of the tags that were not selected, at most `others` are named.
    pub fn explain<'t>(&self, facts: &Facts<'t>, others: usize) -> Explained<'t> {
        let maturity = self.maturity(facts);
        let young = maturity.as_ref().map(|maturity| {
            let explained = self.selector.explain(maturity.too_young(), others);
            let best_first = explained.outcome.into_iter().chain(explained.runners_up);
            let best_first = best_first.take(others);
            let until = best_first.map(|tag| (tag, maturity.until(tag))).collect();
            (explained.total, until)
        });
        let (too_young, best_too_young) = young.unwrap_or_default();
        Explained {
            decision: self.decide(facts),
            explanation: match &maturity {
                None => self.selector.explain(facts.history.tags(), others),
                Some(maturity) => self.selector.explain(maturity.candidates(), others),
            },
            minimum_age: self.minimum_age,
            too_young,
            best_too_young,
        }
    }

    /// The decision where some tags are too young.
    fn decide_by_age(
        &self,
        facts: &Facts<'_>,
        maturity: &Maturity<'_>,
    ) -> Result<Decision, EvaluateError> {
        let best = self.selector.select(facts.history.tags());
        let selected = self.selector.select(maturity.candidates());
        let waiting = |tag: &str| Waiting {
            tag: tag.to_owned(),
            minimum_age: self.minimum_age,
            until: maturity.until(tag),
        };
        let wake = self.wake(selected.as_ref().ok().copied(), maturity, facts);
        let Ok(tag) = selected else {
            let tag = best.map_err(EvaluateError::Select)?;
            let waiting = waiting(tag);
            return Err(EvaluateError::TooYoung { waiting, wake });
        };
        let settled = self.settle(tag, facts);
        let held_back = best
            .ok()
            .filter(|best| self.settle(best, facts).changes(&settled));
        Ok(Decision {
            waiting: held_back.map(waiting),
            wake,
            ..settled.decision(facts)
        })
    }

    fn maturity<'a>(&self, facts: &Facts<'a>) -> Option<Maturity<'a>> {
        let current = current(facts).map(|current| &*current.tag);
        Maturity::new(facts.history, self.minimum_age, (current, facts.now))
    }

    /// Whether a selection is taken.
    fn settle<'a>(&self, tag: &'a str, facts: &Facts<'a>) -> Settled<'a> {
        let Some(current) = current(facts).filter(|current| current.tag != tag) else {
            return Settled::Taken(tag);
        };
        match self.downgrade_policy {
            DowngradePolicy::Allow => return Settled::Taken(tag),
            DowngradePolicy::Refuse => {}
        }
        let because = match self.selector.compare(tag, &current.tag) {
            Some(Ordering::Equal | Ordering::Greater) => return Settled::Taken(tag),
            None => Refusal::Incomparable,
            Some(Ordering::Less) if facts.history.tags().contains(&current.tag) => {
                Refusal::NotAccepted
            }
            Some(Ordering::Less) => Refusal::Unlisted,
        };
        Settled::Kept {
            current,
            tag,
            because,
        }
    }

    /// When the first tags become old enough that change the choice from what is `selected` now.
    fn wake(
        &self,
        selected: Option<&str>,
        maturity: &Maturity<'_>,
        facts: &Facts<'_>,
    ) -> Option<Time> {
        let changes = |tags: &[&str]| {
            let with_these = selected.into_iter().chain(tags.iter().copied());
            match (selected, self.selector.select(with_these)) {
                (None, after) => after.is_ok(),
                (Some(_), Err(_)) => true,
                (Some(before), Ok(after)) => self
                    .settle(after, facts)
                    .changes(&self.settle(before, facts)),
            }
        };
        let mut groups = maturity.by_time().into_iter();
        groups.find_map(|(time, tags)| changes(&tags).then_some(time))
    }
}

impl Settled<'_> {
    /// Whether this makes another choice than `before`, when a better tag was selected.
    fn changes(&self, before: &Settled<'_>) -> bool {
        match (self, before) {
            (Self::Kept { .. }, _) => false,
            (Self::Taken(tag), Settled::Taken(before)) => tag != before,
            (Self::Taken(_), Settled::Kept { .. }) => true,
        }
    }

    fn decision(self, facts: &Facts<'_>) -> Decision {
        let (tag, refused) = match self {
            Self::Taken(tag) => (tag, None),
            Self::Kept {
                current,
                tag,
                because,
            } => {
                let tag = tag.to_owned();
                (&*current.tag, Some(Refused { tag, because }))
            }
        };
        Decision {
            latest: ImageRef {
                name: facts.image.to_owned(),
                tag: tag.to_owned(),
                digest: None,
            },
            is_unlisted: !facts.history.tags().contains(tag),
            refused,
            waiting: None,
            wake: None,
        }
    }
}

/// What was chosen before, where it is a choice of the same image, however that is spelled.
fn current<'a>(facts: &Facts<'a>) -> Option<&'a ImageRef> {
    facts
        .current
        .filter(|current| same_image(&current.name, facts.image))
}

/// Whether two names as written mean the same image.
pub(crate) fn same_image(one: &str, other: &str) -> bool {
    let canonical = |name| ImageName::parse(name).map(|name| name.canonical());
    one == other || canonical(one).is_ok_and(|one| canonical(other) == Ok(one))
}

fn choice(choice: &ImagePolicyChoice) -> Result<Policy, InvalidPolicy> {
    if let Some(semver) = &choice.semver {
        return Constraint::parse(&semver.range)
            .map(Policy::Semver)
            .map_err(InvalidPolicy::ParseRange);
    }
    let order = |order: SortOrder| match order {
        SortOrder::Asc => Order::Ascending,
        SortOrder::Desc => Order::Descending,
    };
    match (&choice.alphabetical, &choice.numerical) {
        (Some(alphabetical), _) => Ok(Policy::Alphabetical(order(alphabetical.order))),
        (None, Some(numerical)) => Ok(Policy::Numerical(order(numerical.order))),
        (None, None) => Err(InvalidPolicy::NoChoice),
    }
}

#[cfg(test)]
mod tests;
