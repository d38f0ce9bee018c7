//! The first version: the automation still names branch, author and GitRepository its own way.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::v1::{ImagePolicyChoice, LocalObjectReference, TagFilter, Update};
pub use super::v1beta1::{
    ImagePolicyStatus, ImageRepositoryStatus, ImageUpdateAutomationStatus, SigningKey,
};
use crate::{Duration, absent};

/// Which repository to scan, how often, and with which credentials.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1alpha1",
    kind = "ImageRepository",
    plural = "imagerepositories",
    namespaced,
    status = "ImageRepositoryStatus",
    derive = "PartialEq",
    derive = "Default",
    deprecated = "v1alpha1 ImageRepository is deprecated, upgrade to v1",
    doc = "A container image repository whose tags are scanned at an interval.",
    printcolumn = r#"{"name":"Last scan","type":"string","jsonPath":".status.lastScanResult.scanTime"}"#,
    printcolumn = r#"{"name":"Tags","type":"string","jsonPath":".status.lastScanResult.tagCount"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ImageRepositorySpec {
    /// Name of the image repository, without scheme, tag and digest.
    pub image: String,
    /// Time between two scans.
    pub interval: Duration,
    /// Bound on one scan; the interval where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Secret with the registry credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Secret with a client certificate, a certificate authority, or both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Whether scans are suspended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
}

/// Which tag of a repository to select.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1alpha1",
    kind = "ImagePolicy",
    plural = "imagepolicies",
    namespaced,
    status = "ImagePolicyStatus",
    derive = "PartialEq",
    derive = "Default",
    deprecated = "v1alpha1 ImagePolicy is deprecated, upgrade to v1",
    doc = "A rule that selects one tag of an ImageRepository.",
    printcolumn = r#"{"name":"LatestImage","type":"string","jsonPath":".status.latestImage"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ImagePolicySpec {
    /// The repository, in the policy's namespace, whose tags are the candidates.
    pub image_repository_ref: LocalObjectReference,
    /// How candidates are ordered; the greatest is selected.
    pub policy: ImagePolicyChoice,
    /// Which tags are candidates at all; every tag where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_tags: Option<TagFilter>,
}

/// Which Git repository to write the selected tags to, and how.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1alpha1",
    kind = "ImageUpdateAutomation",
    plural = "imageupdateautomations",
    namespaced,
    status = "ImageUpdateAutomationStatus",
    derive = "PartialEq",
    derive = "Default",
    deprecated = "v1alpha1 ImageUpdateAutomation is deprecated, upgrade to v1",
    doc = "Writes the tags that ImagePolicies select to the manifests in a Git repository.",
    printcolumn = r#"{"name":"Last run","type":"string","jsonPath":".status.lastAutomationRunTime"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ImageUpdateAutomationSpec {
    /// Repository and branch to check out.
    pub checkout: Checkout,
    /// How to commit.
    pub commit: Commit,
    /// Where to push; back to the branch of the checkout where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<Push>,
    /// Longest time between two runs.
    pub interval: Duration,
    /// Which files are updated, and how.
    #[serde(default)]
    pub update: Update,
    /// Whether runs are suspended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
}

/// Repository and branch to check out.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Checkout {
    /// GitRepository in the automation's namespace.
    pub git_repository_ref: LocalObjectReference,
    /// Branch to check out.
    pub branch: String,
}

/// Author, signature and message of the commits.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// Name of the author.
    pub author_name: String,
    /// E-mail address of the author.
    pub author_email: String,
    /// OpenPGP key that signs the commits; unsigned where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<SigningKey>,
    /// Template of the message.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub message_template: Option<String>,
}

/// Where to push.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct Push {
    /// Branch to push to.
    pub branch: String,
}
