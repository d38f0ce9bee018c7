use std::collections::HashMap;

use api::repin::v1alpha1::ImageTagSlice;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::ResourceExt as _;

use crate::set::Held;
use crate::{Change, Slice, SliceSet};

/// What is known of the slices in the cluster, compactly, by the uid of the ImageRepository that owns them.
///
/// Fed by a watch, and by the answers to the writes of this process, which may overtake it: an older version of a slice
/// never replaces a newer one. Slices that no ImageRepository owns belong to nobody's list; only their names count, as taken.
#[derive(Debug, Default)]
pub struct SliceIndex {
    sets: HashMap<String, SliceSet>,
    owners: HashMap<Key, Owner>,
    /// Slices that this process has deleted, until the watch has seen it.
    deleted: HashMap<Key, Deleted>,
    /// Number of the listing that is under way or was the last.
    listing: u64,
    listed: bool,
}

/// Namespace and name of a slice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    namespace: String,
    name: String,
}

/// A slice that this process has deleted.
#[derive(Clone, Debug)]
struct Deleted {
    /// The last version known.
    version: String,
    /// The listing in which it was deleted.
    listing: u64,
}

/// The ImageRepository whose slices have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

impl SliceIndex {
    /// An index that knows of no slice.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the slices have been listed completely once.
    pub fn is_listed(&self) -> bool {
        self.listed
    }

    /// The slices that the ImageRepository of this uid owns; `None` where there are none.
    pub fn set(&self, owner_uid: &str) -> Option<&SliceSet> {
        self.sets.get(owner_uid).filter(|_| !owner_uid.is_empty())
    }

    /// What to write so that the slices of `owner` become `wanted`, in the order of [`SliceSet::changes`]. A slice of such a
    /// name that another one owns, left from a repository of the same name, is replaced.
    pub fn changes(&self, owner: &Owner, wanted: Vec<Slice>) -> Vec<Change> {
        let none = SliceSet::default();
        let changes = self
            .set(&owner.uid)
            .unwrap_or(&none)
            .changes(wanted)
            .into_iter();
        let replaced = |change| match change {
            Change::Create(slice) => match self.held(&Key::new(&owner.namespace, &slice.name)) {
                Some(held) => Change::Replace {
                    slice,
                    resource_version: held.resource_version.clone(),
                },
                None => Change::Create(slice),
            },
            Change::Replace { .. } | Change::Delete { .. } => change,
        };
        changes.map(replaced).collect()
    }

    /// Takes in a slice as the watch or the answer to a write shows it; the owner whose slices have changed by it.
    pub fn apply(&mut self, slice: &ImageTagSlice) -> Option<Owner> {
        let (key, version) = (Key::of(slice), slice.resource_version().unwrap_or_default());
        if self
            .deleted
            .get(&key)
            .is_some_and(|last| !newer(&version, &last.version))
        {
            return None;
        }
        self.deleted.remove(&key);
        if self.is_known(&key, &version) {
            return None;
        }
        let owner = owner(slice);
        let held = Held::read(&slice.spec, &version, self.listing);
        let left = self.remove(&key);
        self.owners.insert(key.clone(), owner.clone());
        let set = self.sets.entry(owner.uid.clone()).or_default();
        set.insert(key.name, held);
        if owner.is_somebody() {
            Some(owner)
        } else {
            left
        }
    }

    /// Takes in that the watch saw a slice go; the owner whose slices have changed by it.
    pub fn delete(&mut self, slice: &ImageTagSlice) -> Option<Owner> {
        let (key, version) = (Key::of(slice), slice.resource_version().unwrap_or_default());
        self.deleted.remove(&key);
        let newer_is_held = self
            .held(&key)
            .is_some_and(|held| newer(&held.resource_version, &version));
        if newer_is_held {
            None
        } else {
            self.remove(&key)
        }
    }

