//! The second push, to where the plan's refspec leads.

use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{NewCommit, Refspec, Remote};

use crate::WriteError;
use crate::push::{head, push as push_reference};

/// The answer to the second push.
pub(crate) struct Pushed {
    pub(crate) destination: String,
    pub(crate) messages: Vec<String>,
}

/// Pushes the commit, which is on `branch` already, to the destination of the plan's refspec.
///
/// A destination that is the branch itself, or has the commit already, needs no push. One that would lose commits is
/// replaced only where the user allowed that: by a `+`, or by a push branch of its own.
pub(crate) fn push(
    remote: &Remote,
    plan: &ImageUpdatePlan,
    commit: &NewCommit,
    branch: &str,
) -> Result<Option<Pushed>, WriteError> {
    let Some(text) = &plan.spec.push.refspec else {
        return Ok(None);
    };
    let parsed =
        Refspec::parse(text).and_then(|refspec| Ok((refspec.destination(branch)?, refspec.force)));
    let (destination, force) = parsed.map_err(|source| WriteError::ParseRefspec {
        commit: commit.id,
        branch: plan.spec.push.branch.clone(),
        source,
    })?;
    if destination == branch {
        return Ok(Some(Pushed {
            destination,
            messages: Vec::new(),
        }));
    }
    match replace(remote, plan, commit, (&destination, force)) {
        Ok(messages) => Ok(Some(Pushed {
            destination,
            messages,
        })),
        Err(source) => Err(WriteError::PushRefspec {
            commit: commit.id,
            branch: plan.spec.push.branch.clone(),
            destination,
            source: Box::new(source),
        }),
    }
}

fn replace(
    remote: &Remote,
    plan: &ImageUpdatePlan,
    commit: &NewCommit,
    (destination, force): (&str, bool),
) -> Result<Vec<String>, WriteError> {
    let old = head(remote, destination).map_err(WriteError::Read)?;
    let push = &plan.spec.push;
    let may_replace = force || plan.spec.checkout.reference.switches_to(&push.branch);
    match old {
        Some(found) if found == commit.id => return Ok(Vec::new()),
        Some(found) if found != commit.parent && !may_replace => {
            return Err(WriteError::NonFastForward {
                reference: destination.to_owned(),
                found,
            });
        }
        _ => {}
    }
    push_reference(remote, plan, commit, (destination, old))
}
