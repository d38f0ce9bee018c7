//! The stored version of the Receiver.

use std::collections::BTreeMap;
use std::fmt;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::image::v1::LocalObjectReference;
use crate::{Condition, Duration, absent, schema};

/// Which senders may ask for the reconciliation of which objects.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "notification.toolkit.fluxcd.io",
    version = "v1",
    kind = "Receiver",
    plural = "receivers",
    namespaced,
    status = "ReceiverStatus",
    derive = "PartialEq",
    derive = "Default",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-notifications",
    annotation("kustomize.toolkit.fluxcd.io/substitute", "disabled"),
    doc = "An address that registries and forges call to have objects reconciled at once.",
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message"}"#
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = schema::rules(&[
    (
        "self.type != 'generic-oidc' || (has(self.oidcProviders) && size(self.oidcProviders) > 0)",
        "generic-oidc receivers must define at least one oidcProvider",
    ),
    (
        "self.type == 'generic-oidc' || !has(self.oidcProviders) || size(self.oidcProviders) == 0",
        "oidcProviders can only be set when type is generic-oidc",
    ),
    (
        "self.type != 'generic-oidc' || !has(self.secretRef)",
        "secretRef cannot be set when type is generic-oidc",
    ),
    (
        "self.type == 'generic-oidc' || has(self.secretRef)",
        "secretRef is required when type is not generic-oidc",
    ),
])))]
pub struct ReceiverSpec {
    /// The sender, which says how a call is authenticated and read.
    #[serde(rename = "type")]
    pub receiver_type: ReceiverType,
    /// How often the Secret is read again.
    #[serde(default = "default_interval")]
    #[schemars(schema_with = "schema::duration", extend("default" = "10m"))]
    pub interval: Duration,
    /// Event names that are acted on; every event where empty. For GitHub, GitLab, Bitbucket and
    /// CDEvents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// The objects to reconcile.
    pub resources: Vec<ResourceReference>,
    /// CEL expression over the object and the call; an object it is false for is left alone.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource_filter: Option<String>,
    /// Secret with the key `token`; required unless the type is `generic-oidc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Issuers whose tokens are accepted; for `generic-oidc` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["issuerURL"]
    ))]
    pub oidc_providers: Vec<OidcProvider>,
    /// Repin's addition: what of a call the objects are compared with before they are reconciled; nothing where
    /// absent.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Match")]
    pub match_: Option<Match>,
    /// Whether calls are refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
}

fn default_interval() -> Duration {
    Duration::from_secs(600)
}

/// Senders.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
#[expect(missing_docs, reason = "each sender is called by its own name")]
pub enum ReceiverType {
    #[default]
    Generic,
    GenericHmac,
    GenericOidc,
    #[serde(rename = "github")]
    GitHub,
    #[serde(rename = "gitlab")]
    GitLab,
    Bitbucket,
    Harbor,
    #[serde(rename = "dockerhub")]
    DockerHub,
    Quay,
    Gcr,
    Nexus,
    Acr,
    #[serde(rename = "cdevents")]
    CdEvents,
}

/// What of a call the objects are compared with.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[schemars(inline)]
pub enum Match {
    /// The image: of the ImageRepositories only those of the pushed image are reconciled. Objects of
    /// other kinds are reconciled as ever, and so is everything when a call names no image.
    Image,
}

/// Objects to reconcile: one by its name, or all of a kind that carry labels.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ResourceReference {
    /// API version of the objects; the one that goes with the kind where absent.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub api_version: Option<String>,
    /// Kind of the objects.
    pub kind: ResourceKind,
    /// Name of the object, or `*` for those that carry the labels.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the objects; the Receiver's own where absent.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(min = 1, max = 253))]
    pub namespace: Option<String>,
    /// Labels that the objects carry; only together with the name `*`. Empty ones mean every object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub match_labels: Option<BTreeMap<String, String>>,
    /// CEL expression over the object and the call; an object it is false for is left alone.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub filter: Option<String>,
}

/// Kinds that a Receiver can name.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[schemars(inline)]
#[expect(missing_docs, reason = "each kind is called by its own name")]
pub enum ResourceKind {
    Bucket,
    GitRepository,
    Kustomization,
    HelmRelease,
    HelmChart,
    HelmRepository,
    #[default]
    ImageRepository,
    ImagePolicy,
    ImageUpdateAutomation,
    #[serde(rename = "OCIRepository")]
    OciRepository,
    ArtifactGenerator,
    ExternalArtifact,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Bucket,
        Self::GitRepository,
        Self::Kustomization,
        Self::HelmRelease,
        Self::HelmChart,
        Self::HelmRepository,
        Self::ImageRepository,
        Self::ImagePolicy,
        Self::ImageUpdateAutomation,
        Self::OciRepository,
        Self::ArtifactGenerator,
        Self::ExternalArtifact,
    ];

    /// The kind as objects name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bucket => "Bucket",
            Self::GitRepository => "GitRepository",
            Self::Kustomization => "Kustomization",
            Self::HelmRelease => "HelmRelease",
            Self::HelmChart => "HelmChart",
            Self::HelmRepository => "HelmRepository",
            Self::ImageRepository => "ImageRepository",
            Self::ImagePolicy => "ImagePolicy",
            Self::ImageUpdateAutomation => "ImageUpdateAutomation",
            Self::OciRepository => "OCIRepository",
            Self::ArtifactGenerator => "ArtifactGenerator",
            Self::ExternalArtifact => "ExternalArtifact",
        }
    }

    /// The `apiVersion` of objects of this kind where a resource names none; `None` where it has to.
    pub fn default_api_version(self) -> Option<&'static str> {
        match self {
            Self::Bucket
            | Self::GitRepository
            | Self::HelmChart
            | Self::HelmRepository
            | Self::OciRepository => Some("source.toolkit.fluxcd.io/v1"),
            Self::ImageRepository => Some("image.toolkit.fluxcd.io/v1"),
            Self::ArtifactGenerator => Some("source.extensions.fluxcd.io/v1beta1"),
            Self::Kustomization
            | Self::HelmRelease
            | Self::ImagePolicy
            | Self::ImageUpdateAutomation
            | Self::ExternalArtifact => None,
        }
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An issuer of tokens and what its tokens must say.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct OidcProvider {
    /// Address of the issuer.
    #[serde(rename = "issuerURL")]
    #[schemars(regex(pattern = r"^https?://"))]
    pub issuer_url: String,
    /// Audience that a token must name.
    #[serde(default = "default_audience")]
    pub audience: String,
    /// Values computed from the token for the validations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<OidcVariable>,
    /// What has to be true of the token; all of it.
    #[schemars(length(min = 1))]
    pub validations: Vec<OidcValidation>,
}

fn default_audience() -> String {
    "notification-controller".to_owned()
}

/// A value computed from the token.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct OidcVariable {
    /// Name of the value.
    pub name: String,
    /// CEL expression.
    pub expression: String,
}

/// Something that has to be true of the token.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct OidcValidation {
    /// CEL expression.
    pub expression: String,
    /// Message where it is false.
    pub message: String,
}

/// What the last pass observed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverStatus {
    /// Value of the last `reconcile.fluxcd.io/requestedAt` annotation that was acted on.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_handled_reconcile_at: Option<String>,
    /// Ready, Reconciling and Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Path of the address: `/hook/` and the hash of token, name and namespace.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub webhook_path: Option<String>,
    /// The last generation that ended Ready or was refused; -1 before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_called_what_it_is_written_as() {
        for kind in ResourceKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
