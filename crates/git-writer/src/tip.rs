//! Where the push branch stands, and what the new commit is put on.

use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{ObjectId, Remote, Session};

use crate::{WriteError, check};

/// Parent of the new commit, and the id that the push branch must still have when it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) parent: ObjectId,
    /// `None`: the branch must not exist.
    pub(crate) old: Option<ObjectId>,
}

/// Reads where the push branch stands now.
///
/// A push branch that does not exist is created on the plan's base, unless the plan was made on that very branch.
pub(crate) fn tip(
    remote: &Remote,
    session: &mut Session,
    plan: &ImageUpdatePlan,
    branch: &str,
) -> Result<Tip, WriteError> {
    let base = check::object_id(plan, "spec.push.base", &plan.spec.push.base)?;
    let refs = session.refs(&[branch]).map_err(WriteError::Read)?;
    let head = refs
        .iter()
        .find(|reference| reference.name == branch)
        .map(|reference| reference.object);
    match head {
        Some(head) => Ok(Tip {
            parent: head,
            old: Some(head),
        }),
        None if reads_push_branch(plan) => Err(WriteError::BranchGone {
            branch: plan.spec.push.branch.clone(),
            remote: remote.url().to_string(),
        }),
        None => Ok(Tip {
            parent: base,
            old: None,
        }),
    }
}

/// Whether the plan was made on the very branch it pushes to.
fn reads_push_branch(plan: &ImageUpdatePlan) -> bool {
    plan.spec.checkout.reference.checked_out_branch() == Some(&plan.spec.push.branch)
}
