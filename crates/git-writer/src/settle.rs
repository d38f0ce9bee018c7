//! What becomes of a plan that is not to be written any more, and whose commit may be on its branch already.

use crate::journal::{Journal, Sent};
use crate::landed::has_landed;
use crate::prepare::Job;
use crate::push::head;
use crate::trouble::Trouble;
use crate::write::finish;
use crate::{Forged, WriteError, Written, refspec};

/// Why a plan is not to be written any more.
#[derive(Clone, Debug)]
pub(crate) enum Overtaken {
    /// The plan of this name takes its place.
    Replaced(String),
    /// It said what its automation said, and that says something else now.
    Outdated(Forged),
}

/// What became of such a plan.
#[derive(Debug)]
pub(crate) enum Settled {
    /// Its commit is on the server.
    Pushed(Written),
    /// The plan of this name takes its place.
    Replaced(String),
    /// It ends, for this reason.
    Outdated(String),
}

/// Looks for the commit that the journal recorded. Where it is on its branch, the plan was pushed, and goes on with its refspec
/// if that is its automation's still; where it is not, nothing is pushed.
pub(crate) fn settle(
    job: Job<'_>,
    overtaken: Overtaken,
    journal: &mut dyn Journal,
) -> Result<Settled, WriteError> {
    let branch = format!("refs/heads/{}", job.plan.spec.push.branch);
    let landed = landed(job, &branch, journal)?;
    match (overtaken, landed) {
        (Overtaken::Replaced(_), Some(landed)) => {
            finish(job, &branch, (&landed, Vec::new()), journal).map(Settled::Pushed)
        }
        (Overtaken::Replaced(newer), None) => Ok(Settled::Replaced(newer)),
        (Overtaken::Outdated(differs), Some(landed)) => as_it_is(job, &branch, &landed, differs),
        (Overtaken::Outdated(differs), None) => Ok(Settled::Outdated(lost(journal, differs))),
    }
}

/// The recorded commit, if it is on its branch.
fn landed(job: Job<'_>, branch: &str, journal: &dyn Journal) -> Result<Option<Sent>, WriteError> {
    let Some(recorded) = journal.recorded() else {
        return Ok(None);
    };
    let sent = Sent::read(job.plan, recorded)?;
    let found = head(job.remote, branch).map_err(WriteError::Read)?;
    Ok(has_landed(job, found, &sent)?.then_some(sent))
}

/// A commit that is on its branch, of a plan that may push no more: it was pushed as far as that can be seen.
fn as_it_is(
    job: Job<'_>,
    branch: &str,
    landed: &Sent,
    differs: Forged,
) -> Result<Settled, WriteError> {
    let refspec = match refspec::look(job, landed, branch)? {
        Some((destination, false)) => {
            let (commit, branch) = (landed.commit, &job.plan.spec.push.branch);
            let outdated = Trouble::Outdated(differs);
            return Ok(Settled::Outdated(format!(
                "commit {commit} is on '{branch}', but not on '{destination}': {outdated}"
            )));
        }
        destination => destination.map(|(destination, _)| destination),
    };
    Ok(Settled::Pushed(Written::of(job.plan, landed, refspec)))
}

/// Why such a plan ends whose commit is not found. It cannot be looked for where it was sent to, if that is another repository.
fn lost(journal: &dyn Journal, differs: Forged) -> String {
    let elsewhere = differs.field.starts_with("spec.sourceRef");
    let recorded = journal.recorded().filter(|_| elsewhere);
    let doubt = recorded.map(|recorded| {
        let commit = recorded.commit;
        format!("; whether commit {commit} was pushed there before is not known")
    });
    format!(
        "{}{}",
        Trouble::Outdated(differs),
        doubt.unwrap_or_default()
    )
}
