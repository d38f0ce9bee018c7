//! Without providers, digests and policy selectors; cross-namespace references exist.

mod image_update_automation;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::image_update_automation::{
    GitCommit, GitPush, GitSpec, ImageUpdateAutomation, ImageUpdateAutomationSpec,
    ImageUpdateAutomationStatus, SigningKey, SourceReference, Update,
};
use super::v1::{
    AccessFrom, ImagePolicyChoice, ImageRepositoryReference, LocalObjectReference, TagFilter,
};
use crate::{Condition, Duration, Time, absent, schema};

/// Which repository to scan, how often, and with which credentials.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1beta1",
    kind = "ImageRepository",
    plural = "imagerepositories",
    namespaced,
    status = "ImageRepositoryStatus",
    derive = "PartialEq",
    derive = "Default",
    deprecated = "v1beta1 ImageRepository is deprecated, upgrade to v1",
    doc = "A container image repository whose tags are scanned at an interval.",
    printcolumn = r#"{"name":"Last scan","type":"string","jsonPath":".status.lastScanResult.scanTime"}"#,
    printcolumn = r#"{"name":"Tags","type":"string","jsonPath":".status.lastScanResult.tagCount"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ImageRepositorySpec {
    /// Name of the image repository, without scheme, tag and digest.
    pub image: String,
    /// Time between two scans.
    #[schemars(schema_with = "schema::duration")]
    pub interval: Duration,
    /// Bound on one scan; the interval where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration_without_hours")]
    pub timeout: Option<Duration>,
    /// Secret with the registry credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// ServiceAccount whose pull secrets are used.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(max = 253))]
    pub service_account_name: Option<String>,
    /// Secret with a client certificate, a certificate authority, or both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Whether scans are suspended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
    /// Other namespaces whose ImagePolicies may refer to this repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
    /// Regular expressions; a tag that one of them matches is dropped from the scan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 25))]
    pub exclusion_list: Vec<String>,
}

/// What the last passes observed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ImageRepositoryStatus {
    /// Ready, Reconciling and Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// The last generation reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The scanned name with everything implied written out.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub canonical_image_name: Option<String>,
    /// The last complete scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scan_result: Option<ScanResult>,
    /// Value of the last `reconcile.fluxcd.io/requestedAt` annotation that was acted on.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_handled_reconcile_at: Option<String>,
}

/// What a complete scan found.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ScanResult {
    /// How many tags the repository holds.
    #[schemars(schema_with = "schema::integer")]
    pub tag_count: i64,
    /// When the scan ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_time: Option<Time>,
}

/// Which tag of a repository to select.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1beta1",
    kind = "ImagePolicy",
    plural = "imagepolicies",
    namespaced,
    status = "ImagePolicyStatus",
    derive = "PartialEq",
    derive = "Default",
    deprecated = "v1beta1 ImagePolicy is deprecated, upgrade to v1",
    doc = "A rule that selects one tag of an ImageRepository.",
    printcolumn = r#"{"name":"LatestImage","type":"string","jsonPath":".status.latestImage"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ImagePolicySpec {
    /// The repository whose tags are the candidates.
    pub image_repository_ref: ImageRepositoryReference,
    /// How candidates are ordered; the greatest is selected.
    pub policy: ImagePolicyChoice,
    /// Which tags are candidates at all; every tag where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_tags: Option<TagFilter>,
}

/// What the last passes observed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ImagePolicyStatus {
    /// The selected image: name, tag and, where one is reflected, digest.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub latest_image: Option<String>,
    /// The last generation reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling and Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
}
