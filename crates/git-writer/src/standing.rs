//! Where a branch stands after a push to it failed.

use std::thread;
use std::time::Duration;

use git_remote::{Class, ObjectId, Remote};

use crate::WriteError;
use crate::push::head;

/// How long to wait before each further look for a commit whose push got no answer.
const SECOND_LOOKS: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// Where a branch stands after a push to it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// At our commit: only the answer was lost.
    Landed,
    /// Where it was: the failure is final.
    Unmoved,
    /// Nobody can tell: the failure is final.
    Unknown,
    /// At somebody else's commit, which may be on top of ours.
    Moved,
}

pub(crate) fn standing(
    remote: &Remote,
    (branch, old): (&str, Option<ObjectId>),
    ours: ObjectId,
    error: &WriteError,
) -> Standing {
    let may_have_moved = match error {
        WriteError::Refused { .. } => true,
        WriteError::Push(error) => matches!(error.class(), Class::Moved | Class::Transient),
        _ => false,
    };
    if !may_have_moved {
        return Standing::Unknown;
    }
    let mut standing = look(remote, (branch, old), ours);
    // A server whose answer was lost may still be at work.
    if is_open(error) {
        for pause in SECOND_LOOKS {
            if matches!(standing, Standing::Landed | Standing::Moved) {
                break;
            }
            thread::sleep(pause);
            standing = look(remote, (branch, old), ours);
        }
    }
    standing
}

/// Whether the push may have landed, for all that is known.
pub(crate) fn is_open(error: &WriteError) -> bool {
    matches!(
        error,
        WriteError::Push(git_remote::Error::UnknownOutcome { .. })
    )
}

/// Where the branch is now.
fn look(remote: &Remote, (branch, old): (&str, Option<ObjectId>), ours: ObjectId) -> Standing {
    match head(remote, branch) {
        Ok(Some(head)) if head == ours => Standing::Landed,
        Ok(head) if head != old => Standing::Moved,
        Ok(_) => Standing::Unmoved,
        // The push failed for a reason of its own, which says more than a second failure.
        Err(_) => Standing::Unknown,
    }
}
