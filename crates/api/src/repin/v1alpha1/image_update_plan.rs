//! The plan: spec and status, and beside it what both sides compute from them.

mod diff;
mod edits;
mod owner;
mod phase;

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::diff::diff;
pub use self::edits::{Edit, EditedObject, FileEdits};
pub use self::phase::Phase;
use crate::image::v1::{Approval, ImageRef, SigningKey, SourceKind};
use crate::source::GitRepositoryRef;
use crate::{Condition, Time, absent, schema};

/// Which bytes of a Git repository are to be changed, and the commit that changes them.
///
/// The spec is everything that is written, byte for byte, and is immutable: what a person approves
/// is what is pushed.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "repin.dev",
    version = "v1alpha1",
    kind = "ImageUpdatePlan",
    plural = "imageupdateplans",
    namespaced,
    status = "ImageUpdatePlanStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "iup",
    category = "repin",
    doc = "The edits and the commit that an ImageUpdateAutomation leads to, made by manifest-setter and written by git-writer.",
    printcolumn = r#"{"name":"Automation","type":"string","jsonPath":".spec.automationRef.name"}"#,
    printcolumn = r#"{"name":"Target","type":"string","jsonPath":".spec.push.branch"}"#,
    printcolumn = r#"{"name":"Files","type":"integer","jsonPath":".spec.fileCount"}"#,
    printcolumn = r#"{"name":"Edits","type":"integer","jsonPath":".spec.editCount"}"#,
    printcolumn = r#"{"name":"Phase","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].reason"}"#,
    printcolumn = r#"{"name":"Commit","type":"string","jsonPath":".status.commit"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message","priority":1}"#,
    printcolumn = r#"{"name":"Approval","type":"string","jsonPath":".spec.approval","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = schema::rules(&[
    ("self == oldSelf", "spec is immutable: a changed decision is a new plan"),
])))]
pub struct ImageUpdatePlanSpec {
    /// The automation that the plan is made for.
    pub automation_ref: AutomationReference,
    /// The place among the plans of the automation: greater than that of every earlier one. Of two plans that are not
    /// ended the one with the lower number is superseded.
    #[schemars(range(min = 1))]
    pub sequence: i64,
    /// Whether the plan waits for an ImageUpdateApproval of its name before it is written: what the automation asked for
    /// when the plan was made.
    #[serde(default)]
    pub approval: Approval,
    /// The GitRepository that gives access to the repository.
    pub source_ref: PlanSource,
    /// What was checked out when the plan was made.
    pub checkout: Checkout,
    /// Where the commit goes.
    pub push: PushTarget,
    /// Author and committer.
    pub author: Author,
    /// Key that signs the commit, as the automation names it; unsigned where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<SigningKey>,
    /// The rendered commit message.
    pub message: String,
    /// The policies that the edits follow, each with the image it had selected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyUse>,
    /// How many files are edited: the length of `files`.
    pub file_count: i64,
    /// How many edits there are in all files.
    pub edit_count: i64,
    /// The edits as people read them: the lines of a unified diff without context, computed from `files` alone. A plan
    /// whose diff says anything else than its `files` is refused.
    pub diff: Vec<String>,
    /// The files in lexical order of their paths.
    pub files: Vec<FileEdits>,
}

/// An automation in the plan's namespace.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct AutomationReference {
    /// Name of the ImageUpdateAutomation.
    pub name: String,
    /// Its uid; empty when the plan was made without a cluster.
    pub uid: String,
}

/// A GitRepository.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanSource {
    /// Kind of the source.
    #[serde(default)]
    pub kind: SourceKind,
    /// Name of the source.
    pub name: String,
    /// Namespace of the source, always written out.
    pub namespace: String,
}

/// What was checked out when the plan was made.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The reference in effect: the automation's, else the GitRepository's, else `master`.
    #[serde(rename = "ref")]
    pub reference: GitRepositoryRef,
    /// Full id of the commit that it stood for.
    pub commit: String,
}

/// Where the commit goes.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct PushTarget {
    /// Branch that is pushed to, without `refs/heads/`.
    pub branch: String,
    /// Full id of the commit that the edits were computed on and the new commit is put on: the head
    /// of the push branch where that is a branch of its own and exists, else `checkout.commit`.
    pub base: String,
    /// Refspec that is pushed in addition to the branch.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub refspec: Option<String>,
    /// Push options sent to the server.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// Author and committer of the commit.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// Name; may be empty.
    #[serde(default)]
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// A policy and the image it had selected.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyUse {
    /// Namespace of the ImagePolicy.
    pub namespace: String,
    /// Name of the ImagePolicy.
    pub name: String,
    /// The image it had selected.
    #[serde(rename = "ref")]
    pub reference: ImageRef,
}

/// How far the plan has come.
///
/// The reason of the Ready condition is the phase: `Pending`, `AwaitingApproval`, `Pushed`,
/// `Superseded` or `Failed`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ImageUpdatePlanStatus {
    /// Ready, whose reason is the phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// The generation that the status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What makes the commit reproducible; stored before it is pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepared: Option<PreparedCommit>,
    /// Full id of the commit pushed.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub commit: Option<String>,
    /// When it was pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_time: Option<Time>,
}

/// A commit that is about to be pushed, or was.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
pub struct PreparedCommit {
    /// Full id of the commit.
    pub commit: String,
    /// Full id of its parent.
    pub parent: String,
    /// Its date, author's and committer's.
    pub time: Time,
    /// Its armored signature.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub signature: Option<String>,
}
