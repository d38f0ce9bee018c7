//! `minimumAge`: which tags are candidates yet, and when the others will be.

use std::collections::BTreeMap;

use api::{Duration, Time};
use image_ref::Tags;
use k8s_openapi::jiff::SignedDuration;
use tag_slices::TagHistory;

/// The tags of a list by whether they have reached a minimum age.
#[derive(Debug)]
pub(crate) struct Maturity<'a> {
    history: &'a TagHistory,
    minimum_age: Duration,
    old_enough: Tags,
    /// Has been chosen already: a minimum age holds back new choices and takes none back.
    chosen: Option<&'a str>,
}

impl<'a> Maturity<'a> {
    /// `None`: every tag is a candidate.
    pub(crate) fn new(
        history: &'a TagHistory,
        minimum_age: Duration,
        (chosen, now): (Option<&'a str>, &Time),
    ) -> Option<Self> {
        if minimum_age.is_zero() {
            return None;
        }
        let aged = history.aged(minimum_age.to_std(), now);
        (aged.too_young > 0).then_some(Self {
            history,
            minimum_age,
            old_enough: aged.old_enough,
            chosen,
        })
    }

    /// The tags that may be chosen, in ascending order.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = &'a str> {
        self.history
            .tags()
            .iter()
            .filter(|tag| self.is_candidate(tag))
    }

    /// The other tags, by the time at which they may be chosen, the earliest first. Those that never may are left out.
    pub(crate) fn by_time(&self) -> Vec<(Time, Vec<&'a str>)> {
        let mut groups: BTreeMap<&Time, Vec<&str>> = BTreeMap::new();
        for tag in self.too_young() {
            if let Some(seen) = self.history.first_seen(tag).flatten() {
                groups.entry(seen).or_default().push(tag);
            }
        }
        groups
            .into_iter()
            .filter_map(|(seen, tags)| Some((self.later(seen)?, tags)))
            .collect()
    }

    /// The tags that may not be chosen yet, in ascending order.
    pub(crate) fn too_young(&self) -> impl Iterator<Item = &'a str> {
        self.history
            .tags()
            .iter()
            .filter(|tag| !self.is_candidate(tag))
    }

    /// When a tag of the list has reached the age.
    pub(crate) fn until(&self, tag: &str) -> Option<Time> {
        self.later(self.history.first_seen(tag).flatten()?)
    }

    fn is_candidate(&self, tag: &str) -> bool {
        self.chosen == Some(tag) || self.old_enough.contains(tag)
    }

    fn later(&self, seen: &Time) -> Option<Time> {
        let age = SignedDuration::from_nanos(self.minimum_age.as_nanos());
        seen.0.checked_add(age).ok().map(Time)
    }
}
