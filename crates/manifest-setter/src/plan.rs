//! Puts edits, target and message together to an ImageUpdatePlan.

mod size;

use std::collections::BTreeSet;

use api::Time;
use api::image::v1::{Approval, GitSpec, ImagePolicy};
use api::repin::v1alpha1 as repin;
use data_encoding::HEXLOWER;
use git_access::Target;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use sha2::{Digest as _, Sha256};
use yaml_setter::Edit;

use crate::{EditedFile, Finding, Heads, PlanError, Request, message};

/// Hex digits of the decision in the name of a plan.
const HASH_DIGITS: usize = 16;

/// A plan, and what it leaves over.
pub(crate) struct Assembled {
    pub(crate) plan: repin::ImageUpdatePlan,
    /// The edits of the plan.
    pub(crate) files: Vec<EditedFile>,
    /// Files with edits that are left for the next plan.
    pub(crate) left_over: usize,
}

/// What a plan is made for.
#[derive(Clone, Copy)]
pub(crate) struct Aim<'a> {
    pub(crate) target: &'a Target,
    pub(crate) heads: &'a Heads,
    pub(crate) approval: Approval,
}

/// The plan of as many edits as fit into one, from the first; `None` where there are none. An edit that no plan can hold is
/// a finding.
pub(crate) fn assemble(
    request: &Request<'_>,
    aim: Aim<'_>,
    edited: Vec<EditedFile>,
    findings: &mut Vec<Finding>,
) -> Result<Option<Assembled>, PlanError> {
    let mut spec = outline(request, aim);
    let mut fitting = size::fitting(edited, &spec, request.policies, findings);
    if fitting.files.is_empty() {
        return Ok(None);
    }
    spec.message = told(request, aim.target, &mut fitting)?;
    let files = fitting.files;
    let used = used_policies(request.policies, &files);
    spec.policies = used.into_iter().map(policy_used).collect();
    spec.files = files.iter().map(plan_file).collect();
    spec.diff = repin::diff(&spec.files);
    spec.file_count = count(files.len());
    spec.edit_count = count(files.iter().map(|file| file.edits.len()).sum());
    Ok(Some(Assembled {
        plan: object(request, spec),
        files,
        left_over: fitting.left_over,
    }))
}

/// The plan without edits and message.
fn outline(request: &Request<'_>, aim: Aim<'_>) -> repin::ImageUpdatePlanSpec {
    let automation = request.automation;
    let source = automation.spec.source_ref.clone();
    let git = automation.spec.git.clone().unwrap_or_default();
    repin::ImageUpdatePlanSpec {
        automation_ref: repin::AutomationReference::of(automation),
        sequence: request.sequence,
        approval: aim.approval,
        source_ref: repin::PlanSource {
            kind: source.kind,
            name: source.name,
            namespace: source
                .namespace
                .unwrap_or_else(|| automation.namespace().unwrap_or_default()),
        },
        checkout: repin::Checkout {
            reference: aim.target.reference.clone(),
            commit: aim.heads.checkout.to_string(),
        },
        push: push(aim, &git),
        author: repin::Author {
            name: git.commit.author.name.unwrap_or_default(),
            email: git.commit.author.email,
        },
        signing_key: git.commit.signing_key,
        ..repin::ImageUpdatePlanSpec::default()
    }
}

fn push(aim: Aim<'_>, git: &GitSpec) -> repin::PushTarget {
    repin::PushTarget {
        branch: aim.target.push_branch.clone(),
        base: aim.heads.base(aim.target).to_string(),
        refspec: aim.target.refspec.clone(),
        options: git
            .push
            .as_ref()
            .map(|push| push.options.clone())
            .unwrap_or_default(),
    }
}

/// The message of the edits: of fewer, where it is too long for all of them. The others follow in the next plan.
fn told(
    request: &Request<'_>,
    target: &Target,
    fitting: &mut size::Fitting,
) -> Result<String, PlanError> {
    loop {
        let used = used_policies(request.policies, &fitting.files);
        let rendered = message::render(request, target, &used, &fitting.files);
        match rendered.and_then(size::bounded) {
            Err(
                PlanError::RenderMessage(commit_message::Error::Limit { .. })
                | PlanError::MessageTooLong { .. },
            ) if fitting.halve() => {}
            told => return told,
        }
    }
}

