//! Where the push branch stands, and what the new commit is put on.

use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{Ancestry, ObjectId, PushSession};

use crate::prepare::Job;
use crate::{WriteError, check};

/// Parent of the new commit, and the id that the push branch must still have when it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) parent: ObjectId,
    /// `None`: the branch must not exist.
    pub(crate) old: Option<ObjectId>,
}

/// What the commit is put on, as the references were when `session` was opened.
///
/// A push branch that does not exist is created on the plan's base, as long as the branch that was checked out has that
/// commit. It is not brought back where it did exist when the plan was made: somebody merged and deleted it, or the plan
/// was made on that very branch.
pub(crate) fn tip(job: Job<'_>, session: &PushSession, branch: &str) -> Result<Tip, WriteError> {
    let plan = job.plan;
    let base = check::object_id(plan, "spec.push.base", &plan.spec.push.base)?;
    match session.find(branch) {
        Some(head) => Ok(Tip {
            parent: head,
            old: Some(head),
        }),
        None if existed(plan) => Err(WriteError::BranchGone {
            branch: plan.spec.push.branch.clone(),
            remote: job.remote.url().to_string(),
        }),
        None => {
            belongs_to_checkout(job, session, base)?;
            Ok(Tip {
                parent: base,
                old: None,
            })
        }
    }
}

/// Whether the push branch existed when the plan was made, as far as the plan tells.
fn existed(plan: &ImageUpdatePlan) -> bool {
    let spec = &plan.spec;
    spec.checkout.reference.checked_out_branch() == Some(&spec.push.branch)
        || spec.push.base != spec.checkout.commit
}

/// Checks that the base is the head of the branch that was checked out, or a commit that it builds on: a new branch
/// would bring back what was dropped from that one, or publish what never was on it.
fn belongs_to_checkout(
    job: Job<'_>,
    session: &PushSession,
    base: ObjectId,
) -> Result<(), WriteError> {
    let Some(branch) = job.plan.spec.checkout.reference.checked_out_branch() else {
        return Ok(());
    };
    let head = session.find(&format!("refs/heads/{branch}"));
    let Some(head) = head.filter(|head| *head != base) else {
        return Ok(());
    };
    let mut session = job.remote.connect().map_err(WriteError::Read)?;
    match session.ancestry(head, base).map_err(WriteError::Read)? {
        Ancestry::Ancestor | Ancestry::Unknown => Ok(()),
        Ancestry::NotRecent => Err(WriteError::BaseGone {
            branch: branch.to_owned(),
            base,
            found: head,
        }),
    }
}
