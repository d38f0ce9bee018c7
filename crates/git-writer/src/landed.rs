//! Whether a commit that may have been pushed is on its branch.

use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{Ancestry, ObjectId};

use crate::journal::Sent;
use crate::prepare::{self, Job, Source};
use crate::push::head;
use crate::{WriteError, check};

/// Whether the branch, which is at `head`, has this commit. A branch of its own that is gone had it where the branch that was
/// checked out has it: somebody merged it.
///
/// That the server has it says nothing: it keeps the objects of a push whose reference it refused. Its place in the
/// history does; and where the server cannot send a history alone, that every file of the plan is what the plan makes
/// of it.
pub(crate) fn has_landed(
    job: Job<'_>,
    head: Option<ObjectId>,
    sent: &Sent,
) -> Result<bool, WriteError> {
    let head = match head {
        Some(head) => Some(head),
        None => checked_out(job)?,
    };
    match head {
        Some(head) if head == sent.commit => Ok(true),
        Some(head) if head != sent.parent => is_below(job, head, sent),
        Some(_) | None => Ok(false),
    }
}

/// Where the branch is that was checked out, if it was one.
fn checked_out(job: Job<'_>) -> Result<Option<ObjectId>, WriteError> {
    let Some(branch) = job.plan.spec.checkout.reference.checked_out_branch() else {
        return Ok(None);
    };
    head(job.remote, &format!("refs/heads/{branch}")).map_err(WriteError::Read)
}

/// Whether a branch at `head` has the commit below it.
fn is_below(job: Job<'_>, head: ObjectId, sent: &Sent) -> Result<bool, WriteError> {
    let mut session = job.remote.connect().map_err(WriteError::Read)?;
    match session
        .ancestry(head, sent.commit)
        .map_err(WriteError::Read)?
    {
        Ancestry::Ancestor => Ok(true),
        Ancestry::NotRecent => Ok(false),
        Ancestry::Unknown => is_done(job, head),
    }
}

/// The commit of the plan on its base, if the branch, which is at `head`, has that: another process wrote the plan, and its
/// journal is not known here.
///
/// Nothing is found where the signature differs each time, or where the branch had moved from the base.
pub(crate) fn unrecorded(job: Job<'_>, head: ObjectId) -> Result<Option<Sent>, WriteError> {
    let base = check::object_id(job.plan, "spec.push.base", &job.plan.spec.push.base)?;
    if head == base {
        return Ok(None);
    }
    let (commit, seconds) = prepare::commit(job, base, None)?;
    let mut session = job.remote.connect().map_err(WriteError::Read)?;
    let ancestry = session.ancestry(head, commit.id);
    let landed = ancestry.map_err(WriteError::Read)? == Ancestry::Ancestor;
    Ok(landed.then(|| Sent::of(&commit, seconds)))
}

/// Whether each file of the plan is in the tree of this commit what the plan makes of it.
fn is_done(job: Job<'_>, commit: ObjectId) -> Result<bool, WriteError> {
    let mut source = Source::open(job.remote, job.cache)?;
    source.need_commit(commit)?;
    let Some(blobs) = blobs(job.plan, &source, commit)? else {
        return Ok(false);
    };
    source.need_blobs(job.plan, commit, &blobs)?;
    for (number, (file, blob)) in job.plan.spec.files.iter().zip(blobs).enumerate() {
        let field = format!("spec.files[{number}].blob");
        let expected = check::object_id(job.plan, &field, &file.blob)?;
        let content = source.repository.blob(blob).map_err(WriteError::Read)?;
        if content.and_then(|content| check::before(file, &content)) != Some(expected) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The blob of each file; `None` where one is not there.
fn blobs(
    plan: &ImageUpdatePlan,
    source: &Source<'_>,
    commit: ObjectId,
) -> Result<Option<Vec<ObjectId>>, WriteError> {
    let found = check::find(plan, &source.repository, commit)?;
    Ok(found
        .into_iter()
        .map(|file| file.map(|file| file.blob))
        .collect())
}
