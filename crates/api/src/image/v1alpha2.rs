//! As [`v1alpha1`], but for the automation, which took its present shape.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::v1::{GitCheckout, SourceKind, Update};
use super::v1alpha1;
pub use super::v1alpha1::{ImagePolicyStatus, ImageRepositoryStatus, Push};
pub use super::v1beta1::{GitCommit, ImageUpdateAutomationStatus};
use crate::{Duration, absent};

/// As in v1alpha1.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1alpha2",
    kind = "ImageRepository",
    plural = "imagerepositories",
    namespaced,
    status = "ImageRepositoryStatus",
    derive = "PartialEq",
    derive = "Default",
    deprecated = "v1alpha2 ImageRepository is deprecated, upgrade to v1",
    doc = "A container image repository whose tags are scanned at an interval.",
    printcolumn = r#"{"name":"Last scan","type":"string","jsonPath":".status.lastScanResult.scanTime"}"#,
    printcolumn = r#"{"name":"Tags","type":"string","jsonPath":".status.lastScanResult.tagCount"}"#
)]
#[serde(transparent)]
pub struct ImageRepositorySpec(pub v1alpha1::ImageRepositorySpec);

/// As in v1alpha1.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1alpha2",
    kind = "ImagePolicy",
    plural = "imagepolicies",
    namespaced,
    status = "ImagePolicyStatus",
    derive = "PartialEq",
    derive = "Default",
    deprecated = "v1alpha2 ImagePolicy is deprecated, upgrade to v1",
    doc = "A rule that selects one tag of an ImageRepository.",
    printcolumn = r#"{"name":"LatestImage","type":"string","jsonPath":".status.latestImage"}"#
)]
#[serde(transparent)]
pub struct ImagePolicySpec(pub v1alpha1::ImagePolicySpec);

/// Which Git repository to write the selected tags to, and how.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1alpha2",
    kind = "ImageUpdateAutomation",
    plural = "imageupdateautomations",
    namespaced,
    status = "ImageUpdateAutomationStatus",
    derive = "PartialEq",
    derive = "Default",
    deprecated = "v1alpha2 ImageUpdateAutomation is deprecated, upgrade to v1",
    doc = "Writes the tags that ImagePolicies select to the manifests in a Git repository.",
    printcolumn = r#"{"name":"Last run","type":"string","jsonPath":".status.lastAutomationRunTime"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ImageUpdateAutomationSpec {
    /// The GitRepository that gives access to the repository.
    pub source_ref: SourceReference,
    /// Checkout, commit and push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<GitSpec>,
    /// Longest time between two runs.
    pub interval: Duration,
    /// Which files are updated, and how.
    #[serde(default)]
    pub update: Update,
    /// Whether runs are suspended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
}

/// A source in the automation's namespace.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SourceReference {
    /// API version of the referent; not used.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub api_version: Option<String>,
    /// Kind of the referent.
    #[serde(default)]
    pub kind: SourceKind,
    /// Name of the referent.
    pub name: String,
}

/// What to check out, how to commit, where to push.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct GitSpec {
    /// What to check out; the GitRepository's `spec.ref` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout: Option<GitCheckout>,
    /// How to commit.
    pub commit: GitCommit,
    /// Where to push; back to the branch of the checkout where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<Push>,
}
