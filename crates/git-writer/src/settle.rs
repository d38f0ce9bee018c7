//! What becomes of a plan whose place another has taken, and whose commit may be on its branch already.

use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{Cache, Remote};

use crate::journal::{Journal, Sent};
use crate::landed::has_landed;
use crate::prepare::Job;
use crate::push::head;
use crate::write::finish;
use crate::{WriteError, Written};

/// Looks for the commit that the journal recorded, and goes on with the refspec of the plan where it is on its branch.
/// `None` where nothing was pushed: then nothing is.
pub(crate) fn settle(
    remote: &Remote,
    cache: &Cache,
    plan: &ImageUpdatePlan,
    seconds: i64,
    journal: &mut dyn Journal,
) -> Result<Option<Written>, WriteError> {
    let Some(recorded) = journal.recorded() else {
        return Ok(None);
    };
    let sent = Sent::read(plan, recorded)?;
    let job = Job {
        remote,
        cache,
        plan,
        signer: None,
        seconds,
    };
    let branch = format!("refs/heads/{}", plan.spec.push.branch);
    let found = head(remote, &branch).map_err(WriteError::Read)?;
    if has_landed(job, found, &sent)? {
        return finish(job, &branch, (&sent, Vec::new()), journal).map(Some);
    }
    Ok(None)
}
