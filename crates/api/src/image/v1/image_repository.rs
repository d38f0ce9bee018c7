use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccessFrom, LocalObjectReference};
use crate::{Condition, Duration, Time, absent, schema};

/// The exclusion list of a repository that names none: cosign's signature tags.
pub const DEFAULT_EXCLUSION: &str = r"^.*\.sig$";

/// Which repository to scan, how often, and with which credentials.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1",
    kind = "ImageRepository",
    plural = "imagerepositories",
    namespaced,
    status = "ImageRepositoryStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "imgrepo",
    shortname = "imagerepo",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-images",
    doc = "A container image repository whose tags are scanned at an interval.",
    printcolumn = r#"{"name":"Image","type":"string","jsonPath":".spec.image"}"#,
    printcolumn = r#"{"name":"Tags","type":"string","jsonPath":".status.lastScanResult.tagCount"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message"}"#,
    printcolumn = r#"{"name":"Last scan","type":"string","jsonPath":".status.lastScanResult.scanTime","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ImageRepositorySpec {
    /// Name of the image repository, without scheme, tag and digest.
    pub image: String,
    /// Time between two scans.
    #[schemars(schema_with = "schema::duration")]
    pub interval: Duration,
    /// Bound on one scan, credentials included; the interval where absent, and never below a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration_without_hours")]
    pub timeout: Option<Duration>,
    /// Secret with the registry credentials, as `kubectl create secret docker-registry` makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Secret with the keys `address`, `username` and `password` of a proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// ServiceAccount whose pull secrets are used, or whose identity where a provider is set.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(max = 253))]
    pub service_account_name: Option<String>,
    /// Secret with `tls.crt` and `tls.key` (client certificate), `ca.crt`, or all three.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Whether scans are suspended; a scan under way is finished.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
    /// Other namespaces whose ImagePolicies may refer to this repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
    /// Regular expressions (RE2); a tag that one of them matches is dropped from the scan.
    #[serde(default = "default_exclusion_list")]
    #[schemars(length(max = 25))]
    pub exclusion_list: Vec<String>,
    /// Who issues the registry credentials.
    #[serde(default)]
    pub provider: Provider,
    /// Whether the registry is spoken to over plain HTTP.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insecure: bool,
}

fn default_exclusion_list() -> Vec<String> {
    vec![DEFAULT_EXCLUSION.to_owned()]
}

impl ImageRepositorySpec {
    /// The bound on one scan: `timeout`, else the interval, and at least a second.
    pub fn timeout(&self) -> Duration {
        self.timeout
            .unwrap_or(self.interval)
            .max(Duration::from_secs(1))
    }

    /// The exclusion list in effect: an empty one acts as the default one.
    pub fn effective_exclusion_list(&self) -> Vec<String> {
        if self.exclusion_list.is_empty() {
            default_exclusion_list()
        } else {
            self.exclusion_list.clone()
        }
    }
}

/// Who issues the credentials of a registry.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Provider {
    /// Secrets; the default.
    #[default]
    Generic,
    /// Amazon Elastic Container Registry.
    Aws,
    /// Azure Container Registry.
    Azure,
    /// Google Artifact Registry and Container Registry.
    Gcp,
}

/// What the last passes observed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ImageRepositoryStatus {
    /// Ready, Reconciling and Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// The last generation that ended Ready or Stalled; -1 before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The scanned name with everything implied written out: `index.docker.io/library/alpine`.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub canonical_image_name: Option<String>,
    /// The last complete scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scan_result: Option<ScanResult>,
    /// The exclusion list in effect at the last complete scan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed_exclusion_list: Vec<String>,
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
    /// `sha256:` over the sorted tags, each followed by a newline.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub revision: Option<String>,
    /// How many tags the repository holds after the exclusion list.
    #[schemars(schema_with = "schema::integer")]
    pub tag_count: i64,
    /// When the scan ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_time: Option<Time>,
    /// The first ten tags in descending byte order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latest_tags: Vec<String>,
}
