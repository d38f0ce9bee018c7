use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AccessFrom;
use crate::{Condition, Duration, absent, schema};

/// Which tag of a repository to select.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1",
    kind = "ImagePolicy",
    plural = "imagepolicies",
    namespaced,
    status = "ImagePolicyStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "imgpol",
    shortname = "imagepol",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-images",
    doc = "A rule that selects one tag of an ImageRepository.",
    printcolumn = r#"{"name":"Image","type":"string","jsonPath":".status.latestRef.name"}"#,
    printcolumn = r#"{"name":"Tag","type":"string","jsonPath":".status.latestRef.tag"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = schema::rules(&[
    (
        "!has(self.interval) || (has(self.digestReflectionPolicy) && self.digestReflectionPolicy == 'Always')",
        "spec.interval is only accepted when spec.digestReflectionPolicy is set to 'Always'",
    ),
    (
        "has(self.interval) || !has(self.digestReflectionPolicy) || self.digestReflectionPolicy != 'Always'",
        "spec.interval must be set when spec.digestReflectionPolicy is set to 'Always'",
    ),
])))]
pub struct ImagePolicySpec {
    /// The repository whose tags are the candidates.
    pub image_repository_ref: ImageRepositoryReference,
    /// How candidates are ordered; the greatest is selected.
    pub policy: ImagePolicyChoice,
    /// Which tags are candidates at all; every tag where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_tags: Option<TagFilter>,
    /// When the digest of the selected tag is looked up.
    #[serde(default)]
    pub digest_reflection_policy: DigestReflectionPolicy,
    /// Time between two look-ups of the digest; set exactly when the policy is `Always`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub interval: Option<Duration>,
    /// Whether evaluation is suspended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
    /// Repin's addition: a tag becomes a candidate once it has been seen for this long. Tags that
    /// the repository's first scan found count as old enough. Without it, or at zero, every tag is
    /// a candidate at once. Also accepted as the annotation `repin.dev/minimum-age`; where both are
    /// set they must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub minimum_age: Option<Duration>,
    /// Repin's addition: whether a selected tag may be replaced by one that the policy orders lower,
    /// which happens when the higher tag vanishes or the rules change. Absent means `Allow`. Also
    /// accepted as the annotation `repin.dev/downgrade-policy`; where both are set they must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DowngradePolicy")]
    pub downgrade_policy: Option<DowngradePolicy>,
    /// Repin's addition: other namespaces whose ImageUpdateAutomations may use this policy in their
    /// markers. Without it only automations of the policy's own namespace may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
}

/// Name of an ImageRepository.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageRepositoryReference {
    /// Name of the ImageRepository.
    pub name: String,
    /// Its namespace; the policy's own where absent.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub namespace: Option<String>,
}

/// The order of the candidates.
///
/// Several members may be set: `semver` wins over `alphabetical`, and that over `numerical`. An
/// object without any is accepted by the schema and stalls when it is evaluated.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct ImagePolicyChoice {
    /// Semantic versions within a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver: Option<SemverPolicy>,
    /// Byte order of the tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alphabetical: Option<AlphabeticalPolicy>,
    /// Order of the tags as numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numerical: Option<NumericalPolicy>,
}

/// Selects the highest semantic version within a range.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct SemverPolicy {
    /// Range in the syntax of Masterminds/semver, such as `>=1.0.0 <2.0.0`.
    pub range: String,
}

/// Selects the last tag in alphabetical order.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct AlphabeticalPolicy {
    /// `asc` selects Z out of the letters, `desc` selects A.
    #[serde(default)]
    pub order: Order,
}

/// Selects the last tag in numerical order.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct NumericalPolicy {
    /// `asc` selects 9 out of the digits, `desc` selects 0.
    #[serde(default)]
    pub order: Order,
}

/// Direction of an order.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Order {
    /// The greatest is selected; the default.
    #[default]
    Asc,
    /// The smallest is selected.
    Desc,
}

/// Narrows the candidates by a regular expression.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct TagFilter {
    /// Regular expression (RE2) that a candidate matches.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub pattern: Option<String>,
    /// Text made of the match's groups, `$name` or `${1}`, that is ordered instead of the tag.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub extract: Option<String>,
}

/// When the digest of the selected tag is looked up.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(inline)]
pub enum DigestReflectionPolicy {
    /// At every interval.
    Always,
    /// Once for each selected tag.
    IfNotPresent,
    /// Not at all; the default.
    #[default]
    Never,
}

/// Whether a selected tag may be replaced by a lower one.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(inline)]
pub enum DowngradePolicy {
    /// It may, as in Flux.
    #[default]
    Allow,
    /// The current selection is kept and the status says so.
    Refuse,
}

/// What the last passes observed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ImagePolicyStatus {
    /// The selected image; kept when a later pass fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_ref: Option<ImageRef>,
    /// The image that was selected before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_previous_ref: Option<ImageRef>,
    /// The last generation that ended Ready or Stalled; -1 before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling and Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Value of the last `reconcile.fluxcd.io/requestedAt` annotation that was acted on.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_handled_reconcile_at: Option<String>,
}

/// One image out of a repository.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// Name of the image as the ImageRepository writes it, not made canonical.
    pub name: String,
    /// Its tag.
    pub tag: String,
    /// Its digest, where the policy reflects one.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub digest: Option<String>,
}

impl std::fmt::Display for ImageRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.name, self.tag)?;
        self.digest
            .iter()
            .try_for_each(|digest| write!(f, "@{digest}"))
    }
}
