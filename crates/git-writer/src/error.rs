use git_remote::{ObjectId, RefspecError};
use yaml_setter::SpliceError;

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
    #[error(
        "commit {commit} is on '{branch}', but not on '{destination}': a later run finds nothing to change and does not \
         push it, so do that by hand"
    )]
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

fn said(messages: &[String]) -> String {
    messages.iter().fold(String::new(), |text, message| {
        text + "\n  remote: " + message
    })
}
