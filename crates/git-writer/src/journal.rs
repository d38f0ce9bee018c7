//! What survives the process: the commit that is about to be pushed.

use std::error::Error;

use api::Time;
use api::repin::v1alpha1::{ImageUpdatePlan, PreparedCommit};
use git_remote::{NewCommit, ObjectId};
use k8s_openapi::jiff::Timestamp;

use crate::{WriteError, check};

/// Why a journal could not store a commit.
pub type JournalError = Box<dyn Error + Send + Sync + 'static>;

/// Keeps what makes a commit reproducible, so that whoever goes on after a crash pushes that very commit, or finds it
/// landed.
pub trait Journal {
    /// What was stored last for this plan, by this process or one before it.
    fn recorded(&self) -> Option<PreparedCommit>;

    /// Stores the commit, which is pushed as soon as this returns, in place of the one before. An error keeps it from
    /// being pushed.
    fn prepared(&mut self, commit: &PreparedCommit) -> Result<(), JournalError>;

    /// The server refused the commit stored last, and nothing of it is under way any more: it has not landed, and will not.
    /// A journal that keeps it all the same costs a look for it.
    fn refused(&mut self) {}

    /// Asked right before each push to the branch; an error keeps it from beginning.
    fn may_push(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    /// Asked right before the push to the refspec, which completes what has begun; an error keeps it from beginning.
    fn may_complete(&mut self) -> Result<(), JournalError> {
        Ok(())
    }
}

/// A journal that keeps nothing: for a run that nobody goes on with.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJournal;

impl Journal for NoJournal {
    fn recorded(&self) -> Option<PreparedCommit> {
        None
    }

    fn prepared(&mut self, _commit: &PreparedCommit) -> Result<(), JournalError> {
        Ok(())
    }
}

/// A commit that was about to be pushed, and may have landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) commit: ObjectId,
    pub(crate) parent: ObjectId,
    /// Its date, Unix time in UTC.
    pub(crate) seconds: i64,
    pub(crate) signature: Option<String>,
}

impl Sent {
    /// What the journal of this plan recorded.
    pub(crate) fn read(
        plan: &ImageUpdatePlan,
        recorded: PreparedCommit,
    ) -> Result<Self, WriteError> {
        let id = |field: &str, text: &str| {
            check::object_id(plan, &format!("status.prepared.{field}"), text)
        };
        Ok(Self {
            commit: id("commit", &recorded.commit)?,
            parent: id("parent", &recorded.parent)?,
            seconds: recorded.time.0.as_second(),
            signature: recorded.signature,
        })
    }

    /// A commit that is going to be pushed.
    pub(crate) fn of(commit: &NewCommit, seconds: i64) -> Self {
        Self {
            commit: commit.id,
            parent: commit.parent,
            seconds,
            signature: commit.signature.clone(),
        }
    }

    /// As the journal stores it.
    pub(crate) fn record(&self) -> PreparedCommit {
        PreparedCommit {
            commit: self.commit.to_string(),
            parent: self.parent.to_string(),
            time: Time(Timestamp::from_second(self.seconds).unwrap_or_default()),
            signature: self.signature.clone(),
        }
    }
}
