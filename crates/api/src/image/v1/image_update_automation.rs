use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ImageRef, LocalObjectReference};
use crate::source::GitRepositoryRef;
use crate::{Condition, Duration, LabelSelector, Time, absent, schema};

/// The commit message of an automation that names no template.
pub const DEFAULT_MESSAGE_TEMPLATE: &str = "Update from image update automation";

/// Which Git repository to write the selected tags to, and how.
#[derive(CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "image.toolkit.fluxcd.io",
    version = "v1",
    kind = "ImageUpdateAutomation",
    plural = "imageupdateautomations",
    namespaced,
    status = "ImageUpdateAutomationStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "iua",
    shortname = "imgupd",
    shortname = "imgauto",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-images",
    annotation("kustomize.toolkit.fluxcd.io/substitute", "disabled"),
    doc = "Writes the tags that ImagePolicies select to the manifests in a Git repository.",
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message"}"#,
    printcolumn = r#"{"name":"Last run","type":"string","jsonPath":".status.lastAutomationRunTime","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ImageUpdateAutomationSpec {
    /// The GitRepository that gives access to the repository.
    pub source_ref: SourceReference,
    /// Checkout, commit and push. The schema does not require it; without it the object stalls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<GitSpec>,
    /// Longest time between two runs.
    #[schemars(schema_with = "schema::duration")]
    pub interval: Duration,
    /// Which policies of the automation's namespace are used; all of them where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_selector: Option<LabelSelector>,
    /// Which files are updated, and how.
    #[serde(default)]
    pub update: Update,
    /// Whether runs are suspended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
    /// Repin's addition: whether a plan waits for an ImageUpdateApproval of its name before it is
    /// written. Absent means `NotRequired`. Also accepted as the annotation `repin.dev/approval`;
    /// where both are set they must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Approval")]
    pub approval: Option<Approval>,
}

/// Whether a person or a tool has to agree to a plan.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(inline)]
pub enum Approval {
    /// Plans are written at once, as in Flux.
    #[default]
    NotRequired,
    /// Plans wait for an ImageUpdateApproval.
    Required,
}

/// The object that gives access to the repository.
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
    /// Namespace of the referent; the automation's own where absent.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub namespace: Option<String>,
}

/// Kinds of source.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(inline)]
pub enum SourceKind {
    /// A Git repository.
    #[default]
    GitRepository,
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
    pub push: Option<GitPush>,
}

/// What to check out.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct GitCheckout {
    /// Replaces the GitRepository's `spec.ref` as a whole.
    #[serde(rename = "ref")]
    pub reference: GitRepositoryRef,
}

/// Author, signature and message of the commits.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GitCommit {
    /// Author and committer.
    pub author: CommitAuthor,
    /// Key that signs the commits; unsigned where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<SigningKey>,
    /// Template of the message; `Update from image update automation` where absent.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub message_template: Option<String>,
    /// Values that the template reads as `.Values`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub message_template_values: BTreeMap<String, String>,
    /// Repin's addition: the language of the template. Absent means `go-template`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MessageTemplateEngine")]
    pub message_template_engine: Option<MessageTemplateEngine>,
}

/// Languages of a message template.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum MessageTemplateEngine {
    /// Go's `text/template` with the sprig functions, as in Flux.
    #[default]
    GoTemplate,
    /// Handlebars over the same data.
    Handlebars,
}

/// Who a commit is by.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitAuthor {
    /// E-mail address.
    pub email: String,
    /// Name; empty where absent.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
}

/// The key that signs commits.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SigningKey {
    /// Secret with the key, in the automation's namespace.
    pub secret_ref: LocalObjectReference,
    /// Kind of the key; `gpg` where absent.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SigningKeyType")]
    pub key_type: Option<SigningKeyType>,
}

/// Kinds of signing key.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum SigningKeyType {
    /// OpenPGP.
    #[default]
    Gpg,
    /// SSH.
    Ssh,
}

/// Where to push.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GitPush {
    /// Branch to push to, made from the checkout where it does not exist; the branch of the
    /// checkout where absent.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub branch: Option<String>,
    /// Refspec to push in addition to the branch, such as `refs/heads/main:refs/for/main`.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub refspec: Option<String>,
    /// Push options sent to the server.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Repin's addition: Secret with the credentials to push with, in the GitRepository's namespace
    /// and with the same keys as its own Secret, which then needs read access only. Without it the
    /// GitRepository's Secret is used for both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
}

/// Which files are updated, and how.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// How the places to update are found.
    #[serde(default)]
    pub strategy: UpdateStrategy,
    /// File or directory in the repository; its root where absent.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub path: Option<String>,
}

/// How the places to update are found.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(inline)]
pub enum UpdateStrategy {
    /// By the markers in comments.
    #[default]
    Setters,
}

/// What the last passes observed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ImageUpdateAutomationStatus {
    /// When the last run began, failed ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_automation_run_time: Option<Time>,
    /// Full id of the last commit pushed.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_push_commit: Option<String>,
    /// When it was pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_push_time: Option<Time>,
    /// The last generation that ended Ready or Stalled; -1 before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling and Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// The images of the policies used, by policy name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub observed_policies: BTreeMap<String, ImageRef>,
    /// The revision last looked at: `branch@sha1:hash`.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub observed_source_revision: Option<String>,
    /// Value of the last `reconcile.fluxcd.io/requestedAt` annotation that was acted on.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_handled_reconcile_at: Option<String>,
}
