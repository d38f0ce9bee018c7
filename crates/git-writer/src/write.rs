use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{Cache, NewCommit, ObjectId, Remote, Signer};

use crate::journal::{Journal, Sent};
use crate::landed::{has_landed, unrecorded};
use crate::prepare::{self, Job};
use crate::push::{Parcel, push};
use crate::standing::{Standing, is_open, standing};
use crate::tip::tip;
use crate::{WriteError, refspec};

/// How often a push is tried anew when the branch moved under it.
const ATTEMPTS: usize = 8;

/// What was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The new commit.
    pub commit: ObjectId,
    /// The commit it was put on.
    pub parent: ObjectId,
    /// Short name of the branch.
    pub branch: String,
    /// Full name of the refspec's destination, where the plan has a refspec.
    pub refspec: Option<String>,
    /// What the server and its hooks said.
    pub messages: Vec<String>,
}

impl Written {
    /// The commit of a plan that is on its branch, and at this destination of its refspec.
    pub(crate) fn of(plan: &ImageUpdatePlan, landed: &Sent, refspec: Option<String>) -> Self {
        Self {
            commit: landed.commit,
            parent: landed.parent,
            branch: plan.spec.push.branch.clone(),
            refspec,
            messages: Vec::new(),
        }
    }
}

/// Commits the bytes of a plan and pushes them.
///
/// The connection that the push goes over shows where the branch is. Where the cache has that commit and the plan's
/// files, nothing else is asked of the server. The object id and the old bytes of every file are checked; if the branch
/// moved and those files are the same, the commit is made on its head and pushed at once; if one changed, the plan is
/// [superseded](WriteError::Superseded) and nothing is pushed. `seconds` (Unix time, UTC) is the date of the commit: the
/// plan's creation; only where the signing key was not valid then, it is the time of signing.
///
/// `journal` is told each commit before it is pushed. What it recorded before a crash is looked for on the branch and,
/// where it is not there, made again byte for byte and pushed, unless the branch moved meanwhile. So there is one commit
/// of a plan, whenever the process ended; and a plan whose commit is on its branch goes on with its refspec.
///
/// Blocks on the network, within the deadline of `remote` for each operation. The cache is locked while the commit is
/// made, not while it is pushed.
pub fn write(
    remote: &Remote,
    cache: &Cache,
    plan: &ImageUpdatePlan,
    signer: Option<&Signer>,
    seconds: i64,
    journal: &mut dyn Journal,
) -> Result<Written, WriteError> {
    let job = Job {
        remote,
        cache,
        plan,
        signer,
        seconds,
    };
    let branch = format!("refs/heads/{}", plan.spec.push.branch);
    let mut sent = journal
        .recorded()
        .map(|recorded| Sent::read(plan, recorded))
        .transpose()?;
    for _ in 0..ATTEMPTS {
        match attempt(job, &branch, sent.take(), journal)? {
            Attempt::Landed(landed, messages) => {
                return finish(job, &branch, (&landed, messages), journal);
            }
            Attempt::Moved(pushed) => sent = pushed,
        }
    }
    Err(WriteError::KeptMoving {
        branch: plan.spec.push.branch.clone(),
        attempts: ATTEMPTS,
    })
}

/// What became of one push.
enum Attempt {
    /// The commit is on its branch. With it what the server said.
    Landed(Sent, Vec<String>),
    /// The branch moved. With it the commit that may have landed before it did.
    Moved(Option<Sent>),
}

fn attempt(
    job: Job<'_>,
    branch: &str,
    sent: Option<Sent>,
    journal: &mut dyn Journal,
) -> Result<Attempt, WriteError> {
    let session = job.remote.open_push().map_err(WriteError::Push)?;
    let found = session.find(branch);
    let sent = match sent {
        Some(sent) if has_landed(job, found, &sent)? => {
            return Ok(Attempt::Landed(sent, Vec::new()));
        }
        other => other,
    };
    let tip = tip(job, &session, branch)?;
    let (commit, seconds) = match prepare::commit(job, tip.parent, sent.as_ref()) {
        Err(error @ WriteError::Superseded { .. }) => return superseded(job, tip.parent, error),
        other => other?,
    };
    let new = Sent::of(&commit, seconds);
    if journal.recorded().as_ref() != Some(&new.record()) {
        journal
            .prepared(&new.record())
            .map_err(WriteError::Journal)?;
    }
    journal.may_push().map_err(WriteError::Journal)?;
    match push(session, job.plan, Parcel::New(&commit), (branch, tip.old)) {
        Ok(messages) => {
            adopt(job, &commit);
            Ok(Attempt::Landed(new, messages))
        }
        Err(error) => {
            let standing = standing(job.remote, (branch, tip.old), commit.id, &error);
            let refused = standing == Standing::Unmoved && !is_open(&error);
            // What an earlier attempt sent may still be under way.
            if refused && sent.is_none_or(|sent| sent.parent != tip.parent) {
                journal.refused();
            }
            match standing {
                Standing::Landed => Ok(Attempt::Landed(new, Vec::new())),
                Standing::Moved => Ok(Attempt::Moved(Some(new).filter(|_| is_open(&error)))),
                Standing::Unmoved | Standing::Unknown => Err(error),
            }
        }
    }
}

/// A file is not what the plan edits, in the branch's commit `head`: what changed it may have been this very plan.
fn superseded(job: Job<'_>, head: ObjectId, error: WriteError) -> Result<Attempt, WriteError> {
    match unrecorded(job, head) {
        Ok(Some(landed)) => Ok(Attempt::Landed(landed, Vec::new())),
        Ok(None) | Err(_) => Err(error),
    }
}

/// It saves the next plan from fetching what is known here; a cache that cannot be written costs time only.
fn adopt(job: Job<'_>, commit: &NewCommit) {
    if let Ok(repository) = job.cache.repository(job.remote) {
        repository.adopt(commit).ok();
    }
}

/// Goes on with the refspec of a plan whose commit is on its branch.
pub(crate) fn finish(
    job: Job<'_>,
    branch: &str,
    (landed, mut messages): (&Sent, Vec<String>),
    journal: &mut dyn Journal,
) -> Result<Written, WriteError> {
    let refspec = refspec::push(job, landed, branch, journal)?;
    let destination = refspec.map(|pushed| {
        messages.extend(pushed.messages);
        pushed.destination
    });
    Ok(Written {
        messages,
        ..Written::of(job.plan, landed, destination)
    })
}
