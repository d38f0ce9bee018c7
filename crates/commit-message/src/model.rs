//! What a commit message can talk about.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// The data of one commit, filled by the caller from the edits it is about to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// The automation that makes the commit: `.AutomationObject`.
    pub automation: NamespacedName,
    /// File name (relative to the automation's `update.path`) → object → changes in file order:
    /// `.Changed.FileChanges`, and with [`images`](Self::images) the older `.Updated.Files`.
    pub files: BTreeMap<String, BTreeMap<ObjectId, Vec<Change>>>,
    /// One image per policy whose markers changed something. It is tied to a change by the policy that
    /// [`Change::setter`] names; an image no change names does not appear in `.Updated`.
    pub images: Vec<Image>,
    /// The automation's `messageTemplateValues`: `.Values`.
    pub values: BTreeMap<String, String>,
}

/// A namespaced Kubernetes name. Prints as `namespace/name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespacedName {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// The object a change belongs to. Sorts as Flux's templates list it: by API version, kind, name, namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// For example `apps/v1`.
    pub api_version: String,
    /// For example `Deployment`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The object's namespace as the manifest says it, empty when it does not.
    pub namespace: String,
}

/// One marked value that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// The value before the change; can be empty.
    pub old_value: String,
    /// The value after the change.
    pub new_value: String,
    /// The setter the marker names: `namespace:policy`, or with a part `namespace:policy:tag`.
    pub setter: String,
}

impl Change {
    /// The policy that the setter names: its first two parts.
    pub(crate) fn policy(&self) -> Option<(&str, &str)> {
        let mut parts = self.setter.splitn(3, ':');
        Some((parts.next()?, parts.next()?))
    }
}

/// The image a policy selected.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Image {
    /// The reference as it was written into the manifests, `name:tag[@digest]`. What the image prints as.
    pub reference: String,
    /// The registry's host, for example `index.docker.io`.
    pub registry: String,
    /// The repository within the registry, for example `library/alpine`.
    pub repository: String,
    /// The fully qualified reference, for example `index.docker.io/library/alpine:3.20`.
    pub name: String,
    /// The tag or digest, for example `3.20`.
    pub identifier: String,
    /// The policy that selected it.
    pub policy: NamespacedName,
}

/// The clock and the randomness a template sees. Equal surroundings give equal messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The time that `ago` and `durationRound` measure from.
    pub now: DateTime<Utc>,
    /// What `shuffle` and `randInt` draw from.
    pub seed: u64,
}

/// Every change, by file, object and position.
pub(crate) fn all_changes(model: &Model) -> impl Iterator<Item = &Change> {
    model.files.values().flat_map(BTreeMap::values).flatten()
}

/// The changes of each object over all files.
pub(crate) fn merged_objects(model: &Model) -> BTreeMap<&ObjectId, Vec<&Change>> {
    let mut merged: BTreeMap<&ObjectId, Vec<&Change>> = BTreeMap::new();
    for (id, changes) in model.files.values().flatten() {
        merged.entry(id).or_default().extend(changes);
    }
    merged
}
