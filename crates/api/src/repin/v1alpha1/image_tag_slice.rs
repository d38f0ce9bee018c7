use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Time;

/// The most tags that one slice holds.
pub const MAX_TAGS: usize = 1000;

/// A run of a repository's sorted tag list.
///
/// A slice is owned by its ImageRepository and carries its name as the label
/// `repin.dev/image-repository`. All slices of a repository together hold each tag once. They are to
/// be trusted only when their count and checksum equal `status.lastScanResult` of the repository.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "repin.dev",
    version = "v1alpha1",
    kind = "ImageTagSlice",
    plural = "imagetagslices",
    namespaced,
    derive = "PartialEq",
    derive = "Default",
    category = "repin",
    doc = "A run of the sorted tag list of an ImageRepository, written by registry-scanner.",
    printcolumn = r#"{"name":"Repository","type":"string","jsonPath":".metadata.ownerReferences[0].name"}"#,
    printcolumn = r#"{"name":"Tags","type":"integer","jsonPath":".spec.tagCount"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ImageTagSliceSpec {
    /// How many tags the slice holds.
    #[schemars(range(min = 0, max = MAX_TAGS))]
    pub tag_count: i64,
    /// The tags, grouped by when they were first seen, oldest first.
    #[schemars(length(max = MAX_TAGS))]
    pub observations: Vec<Observation>,
}

/// Tags that one scan saw for the first time.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// When the scan ended; absent for the tags of the repository's first complete scan, which
    /// count as old enough for every minimum age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Time>,
    /// The tags in ascending byte order.
    #[schemars(length(max = MAX_TAGS))]
    pub tags: Vec<String>,
}
