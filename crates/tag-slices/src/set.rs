use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use api::image::v1::ScanResult;
use api::repin::v1alpha1::ImageTagSliceSpec;
use image_ref::TagsTooLarge;

use crate::history::PackedHistory;
use crate::{Slice, TagHistory, revision};

/// The slices of one ImageRepository in the cluster. Clones share what is known of each.
#[derive(Clone, Debug, Default)]
pub struct SliceSet {
    /// By name. The map always has room for eleven values, and most repositories have one slice: they lie elsewhere.
    held: BTreeMap<String, Arc<Held>>,
}

/// What is known of one slice.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) resource_version: String,
    pub(crate) history: PackedHistory,
    /// Whether the object says it in the order and the grouping that [`Slice::spec`] writes.
    pub(crate) canonical: bool,
    /// The listing in which the slice was last seen.
    pub(crate) listing: u64,
}

/// Why slices do not add up to a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    /// Two slices claim the same stretch of the list.
    #[error("slices {first} and {second} overlap at tag {tag:?}: expected each tag in one slice")]
    Overlap {
        /// The slice that begins first.
        first: String,
        /// The slice that begins before the end of the first.
        second: String,
        /// Where the second begins.
        tag: String,
    },
    /// Together they exceed what a list can hold.
    #[error(transparent)]
    TooLarge(TagsTooLarge),
}

/// A write that brings a set of slices closer to another list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A slice of this name is not there.
    Create(Slice),
    /// The slice is there with another content.
    Replace {
        /// The new content.
        slice: Slice,
        /// The version that holds the old content; any other one must not be overwritten.
        resource_version: String,
    },
    /// The slice is no longer part of the list.
    Delete {
        /// Its name.
        name: String,
        /// The version that is known; any other one must not be deleted.
        resource_version: String,
    },
}

impl SliceSet {
    /// How many tags the slices hold together.
    pub fn tag_count(&self) -> usize {
        self.held.values().map(|held| held.history.len()).sum()
    }

    /// Name and resourceVersion of each slice: equal where nothing was written in between.
    pub fn versions(&self) -> impl Iterator<Item = (&str, &str)> {
        let held = self.held.iter();
        held.map(|(name, held)| (&**name, &*held.resource_version))
    }

    /// Whether there is no slice.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The list that the slices add up to. Whether it is complete, only the status can tell: see [`Self::complete`].
    pub fn assemble(&self) -> Result<TagHistory, SliceError> {
        let slices = self.in_order();
        for ((first, one), (second, other)) in slices.iter().zip(slices.iter().skip(1)) {
            let (last, next) = (one.tags().iter().next_back(), other.tags().get(0));
            if let Some(tag) = next.filter(|&next| last >= Some(next)) {
                return Err(SliceError::Overlap {
                    first: (*first).to_owned(),
                    second: (*second).to_owned(),
                    tag: tag.to_owned(),
                });
            }
        }
        TagHistory::from_ascending(slices.iter().flat_map(|(_, history)| history.iter()))
            .map_err(SliceError::TooLarge)
    }

    /// The list, if it is the one that the status speaks of: its count and its revision are equal. The list of a repository
    /// without tags is complete without a slice.
    pub fn complete(&self, status: &ScanResult) -> Option<TagHistory> {
        if i64::try_from(self.tag_count()) != Ok(status.tag_count) {
            return None;
        }
        let history = self.assemble().ok()?;
        (status.revision.as_deref() == Some(&*revision(history.tags()))).then_some(history)
    }

    /// Everything that the slices remember, also where they do not add up to a list because writing them was interrupted.
    /// Where two slices hold the same tag, the earlier time counts.
    pub fn remembered(&self) -> Result<TagHistory, TagsTooLarge> {
        let slices = self.in_order();
        let histories = slices.iter().map(|(_, history)| history);
        let mut entries: Vec<_> = histories.flat_map(TagHistory::iter).collect();
        entries.sort_unstable();
        entries.dedup_by_key(|(tag, _)| *tag);
        TagHistory::from_ascending(entries)
    }

    /// What to write so that the slices become `wanted`; equal content is left alone.
    ///
    /// Creations come first, then replacements, then deletions: whoever keeps to that order loses no tag's time, wherever
    /// it is interrupted.
    pub fn changes(&self, wanted: Vec<Slice>) -> Vec<Change> {
        let mut rest: HashMap<&str, &Held> = self
            .held
            .iter()
            .map(|(name, held)| (&**name, &**held))
            .collect();
        let (mut creations, mut replacements) = (Vec::new(), Vec::new());
        for slice in wanted {
            match rest.remove(&*slice.name) {
                None => creations.push(Change::Create(slice)),
                Some(held) if held.says(&slice) => {}
                Some(held) => replacements.push(Change::Replace {
                    slice,
                    resource_version: held.resource_version.clone(),
                }),
            }
        }
        let deletions = rest.into_iter().map(|(name, held)| Change::Delete {
            name: name.to_owned(),
            resource_version: held.resource_version.clone(),
        });
        creations
            .into_iter()
            .chain(replacements)
            .chain(deletions)
            .collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Held> {
        self.held.get(name).map(|held| &**held)
    }

    pub(crate) fn insert(&mut self, name: String, held: Held) {
        self.held.insert(name, Arc::new(held));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.held.remove(name);
    }

    /// Drops the slices for which `keep` is false; whether there were any.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Held) -> bool) -> bool {
        let before = self.held.len();
        self.held.retain(|_, held| keep(held));
        self.held.len() < before
    }

    pub(crate) fn touch(&mut self, name: &str, listing: u64) {
        if let Some(held) = self.held.get_mut(name) {
            Arc::make_mut(held).listing = listing;
        }
    }

    /// Names and contents of the slices in the order of their tags.
    fn in_order(&self) -> Vec<(&str, TagHistory)> {
        let held = self.held.iter();
        let mut slices: Vec<_> = held
            .map(|(name, held)| (&**name, held.history.unpack()))
            .collect();
        slices.sort_by(|(_, one), (_, other)| one.tags().get(0).cmp(&other.tags().get(0)));
        slices
    }
}

impl Held {
    /// Reads the content of a slice. An object is far smaller than what a list can hold.
    pub(crate) fn read(spec: &ImageTagSliceSpec, resource_version: &str, listing: u64) -> Self {
        let history = TagHistory::from_observations(&spec.observations).unwrap_or_default();
        Self {
            resource_version: resource_version.to_owned(),
            canonical: is_canonical(spec, history.tags().len()),
            history: PackedHistory::new(&history),
            listing,
        }
    }

    /// Whether the object is as it would be written for this slice.
    fn says(&self, slice: &Slice) -> bool {
        self.canonical && self.history == PackedHistory::new(&slice.history)
    }
}

/// Whether `spec`, which names `count` different tags, is what [`Slice::spec`] writes of them: each once, in groups of
/// ascending times and in ascending order.
fn is_canonical(spec: &ImageTagSliceSpec, count: usize) -> bool {
    let groups = &spec.observations;
    let named: usize = groups.iter().map(|one| one.tags.len()).sum();
    named == count
        && i64::try_from(count) == Ok(spec.tag_count)
        && groups.iter().all(|one| !one.tags.is_empty())
        && groups.is_sorted_by(|one, other| one.first_seen < other.first_seen)
        && groups.iter().all(|one| one.tags.is_sorted())
}

#[cfg(test)]
mod tests;
