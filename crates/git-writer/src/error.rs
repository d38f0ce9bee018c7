use git_remote::{ObjectId, RefspecError};
use yaml_setter::SpliceError;

use crate::JournalError;

/// Why a plan was not pushed, or not in full.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A field of the plan is not what a plan holds.
    #[error("plan '{plan}': {field}: expected {expected}, found '{found}'")]
    Malformed {
        /// The plan, `namespace/name`.
        plan: String,
        /// Path of the field.
        field: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The remote could not be read.
    #[error("failed to update source")]
    Read(#[source] git_remote::Error),
    /// The branch that the plan was made on is gone.
    #[error("failed to update source: branch '{branch}' no longer exists in {remote}: plan anew")]
    BranchGone {
        /// Short name of the branch.
        branch: String,
        /// The repository, without user info.
        remote: String,
    },
    /// The branch that was checked out has no longer the commit that a new push branch was to begin with.
    #[error(
        "failed to update source: '{branch}' is at {found}, which does not build on {base} as it did when the plan was made: plan anew"
    )]
    BaseGone {
        /// Short name of the branch that was checked out.
        branch: String,
        /// The commit that the plan was made on.
        base: ObjectId,
        /// Where the branch is.
        found: ObjectId,
    },
    /// The branch moved, and a file of the plan changed with it: the plan is superseded.
    #[error(
        "failed to update source: '{path}' changed since the plan was made (expected content {expected}, found {found}): plan anew"
    )]
    Superseded {
        /// Path of the file.
        path: String,
        /// The object id that the plan edits.
        expected: ObjectId,
        /// What is there now: an object id, or `nothing`.
        found: String,
    },
    /// The cache was deleted between fetching a file and reading it.
    #[error(
        "failed to update source: the content {blob} of '{path}' is gone from the cache: run again"
    )]
    MissingBlob {
        /// Path of the file.
        path: String,
        /// Its object id.
        blob: ObjectId,
    },
    /// The bytes to replace are not there.
    #[error("failed to update source: '{path}'")]
    Splice {
        /// Path of the file.
        path: String,
        /// What was found.
        source: SpliceError,
    },
    /// A file is larger than what is fetched.
    #[error(
        "failed to update source: '{path}' has {bytes} bytes, more than what is fetched of a file: plan without it"
    )]
    TooLarge {
        /// Path of the file.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// The journal did not take the commit, or let nothing be pushed: it was not pushed.
    #[error("failed to update source: not pushed")]
    Journal(#[source] JournalError),
    /// The commit could not be made or signed.
    #[error("failed to update source")]
    Commit(#[source] git_remote::Error),
    /// The push failed before the server answered for the reference.
    #[error("failed to push to remote")]
    Push(#[source] git_remote::Error),
    /// The server refused the reference.
    #[error(
        "failed to push to remote: {reference} was refused: {reason}{}",
        said(messages)
    )]
    Refused {
        /// Full name of the reference.
        reference: String,
        /// The server's reason.
        reason: String,
        /// What the server and its hooks said.
        messages: Vec<String>,
    },
    /// The branch moved again each time.
    #[error(
        "failed to push to remote: '{branch}' moved {attempts} times while the commit was on its way: run again"
    )]
    KeptMoving {
        /// Short name of the branch.
        branch: String,
        /// How often the push was tried.
        attempts: usize,
    },
    /// The refspec of the plan cannot be pushed.
    #[error("commit {commit} is on '{branch}', but not on the refspec")]
    ParseRefspec {
        /// The commit that was pushed.
        commit: ObjectId,
        /// Short name of the push branch.
        branch: String,
        /// What is wrong with the refspec.
        source: RefspecError,
    },
    /// The commit is on its branch; the push of the refspec failed.
    #[error("commit {commit} is on '{branch}', but not on '{destination}'")]
    PushRefspec {
        /// The commit that was pushed.
        commit: ObjectId,
        /// Short name of the push branch.
        branch: String,
        /// Full name of the destination.
        destination: String,
        /// Why.
        source: Box<Self>,
    },
    /// The destination of the refspec holds commits that this push would drop.
    #[error(
        "non-fast-forward update: {reference} is at {found}, which the new commit does not descend from: \
         put a '+' before the refspec to replace it"
    )]
    NonFastForward {
        /// Full name of the destination.
        reference: String,
        /// What it points to.
        found: ObjectId,
    },
}

/// What an error means for the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It may be written later as it is: it waits.
    Waits,
    /// What it was made on has changed: it ends, and another is made.
    Superseded,
    /// It can never be written: it ends.
    Failed,
}

impl WriteError {
    /// What the error means for the plan.
    pub fn fate(&self) -> Fate {
        match self {
            Self::Superseded { .. } | Self::BranchGone { .. } | Self::BaseGone { .. } => {
                Fate::Superseded
            }
            Self::Malformed { .. }
            | Self::Splice { .. }
            | Self::TooLarge { .. }
            | Self::ParseRefspec { .. } => Fate::Failed,
            Self::Commit(error) if never_a_commit(error) => Fate::Failed,
            Self::Read(_)
            | Self::MissingBlob { .. }
            | Self::Journal(_)
            | Self::Commit(_)
            | Self::Push(_)
            | Self::Refused { .. }
            | Self::KeptMoving { .. }
            | Self::PushRefspec { .. }
            | Self::NonFastForward { .. } => Fate::Waits,
        }
    }

    /// The commit that is on its branch although there is an error: what failed came after it.
    pub fn landed(&self) -> Option<ObjectId> {
        match self {
            Self::ParseRefspec { commit, .. } | Self::PushRefspec { commit, .. } => Some(*commit),
            _ => None,
        }
    }
}

/// Whether the files of the plan, whose blobs are known by then, cannot be changed at all.
fn never_a_commit(error: &git_remote::Error) -> bool {
    use git_remote::Error;
    matches!(
        error,
        Error::InvalidPath { .. } | Error::NotAFile { .. } | Error::PathNotFound { .. }
    )
}

fn said(messages: &[String]) -> String {
    messages.iter().fold(String::new(), |text, message| {
        text + "\n  remote: " + message
    })
}
