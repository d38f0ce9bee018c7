//! The second push, to where the plan's refspec leads.

use git_remote::{Ancestry, ObjectId, Refspec, Remote};

use crate::WriteError;
use crate::journal::{Journal, Sent};
use crate::prepare::Job;
use crate::push::{Parcel, head, push as push_reference};

/// What servers of reviews say, in lower case, about a commit that they took for review before.
const KNOWN_THERE: [&str; 5] = [
    "no new changes",
    "no changes made",
    "commit already exists",
    "commit(s) already exists",
    "new commit is same with old commit",
];

/// The answer to the second push.
pub(crate) struct Pushed {
    pub(crate) destination: String,
    pub(crate) messages: Vec<String>,
}

/// Pushes the commit, which is on `branch` already, to the destination of the plan's refspec.
///
/// A destination that is the branch itself, or has the commit already, needs no push; one that never shows what was
/// pushed to it, such as `refs/for/main`, has it where the server refuses it as known. One that would lose commits is
/// replaced only where the user allowed that: by a `+`, or by a push branch of its own.
pub(crate) fn push(
    job: Job<'_>,
    landed: &Sent,
    branch: &str,
    journal: &mut dyn Journal,
) -> Result<Option<Pushed>, WriteError> {
    let plan = job.plan;
    let Some((destination, force)) = destination(job, landed, branch)? else {
        return Ok(None);
    };
    if destination == branch {
        return Ok(Some(Pushed {
            destination,
            messages: Vec::new(),
        }));
    }
    match replace(job, landed, (&destination, force), journal) {
        Ok(messages) => Ok(Some(Pushed {
            destination,
            messages,
        })),
        Err(source) => Err(WriteError::PushRefspec {
            commit: landed.commit,
            branch: plan.spec.push.branch.clone(),
            destination,
            source: Box::new(source),
        }),
    }
}

/// The destination of the plan's refspec, where it has one, and whether it shows the commit, which is on `branch`.
pub(crate) fn look(
    job: Job<'_>,
    landed: &Sent,
    branch: &str,
) -> Result<Option<(String, bool)>, WriteError> {
    let Some((destination, _)) = destination(job, landed, branch)? else {
        return Ok(None);
    };
    let shown = if destination == branch {
        true
    } else {
        let found = head(job.remote, &destination).map_err(WriteError::Read)?;
        found.map_or(Ok(false), |found| has(job.remote, found, landed))?
    };
    Ok(Some((destination, shown)))
}

/// Where the plan's refspec leads, and whether what is there may be replaced.
fn destination(
    job: Job<'_>,
    landed: &Sent,
    branch: &str,
) -> Result<Option<(String, bool)>, WriteError> {
    let push = &job.plan.spec.push;
    let Some(text) = &push.refspec else {
        return Ok(None);
    };
    let parsed =
        Refspec::parse(text).and_then(|refspec| Ok((refspec.destination(branch)?, refspec.force)));
    let parsed = parsed.map_err(|source| WriteError::ParseRefspec {
        commit: landed.commit,
        branch: push.branch.clone(),
        source,
    });
    parsed.map(Some)
}

fn replace(
    job: Job<'_>,
    landed: &Sent,
    (destination, force): (&str, bool),
    journal: &mut dyn Journal,
) -> Result<Vec<String>, WriteError> {
    let Job { remote, plan, .. } = job;
    let session = remote.open_push().map_err(WriteError::Push)?;
    let old = session.find(destination);
    let push = &plan.spec.push;
    let may_replace = force || plan.spec.checkout.reference.switches_to(&push.branch);
    if let Some(found) = old {
        if has(remote, found, landed)? {
            return Ok(Vec::new());
        }
        if !may_replace && !builds_on(remote, landed, found)? {
            return Err(WriteError::NonFastForward {
                reference: destination.to_owned(),
                found,
            });
        }
    }
    journal.may_complete().map_err(WriteError::Journal)?;
    let parcel = Parcel::Known(landed.commit);
    match push_reference(session, plan, parcel, (destination, old)) {
        Ok(messages) => Ok(messages),
        Err(error) => settle(remote, landed, (destination, old), error),
    }
}

/// Whether the commit is at a destination that points to `found`: as its head, or below commits of others.
fn has(remote: &Remote, found: ObjectId, landed: &Sent) -> Result<bool, WriteError> {
    Ok(found != landed.parent && is_ancestor(remote, found, landed.commit)?)
}

/// Whether the commit builds on `found`.
fn builds_on(remote: &Remote, landed: &Sent, found: ObjectId) -> Result<bool, WriteError> {
    Ok(found == landed.parent || is_ancestor(remote, landed.commit, found)?)
}

fn is_ancestor(remote: &Remote, head: ObjectId, commit: ObjectId) -> Result<bool, WriteError> {
    if head == commit {
        return Ok(true);
    }
    let mut session = remote.connect().map_err(WriteError::Read)?;
    let ancestry = session.ancestry(head, commit);
    Ok(ancestry.map_err(WriteError::Read)? == Ancestry::Ancestor)
}

/// After an error: whether the destination has the commit all the same.
fn settle(
    remote: &Remote,
    landed: &Sent,
    (destination, old): (&str, Option<ObjectId>),
    error: WriteError,
) -> Result<Vec<String>, WriteError> {
    let shown = remote.open_push().map(|session| session.find(destination));
    match (shown, &error) {
        (Ok(Some(shown)), _) if shown == landed.commit => Ok(Vec::new()),
        (
            Ok(None),
            WriteError::Refused {
                reason, messages, ..
            },
        ) if old.is_none() && is_known_there(reason) => {
            let note = format!("{destination} has the commit already: {reason}");
            Ok(messages.iter().cloned().chain([note]).collect())
        }
        _ => Err(error),
    }
}

fn is_known_there(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    KNOWN_THERE.iter().any(|known| reason.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gerrit_and_gitea_say_about_a_commit_that_is_there() {
        for (reason, known) in [
            ("no new changes", true),
            ("(no new changes)", true),
            ("no changes made", true),
            ("commit(s) already exists (as current patchset)", true),
            ("commit already exists (in the project)", true),
            ("new commit is same with old commit", true),
            ("prohibited by Gerrit: not permitted: create change", false),
            ("reference already exists", false),
            ("pre-receive hook declined", false),
        ] {
            assert_eq!(is_known_there(reason), known, "{reason}");
        }
    }
}
