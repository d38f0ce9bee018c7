//! The stored version: a superset of Flux's `image.toolkit.fluxcd.io/v1`.
//!
//! Every object that Flux's schema accepts is accepted. The fields that Repin adds are optional and
//! say so in their documentation; without them an object means what it means to Flux.

mod image_policy;
mod image_repository;
mod image_update_automation;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::image_policy::{
    AlphabeticalPolicy, DigestReflectionPolicy, DowngradePolicy, ImagePolicy, ImagePolicyChoice,
    ImagePolicySpec, ImagePolicyStatus, ImageRef, ImageRepositoryReference, NumericalPolicy, Order,
    SemverPolicy, TagFilter,
};
pub use self::image_repository::{
    DEFAULT_EXCLUSION, ImageRepository, ImageRepositorySpec, ImageRepositoryStatus, Provider,
    ScanResult,
};
pub use self::image_update_automation::{
    Approval, CommitAuthor, DEFAULT_MESSAGE_TEMPLATE, GitCheckout, GitCommit, GitPush, GitSpec,
    ImageUpdateAutomation, ImageUpdateAutomationSpec, ImageUpdateAutomationStatus,
    MessageTemplateEngine, SigningKey, SigningKeyType, SourceKind, SourceReference, Update,
    UpdateStrategy,
};

/// The name of an object in the namespace of the object that refers to it.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalObjectReference {
    /// Name of the referent.
    pub name: String,
}

/// Which other namespaces may refer to an object, by the labels of those namespaces.
///
/// The object's own namespace may always. An empty list admits no other namespace.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AccessFrom {
    /// Selectors of namespaces; one that matches is enough.
    pub namespace_selectors: Vec<NamespaceSelector>,
}

/// One selector over namespaces.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceSelector {
    /// Labels that the namespace must all carry; none at all matches every namespace.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
}

impl AccessFrom {
    /// Whether a namespace with these labels is admitted by one of the selectors.
    pub fn admits(&self, namespace_labels: &BTreeMap<String, String>) -> bool {
        let carried = |(key, value)| namespace_labels.get(key) == Some(value);
        self.namespace_selectors
            .iter()
            .any(|selector| selector.match_labels.iter().all(carried))
    }
}
