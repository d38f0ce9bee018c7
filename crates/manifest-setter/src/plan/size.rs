//! How much fits into a plan: the whole object stays below 1 MiB, as the API server stores it.

use std::collections::{HashMap, HashSet};

use api::image::v1::ImagePolicy;
use api::repin::v1alpha1::{self as repin, FileEdits, ImageUpdatePlanSpec};
use kube::ResourceExt as _;
use serde::Serialize;
use yaml_setter::Edit;

use crate::{EditedFile, Finding, PlanError};

/// Bytes of a plan: what the API server stores of an object is bounded, by 1.5 MiB where nothing else is set.
const MAX_PLAN: usize = 1 << 20;
/// Bytes for the metadata, what the API server adds to it, and the status.
const RESERVED: usize = 64 << 10;
/// Bytes of the message, escapes included.
const MAX_MESSAGE: usize = 192 << 10;
/// Go's encoder writes `<`, `>` and `&` as `\u003c`: so many bytes more than ours.
const GO_ESCAPE: usize = 5;

/// What fits into one plan.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fitting {
    /// Files with the edits that fit; of the last one these may be some of its edits only.
    pub(super) files: Vec<EditedFile>,
    /// Files with edits that are left for the next plan.
    pub(super) left_over: usize,
    /// How many of `files` have all of their edits.
    whole: usize,
}

impl Fitting {
    /// Leaves about one half for the next plan; `false` where one edit is left, or none.
    pub(super) fn halve(&mut self) -> bool {
        let half = self.files.len() / 2;
        match self.files.as_mut_slice() {
            [] => return false,
            [only] if only.edits.len() < 2 => return false,
            [only] => {
                only.edits.truncate(only.edits.len() / 2);
                self.keep_whole(0);
            }
            _ => {
                self.files.truncate(half);
                self.keep_whole(half);
            }
        }
        true
    }

    fn keep_whole(&mut self, most: usize) {
        let less = self.whole.saturating_sub(most);
        self.whole -= less;
        self.left_over += less;
    }
}

/// As many edits as fit into a plan that holds `outline` already, from the first. One that no plan can hold is a finding.
pub(super) fn fitting(
    edited: Vec<EditedFile>,
    outline: &ImageUpdatePlanSpec,
    policies: &[&ImagePolicy],
    findings: &mut Vec<Finding>,
) -> Fitting {
    let total = (MAX_PLAN - RESERVED - MAX_MESSAGE).saturating_sub(stored(outline));
    let mut room = Room {
        total,
        left: total,
        policies: policies.iter().map(|policy| sized(policy)).collect(),
        charged: HashSet::new(),
    };
    let mut fitting = Fitting::default();
    for file in edited {
        if fitting.left_over > 0 {
            fitting.left_over += 1;
            continue;
        }
        let (edits, all) = room.take(&file.path, file.edits, findings);
        fitting.left_over += usize::from(!all);
        if !edits.is_empty() {
            fitting.whole += usize::from(all);
            fitting.files.push(EditedFile { edits, ..file });
        }
    }
    fitting
}

/// The message, where it is not too long for a plan.
pub(super) fn bounded(message: String) -> Result<String, PlanError> {
    let bytes = stored(&message);
    if bytes > MAX_MESSAGE {
        return Err(PlanError::MessageTooLong {
            bytes,
            bound: MAX_MESSAGE,
        });
    }
    Ok(message)
}

type PolicyKey = (String, String);

/// What a plan still holds.
struct Room {
    total: usize,
    left: usize,
    /// What each policy needs once, with the first edit that follows it.
    policies: HashMap<PolicyKey, usize>,
    charged: HashSet<PolicyKey>,
}

impl Room {
    /// The edits of a file that fit, and whether those are all.
    fn take(
        &mut self,
        path: &str,
        edits: Vec<Edit>,
        findings: &mut Vec<Finding>,
    ) -> (Vec<Edit>, bool) {
        let head = size_of_file(path, Vec::new());
        let mut taken: Vec<Edit> = Vec::new();
        for edit in edits {
            let needs = size_of_file(path, vec![super::plan_edit(&edit)]) - head;
            let policy = key(&edit);
            let of_policy = self.policies.get(&policy).copied().unwrap_or(0);
            if head + needs + of_policy > self.total {
                findings.push(unplannable(
                    path,
                    &edit,
                    head + needs + of_policy,
                    self.total,
                ));
                continue;
            }
            let head = if taken.is_empty() { head } else { 0 };
            let of_policy = if self.charged.contains(&policy) {
                0
            } else {
                of_policy
            };
            let Some(left) = self.left.checked_sub(head + needs + of_policy) else {
                return (taken, false);
            };
            self.left = left;
            self.charged.insert(policy);
            taken.push(edit);
        }
        (taken, true)
    }
}

fn unplannable(path: &str, edit: &Edit, bytes: usize, bound: usize) -> Finding {
    let message = format!(
        "the value is not set: its change takes {bytes} bytes in a plan, which holds at most {bound}"
    );
    Finding::unplannable(path, edit.line, message)
}

fn key(edit: &Edit) -> PolicyKey {
    let (namespace, name) = super::policy_of(&edit.setter).unwrap_or_default();
    (namespace.to_owned(), name.to_owned())
}

fn sized(policy: &ImagePolicy) -> (PolicyKey, usize) {
    let key = (policy.namespace().unwrap_or_default(), policy.name_any());
    (key, stored(&super::policy_used(policy)) + 1)
}

/// Bytes of a file with these edits: as `files` and as `diff`, with the commas behind both.
fn size_of_file(path: &str, edits: Vec<repin::Edit>) -> usize {
    let file = FileEdits {
        path: path.to_owned(),
        blob: "0".repeat(40),
        edits,
    };
    let commas = file.edits.len() + 1;
    let file = [file];
    stored(&file[0]) + stored(&repin::diff(&file)) + commas
}

/// Bytes of a value as the API server stores it: JSON, with the escapes of Go.
fn stored(value: &impl Serialize) -> usize {
    let json = serde_json::to_string(value).unwrap_or_default();
    let escaped = json
        .matches(['<', '>', '&', '\u{2028}', '\u{2029}'])
        .count();
    json.len() + GO_ESCAPE * escaped
}

#[cfg(test)]
mod tests;
