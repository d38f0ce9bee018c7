mod packed;

use std::collections::BTreeMap;
use std::time::Duration;

use api::Time;
use api::repin::v1alpha1::Observation;
use image_ref::{Tags, TagsBuilder, TagsTooLarge};
use k8s_openapi::jiff::{SignedDuration, Timestamp};

pub(crate) use self::packed::PackedHistory;

/// A complete tag list with the memory of when each tag was first seen.
///
/// Tags of the first complete scan have no such time: how old they are is not known, and they count as old enough for
/// every minimum age. Beyond the list itself, a tag costs four bytes, and none where no tag has a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagHistory {
    tags: Tags,
    /// The times that occur, ascending, each once.
    times: Vec<Time>,
    /// Per tag: 0 for no time, else one more than the index of its time. Empty where `times` is.
    seen: Vec<u32>,
}

/// The tags of a list that have reached a minimum age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aged {
    /// Those that have reached it.
    pub old_enough: Tags,
    /// How many have not.
    pub too_young: usize,
    /// When the first of those reaches it.
    pub next: Option<Time>,
}

impl TagHistory {
    /// The history after the first complete scan: no tag has a time.
    pub fn first(tags: Tags) -> Self {
        Self {
            tags,
            ..Self::default()
        }
    }

    /// The history after a further complete scan that ended at `now`.
    ///
    /// Known tags keep their time, new ones get `now` in whole seconds, and those that have vanished are forgotten. A clock
    /// that was set back moves nothing back: no new tag counts as seen before one that is known.
    #[must_use]
    pub fn next(&self, tags: Tags, now: &Time) -> Self {
        let now = whole_seconds(now);
        let noted = self
            .times
            .last()
            .map_or_else(|| now.clone(), |last| last.max(&now).clone());
        let mut known = self.iter().peekable();
        let seen: Vec<_> = tags
            .iter()
            .map(|tag| {
                while known.next_if(|(other, _)| *other < tag).is_some() {}
                known
                    .next_if(|(other, _)| *other == tag)
                    .map_or(Some(&noted), |(_, time)| time)
            })
            .collect();
        let (times, seen) = numbered(&seen);
        Self { tags, times, seen }
    }

    /// Reads observations; the tags of each may come in any order. Where two name the same tag, the earlier one counts.
    pub fn from_observations(observations: &[Observation]) -> Result<Self, TagsTooLarge> {
        let mut entries: Vec<_> = observations
            .iter()
            .flat_map(|one| {
                one.tags
                    .iter()
                    .map(|tag| (tag.as_str(), one.first_seen.as_ref()))
            })
            .collect();
        entries.sort_unstable();
        entries.dedup_by_key(|(tag, _)| *tag);
        Self::from_ascending(entries)
    }

    /// Collects tags that come in ascending order, each once.
    pub(crate) fn from_ascending<'a>(
        entries: impl IntoIterator<Item = (&'a str, Option<&'a Time>)>,
    ) -> Result<Self, TagsTooLarge> {
        let (mut tags, mut seen) = (TagsBuilder::new(), Vec::new());
        for (tag, time) in entries {
            tags.push(tag)?;
            seen.push(time);
        }
        let (times, seen) = numbered(&seen);
        let tags = tags.finish();
        Ok(Self { tags, times, seen })
    }

    /// The list in groups of tags first seen at the same time: those without a time first, then the oldest first. The tags
    /// of a group are in ascending byte order.
    pub fn observations(&self) -> Vec<Observation> {
        let mut groups: Vec<Vec<String>> = vec![Vec::new(); self.times.len() + 1];
        for (index, tag) in self.tags.iter().enumerate() {
            groups[self.group(index)].push(tag.to_owned());
        }
        let times = std::iter::once(None).chain(self.times.iter().cloned().map(Some));
        times
            .zip(groups)
            .filter(|(_, tags)| !tags.is_empty())
            .map(|(first_seen, tags)| Observation { first_seen, tags })
            .collect()
    }

    /// The list.
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The list without the memory.
    pub fn into_tags(self) -> Tags {
        self.tags
    }

    /// Whether any tag has a time: at least two scans were complete.
    pub fn has_times(&self) -> bool {
        !self.times.is_empty()
    }

    /// When this very tag was first seen: `None` for a tag that is not in the list, `Some(None)` for one of the first
    /// complete scan.
    pub fn first_seen(&self, tag: &str) -> Option<Option<&Time>> {
        let (mut low, mut high) = (0, self.tags.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.tags.get(middle)? < tag {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (self.tags.get(low)? == tag).then(|| self.time(low))
    }

    /// Which tags are at least `minimum_age` old at `now`.
    ///
    /// An age beyond the end of time (9999) is never reached, and has no `next`.
    pub fn aged(&self, minimum_age: Duration, now: &Time) -> Aged {
        let reached: Vec<Option<Time>> = self
            .times
            .iter()
            .map(|time| later(time, minimum_age))
            .collect();
        let young = |index: usize| match self.group(index).checked_sub(1) {
            Some(time) => reached[time].as_ref().is_none_or(|reached| reached > now),
            None => false,
        };
        let mut index = 0;
        let old_enough = self.tags.clone().retain(|_| {
            index += 1;
            !young(index - 1)
        });
        Aged {
            too_young: self.tags.len() - old_enough.len(),
            next: reached
                .iter()
                .flatten()
                .find(|reached| *reached > now)
                .cloned(),
            old_enough,
        }
    }

    /// The tags with their times, in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<&Time>)> {
        let tags = self.tags.iter().enumerate();
        tags.map(|(index, tag)| (tag, self.time(index)))
    }

    /// The tags of a range of positions, with their times.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Self {
        let entries = range.filter_map(|index| Some((self.tags.get(index)?, self.time(index))));
        Self::from_ascending(entries).expect("a part is not larger than the whole")
    }

    fn time(&self, index: usize) -> Option<&Time> {
        self.group(index)
            .checked_sub(1)
            .map(|time| &self.times[time])
    }

    /// Number of the group of observations that the tag at an index belongs to; 0 is the one without a time.
    fn group(&self, index: usize) -> usize {
        self.seen.get(index).map_or(0, |&number| number as usize)
    }
}

/// The times that occur, ascending, and for each entry the number of its time.
fn numbered(seen: &[Option<&Time>]) -> (Vec<Time>, Vec<u32>) {
    let mut numbers: BTreeMap<&Time, u32> = BTreeMap::new();
    for &time in seen.iter().flatten() {
        numbers.entry(time).or_default();
    }
    if numbers.is_empty() {
        return (Vec::new(), Vec::new());
    }
    for (number, known) in (1..).zip(numbers.values_mut()) {
        *known = number;
    }
    let seen = seen.iter().map(|time| time.map_or(0, |time| numbers[time]));
    let seen = seen.collect();
    (numbers.into_keys().cloned().collect(), seen)
}

fn whole_seconds(time: &Time) -> Time {
    let seconds = time.0.as_second();
    Timestamp::from_second(seconds).map_or_else(|_| time.clone(), Time)
}

fn later(time: &Time, by: Duration) -> Option<Time> {
    let by = SignedDuration::try_from(by).ok()?;
    time.0.checked_add(by).ok().map(Time)
}

#[cfg(test)]
mod tests;
