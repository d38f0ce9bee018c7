use std::thread;
use std::time::Duration;

use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{Class, CommitRequest, Identity, NewCommit, ObjectId, Remote, Repository, Signer};

use crate::push::{head, push};
use crate::tip::{Tip, tip};
use crate::{WriteError, check, refspec};

/// How often a push is tried anew when the branch moved under it.
const ATTEMPTS: usize = 5;

/// How long to wait before each further look for a commit whose push got no answer.
const SECOND_LOOKS: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

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

/// Commits the bytes of a plan and pushes them.
///
/// Checks the object id and the old bytes of every file. If the branch moved and those files are the same, the commit is
/// made anew on its head and pushed at once; if one changed, the plan is [superseded](WriteError::Superseded) and
/// nothing is pushed. `seconds` (Unix time, UTC) is the date of the commit: the plan's creation.
///
/// Blocks on the network, within the deadline of `remote` for each operation.
pub fn write(
    remote: &Remote,
    repository: &Repository,
    plan: &ImageUpdatePlan,
    signer: Option<&Signer>,
    seconds: i64,
) -> Result<Written, WriteError> {
    let branch = format!("refs/heads/{}", plan.spec.push.branch);
    for _ in 0..ATTEMPTS {
        let (tip, commit) = prepare(remote, repository, plan, (&branch, signer, seconds))?;
        let error = match push(remote, plan, &commit, (&branch, tip.old)) {
            Ok(messages) => {
                // It saves the next pass from fetching what is known here; a cache that cannot be written costs time only.
                repository.adopt(&commit).ok();
                return finish(remote, plan, &commit, &branch, messages);
            }
            Err(error) => error,
        };
        match standing(remote, &branch, tip, commit.id, &error) {
            Standing::Landed => return finish(remote, plan, &commit, &branch, Vec::new()),
            Standing::Unmoved => return Err(error),
            Standing::Moved => {}
        }
    }
    Err(WriteError::KeptMoving {
        branch: plan.spec.push.branch.clone(),
        attempts: ATTEMPTS,
    })
}

/// The commit of the plan on the head of its branch, in memory.
fn prepare(
    remote: &Remote,
    repository: &Repository,
    plan: &ImageUpdatePlan,
    (branch, signer, seconds): (&str, Option<&Signer>, i64),
) -> Result<(Tip, NewCommit), WriteError> {
    let mut session = remote.connect().map_err(WriteError::Read)?;
    let tip = tip(remote, &mut session, plan, branch)?;
    session
        .fetch_commit(repository, tip.parent)
        .map_err(WriteError::Read)?;
    let blobs = check::same_blobs(plan, repository, tip.parent)?;
    session
        .fetch_blobs(repository, &blobs)
        .map_err(WriteError::Read)?;
    let files = check::contents(plan, repository, &blobs)?;
    let author = Identity {
        name: plan.spec.author.name.clone(),
        email: plan.spec.author.email.clone(),
    };
    let request = CommitRequest {
        parent: tip.parent,
        files: &files,
        committer: author.clone(),
        author,
        seconds,
        message: &plan.spec.message,
        signer,
    };
    let commit = repository.commit(&request).map_err(WriteError::Commit)?;
    Ok((tip, commit))
}

/// Where a branch stands after a push to it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// At our commit: only the answer was lost.
    Landed,
    /// Where it was, or nobody can tell: the failure is final.
    Unmoved,
    /// At somebody else's commit.
    Moved,
}

fn standing(
    remote: &Remote,
    branch: &str,
    tip: Tip,
    ours: ObjectId,
    error: &WriteError,
) -> Standing {
    let may_have_moved = match error {
        WriteError::Refused { .. } => true,
        WriteError::Push(error) => matches!(error.class(), Class::Moved | Class::Transient),
        _ => false,
    };
    if !may_have_moved {
        return Standing::Unmoved;
    }
    let mut standing = look(remote, branch, tip, ours);
    // A server whose answer was lost may still be at work.
    if matches!(
        error,
        WriteError::Push(git_remote::Error::UnknownOutcome { .. })
    ) {
        for pause in SECOND_LOOKS {
            if !matches!(standing, Standing::Unmoved) {
                break;
            }
            thread::sleep(pause);
            standing = look(remote, branch, tip, ours);
        }
    }
    standing
}

/// Where the branch is now.
fn look(remote: &Remote, branch: &str, tip: Tip, ours: ObjectId) -> Standing {
    match head(remote, branch) {
        Ok(Some(head)) if head == ours => Standing::Landed,
        Ok(head) if head != tip.old => Standing::Moved,
        // The push failed for a reason of its own, which says more than a second failure.
        Ok(_) | Err(_) => Standing::Unmoved,
    }
}

fn finish(
    remote: &Remote,
    plan: &ImageUpdatePlan,
    commit: &NewCommit,
    branch: &str,
    mut messages: Vec<String>,
) -> Result<Written, WriteError> {
    let refspec = refspec::push(remote, plan, commit, branch)?;
    let destination = refspec.map(|pushed| {
        messages.extend(pushed.messages);
        pushed.destination
    });
    Ok(Written {
        commit: commit.id,
        parent: commit.parent,
        branch: plan.spec.push.branch.clone(),
        refspec: destination,
        messages,
    })
}
