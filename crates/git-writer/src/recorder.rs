//! Stores in the plan's status what is about to be pushed.

use std::sync::Arc;

use api::repin::v1alpha1::{ImageUpdatePlanStatus, PreparedCommit};
use controller_runtime::{Checkpoints, Claims};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::{Journal, JournalError};

/// The process is to end: a push that has not begun is left to the next one.
#[derive(Debug, thiserror::Error)]
#[error("the process ends")]
pub(crate) struct Ending;

/// The journal of one pass over one plan. Clones share what was stored.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    /// The status that the plan had.
    pub(crate) status: ImageUpdatePlanStatus,
    pub(crate) stored: Arc<Mutex<Option<PreparedCommit>>>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) claims: Claims,
    pub(crate) shutdown: CancellationToken,
    pub(crate) runtime: Handle,
}

impl Recorder {
    /// What was stored last and may have landed.
    pub(crate) fn last(&self) -> Option<PreparedCommit> {
        self.stored.lock().clone()
    }
}

impl Journal for Recorder {
    fn recorded(&self) -> Option<PreparedCommit> {
        self.last()
    }

    fn prepared(&mut self, commit: &PreparedCommit) -> Result<(), JournalError> {
        let status = ImageUpdatePlanStatus {
            prepared: Some(commit.clone()),
            ..self.status.clone()
        };
        self.runtime.block_on(self.checkpoints.store(&status))?;
        *self.stored.lock() = Some(commit.clone());
        Ok(())
    }

    fn refused(&mut self) {
        *self.stored.lock() = None;
    }

    fn may_push(&mut self) -> Result<(), JournalError> {
        if self.shutdown.is_cancelled() {
            return Err(Box::new(Ending));
        }
        self.may_complete()
    }

    /// Where the lease ends before the push does, whoever takes over pushes the same commit, or finds it.
    fn may_complete(&mut self) -> Result<(), JournalError> {
        Ok(self.claims.check()?)
    }
}