    /// Takes in that this process has deleted a slice whose last version was `resource_version`. Where the watch has seen
    /// it first there is nothing left to do.
    pub fn deleted(&mut self, namespace: &str, name: &str, resource_version: &str) {
        let key = Key::new(namespace, name);
        let is_held = self
            .held(&key)
            .is_some_and(|held| !newer(&held.resource_version, resource_version));
        if is_held {
            self.remove(&key);
            let deleted = Deleted {
                version: resource_version.to_owned(),
                listing: self.listing,
            };
            self.deleted.insert(key, deleted);
        }
    }

    /// Begins a complete listing: each slice of it is to be applied, then comes [`Self::finish`].
    pub fn begin(&mut self) {
        self.listing += 1;
    }

    /// Ends a complete listing: what was not seen since [`Self::begin`] is gone. The owners whose slices have changed by it.
    pub fn finish(&mut self) -> Vec<Owner> {
        let listing = self.listing;
        self.listed = true;
        // What was deleted since the listing began may have been part of it: the watch is still to show that it is gone.
        self.deleted.retain(|_, deleted| deleted.listing == listing);
        let shrunk: Vec<String> = self
            .sets
            .iter_mut()
            .filter_map(|(uid, set)| {
                set.retain(|held| held.listing == listing)
                    .then(|| uid.clone())
            })
            .collect();
        let mut changed: Vec<Owner> = Vec::new();
        for uid in shrunk.iter().filter(|uid| !uid.is_empty()) {
            changed.extend(
                self.owners
                    .values()
                    .find(|owner| owner.uid == *uid)
                    .cloned(),
            );
        }
        self.sets.retain(|_, set| !set.is_empty());
        let sets = &self.sets;
        self.owners.retain(|key, owner| {
            sets.get(&owner.uid)
                .is_some_and(|set| set.get(&key.name).is_some())
        });
        changed
    }

    /// Whether this version or a newer one is held already. What was not seen yet in the listing under way may have any
    /// version: a restored cluster counts from an earlier number.
    fn is_known(&mut self, key: &Key, version: &str) -> bool {
        let listing = self.listing;
        let known = self.held(key).is_some_and(|held| {
            held.resource_version == version
                || (held.listing == listing && !newer(version, &held.resource_version))
        });
        if known
            && let Some(owner) = self.owners.get(key)
            && let Some(set) = self.sets.get_mut(&owner.uid)
        {
            set.touch(&key.name, listing);
        }
        known
    }

    fn held(&self, key: &Key) -> Option<&Held> {
        let owner = self.owners.get(key)?;
        self.sets.get(&owner.uid)?.get(&key.name)
    }

    /// Forgets a slice; the owner that has lost it.
    fn remove(&mut self, key: &Key) -> Option<Owner> {
        let owner = self.owners.remove(key)?;
        if let Some(set) = self.sets.get_mut(&owner.uid) {
            set.remove(&key.name);
            if set.is_empty() {
                self.sets.remove(&owner.uid);
            }
        }
        Some(owner).filter(Owner::is_somebody)
    }
}

impl Owner {
    fn is_somebody(&self) -> bool {
        !self.uid.is_empty()
    }
}

impl Key {
    fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    fn of(slice: &ImageTagSlice) -> Self {
        Self::new(&slice.namespace().unwrap_or_default(), &slice.name_any())
    }
}

/// The ImageRepository that owns a slice; without a uid where none does.
fn owner(slice: &ImageTagSlice) -> Owner {
    let group = format!("{}/", api::image::GROUP);
    let is_repository = |reference: &&OwnerReference| {
        reference.kind == "ImageRepository" && reference.api_version.starts_with(&group)
    };
    let reference = slice.owner_references().iter().find(is_repository);
    reference.map_or_else(Owner::default, |reference| Owner {
        namespace: slice.namespace().unwrap_or_default(),
        name: reference.name.clone(),
        uid: reference.uid.clone(),
    })
}

/// Whether `version` is newer than `other`. Versions that are no numbers cannot be compared: the later to arrive counts.
fn newer(version: &str, other: &str) -> bool {
    match (version.parse::<u64>(), other.parse::<u64>()) {
        (Ok(version), Ok(other)) => version > other,
        _ => version != other,
    }
}

#[cfg(test)]
mod tests;
