//! Puts edits, target and message together to an ImageUpdatePlan.

use std::collections::BTreeSet;

use api::Time;
use api::image::v1::{GitSpec, ImagePolicy, ImageUpdateAutomation};
use api::repin::v1alpha1 as repin;
use data_encoding::HEXLOWER;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use sha2::{Digest as _, Sha256};
use yaml_setter::Edit;

use crate::resolve::Heads;
use crate::{EditedFile, PlanError, Request, Target, message};

/// Bytes that the edits of a plan may need: an object of the API holds about 1 MiB, and the message, the target and the
/// encoding take their part of it.
const MAX_EDIT_BYTES: usize = 700 * 1024;
/// What an edit needs beside its texts: numbers, names of fields, quotes.
const EDIT_OVERHEAD: usize = 256;
/// Longest name of an object (RFC 1123 subdomain).
const MAX_NAME: usize = 253;
/// Hex digits of the decision in the name of a plan.
const HASH_DIGITS: usize = 16;

/// How many of the files, from the first, fit into one plan. The others follow in the next one.
pub(crate) fn fitting(files: &[EditedFile]) -> Result<usize, PlanError> {
    let mut left = MAX_EDIT_BYTES;
    for (count, file) in files.iter().enumerate() {
        let size = file.path.len() + file.edits.iter().map(edit_size).sum::<usize>();
        if size > MAX_EDIT_BYTES {
            return Err(PlanError::FileTooLarge {
                path: file.path.clone(),
                size,
                bound: MAX_EDIT_BYTES,
            });
        }
        if size > left {
            return Ok(count);
        }
        left -= size;
    }
    Ok(files.len())
}

fn edit_size(edit: &Edit) -> usize {
    let object = &edit.object;
    let texts = [
        &edit.old,
        &edit.new,
        &edit.old_value,
        &edit.new_value,
        &edit.field,
        &edit.setter,
        &object.api_version,
        &object.kind,
        &object.namespace,
        &object.name,
    ];
    EDIT_OVERHEAD + texts.iter().map(|text| text.len()).sum::<usize>()
}

/// The plan of a decision. `files` are those that fit and are not empty.
pub(crate) fn assemble(
    request: &Request<'_>,
    target: &Target,
    heads: Heads,
    files: &[EditedFile],
) -> Result<repin::ImageUpdatePlan, PlanError> {
    let automation = request.automation;
    let namespace = automation.namespace().unwrap_or_default();
    let git = automation.spec.git.clone().unwrap_or_default();
    let used = used_policies(request.policies, files);
    let spec = repin::ImageUpdatePlanSpec {
        automation_ref: repin::AutomationReference {
            name: automation.name_any(),
            uid: automation.uid().unwrap_or_default(),
        },
        source_ref: repin::PlanSource {
            kind: automation.spec.source_ref.kind,
            name: automation.spec.source_ref.name.clone(),
            namespace: automation
                .spec
                .source_ref
                .namespace
                .clone()
                .unwrap_or_else(|| namespace.clone()),
        },
        checkout: repin::Checkout {
            reference: target.reference.clone(),
            commit: heads.checkout.to_string(),
        },
        push: push(target, heads, &git),
        author: repin::Author {
            name: git.commit.author.name.clone().unwrap_or_default(),
            email: git.commit.author.email.clone(),
        },
        signing_key: git.commit.signing_key.clone(),
        message: message::render(request, target, &used, files)?,
        file_count: count(files.len()),
        edit_count: count(files.iter().map(|file| file.edits.len()).sum()),
        policies: used.iter().map(|policy| policy_used(policy)).collect(),
        files: files.iter().map(plan_file).collect(),
    };
    let name = name(automation, &decision(request, &git, &spec));
    let mut plan = repin::ImageUpdatePlan::new(&name, spec);
    plan.metadata.namespace = Some(namespace);
    plan.metadata.creation_timestamp = Timestamp::from_second(request.now.timestamp())
        .ok()
        .map(Time);
    Ok(plan)
}

fn push(target: &Target, heads: Heads, git: &GitSpec) -> repin::PushTarget {
    repin::PushTarget {
        branch: target.push_branch.clone(),
        base: heads.base(target).to_string(),
        refspec: target.refspec.clone(),
        options: git
            .push
            .as_ref()
            .map(|push| push.options.clone())
            .unwrap_or_default(),
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

/// What the name of a plan is the hash of: everything that decides, and of the message its template, since the text may
/// hold the time. So a restart finds its own plan, and the same decision after an ended plan is a new one.
fn decision(request: &Request<'_>, git: &GitSpec, spec: &repin::ImageUpdatePlanSpec) -> String {
    let decided = serde_json::json!({
        "files": spec.files,
        "source": spec.source_ref,
        "checkout": spec.checkout.reference,
        "push": {"branch": spec.push.branch, "refspec": spec.push.refspec, "options": spec.push.options},
        "author": spec.author,
        "template": git.commit.message_template,
        "engine": git.commit.message_template_engine,
        "values": git.commit.message_template_values,
        "signing": spec.signing_key,
        "after": request.last_plan,
    });
    let hash = HEXLOWER.encode(&Sha256::digest(decided.to_string()));
    hash[..HASH_DIGITS].to_owned()
}

fn name(automation: &ImageUpdateAutomation, decision: &str) -> String {
    let mut name = automation.name_any();
    // Names of objects are ASCII; the cut leaves room for the dash and the hash.
    name.truncate(MAX_NAME - HASH_DIGITS - 1);
    format!("{}-{decision}", name.trim_end_matches(['-', '.']))
}

#[cfg(test)]
mod tests;