/// The policies whose markers the edits set, in their order.
fn used_policies<'a>(policies: &[&'a ImagePolicy], files: &[EditedFile]) -> Vec<&'a ImagePolicy> {
    let used: BTreeSet<(&str, &str)> = files
        .iter()
        .flat_map(|file| &file.edits)
        .filter_map(|edit| policy_of(&edit.setter))
        .collect();
    let is_used = |policy: &&&ImagePolicy| {
        used.contains(&(
            policy.namespace().unwrap_or_default().as_str(),
            policy.name_any().as_str(),
        ))
    };
    policies.iter().filter(is_used).copied().collect()
}

/// Namespace and name of the policy in a setter's key, `namespace:name[:part]`.
pub(crate) fn policy_of(setter: &str) -> Option<(&str, &str)> {
    let (namespace, rest) = setter.split_once(':')?;
    Some((
        namespace,
        rest.split_once(':').map_or(rest, |(name, _)| name),
    ))
}

fn policy_used(policy: &ImagePolicy) -> repin::PolicyUse {
    repin::PolicyUse {
        namespace: policy.namespace().unwrap_or_default(),
        name: policy.name_any(),
        reference: policy
            .status
            .as_ref()
            .and_then(|status| status.latest_ref.clone())
            .unwrap_or_default(),
    }
}

fn plan_file(file: &EditedFile) -> repin::FileEdits {
    repin::FileEdits {
        path: file.path.clone(),
        blob: file.blob.to_string(),
        edits: file.edits.iter().map(plan_edit).collect(),
    }
}

fn plan_edit(edit: &Edit) -> repin::Edit {
    repin::Edit {
        offset: count(edit.offset),
        old: edit.old.clone(),
        new: edit.new.clone(),
        line: count(edit.line),
        field: edit.field.clone(),
        object: repin::EditedObject {
            api_version: edit.object.api_version.clone(),
            kind: edit.object.kind.clone(),
            namespace: edit.object.namespace.clone(),
            name: edit.object.name.clone(),
        },
        setter: edit.setter.clone(),
        old_value: edit.old_value.clone(),
        new_value: edit.new_value.clone(),
    }
}

/// Files are far smaller than an `i64` counts.
fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The object, owned by its automation where that is one of a cluster.
fn object(request: &Request<'_>, spec: repin::ImageUpdatePlanSpec) -> repin::ImageUpdatePlan {
    let automation = &spec.automation_ref;
    let name = api::names::suffixed(&automation.name, &decision(request, &spec));
    let label = automation.label();
    let owner = (!automation.uid.is_empty()).then(|| vec![automation.owner_reference()]);
    let mut plan = repin::ImageUpdatePlan::new(&name, spec);
    plan.metadata.namespace = Some(request.automation.namespace().unwrap_or_default());
    plan.metadata.labels = Some([label].into());
    plan.metadata.owner_references = owner;
    plan.metadata.creation_timestamp = Timestamp::from_second(request.now.timestamp())
        .ok()
        .map(Time);
    plan
}

/// What the name of a plan is the hash of: everything that decides, and of the message its template, since the text may
/// hold the time. So a restart finds its own plan, and the same decision after an ended plan is a new one.
fn decision(request: &Request<'_>, spec: &repin::ImageUpdatePlanSpec) -> String {
    let commit = request.automation.spec.git.as_ref().map(|git| &git.commit);
    let decided = serde_json::json!({
        "files": spec.files,
        "source": spec.source_ref,
        "checkout": spec.checkout.reference,
        "push": {"branch": spec.push.branch, "refspec": spec.push.refspec, "options": spec.push.options},
        "author": spec.author,
        "template": commit.and_then(|commit| commit.message_template.as_ref()),
        "engine": commit.and_then(|commit| commit.message_template_engine),
        "values": commit.map(|commit| &commit.message_template_values),
        "signing": spec.signing_key,
        "approval": spec.approval,
        "after": request.last_plan,
    });
    let mut hash = HEXLOWER.encode(&Sha256::digest(decided.to_string()));
    hash.truncate(HASH_DIGITS);
    hash
}
