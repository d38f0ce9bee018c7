//! Statuses that are stored before their pass ends.

use std::error::Error;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// Stores what must be known should the process die in the middle of a pass. Clones share the pass.
///
/// It is written as the status at the end is: where it says something new, under the lease, where
/// the object is still the one that the pass saw. A later pass sees it.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    asked: mpsc::Sender<Asked>,
}

/// A status to store, in its JSON form.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) status: Value,
    pub(super) answer: oneshot::Sender<Result<(), StoreError>>,
}

/// Why a status was not stored: what it is to precede must not be done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The object is gone, or another has taken its name.
    #[error("the object is gone")]
    Gone,
    /// The status could not be written.
    #[error(transparent)]
    Write(Box<dyn Error + Send + Sync>),
    /// The pass is over: it was given up, or the process ends.
    #[error("the pass is over")]
    Over,
}

impl Checkpoints {
    /// For one pass; and what takes its statuses. Without the latter nothing is stored.
    pub(super) fn new() -> (Self, mpsc::Receiver<Asked>) {
        let (asked, statuses) = mpsc::channel(1);
        (Self { asked }, statuses)
    }

    /// Stores the fields of `status` that only its kind has; conditions, observed generation and
    /// last handled request stay as they are. Returns once the API server has it.
    ///
    /// # Errors
    ///
    /// Where nothing was stored, or nobody can tell: where the answer got lost.
    pub async fn store(&self, status: &(impl Serialize + Sync)) -> Result<(), StoreError> {
        let status =
            serde_json::to_value(status).map_err(|error| StoreError::Write(error.into()))?;
        let (answer, answered) = oneshot::channel();
        let asked = self.asked.send(Asked { status, answer }).await;
        asked.map_err(|_| StoreError::Over)?;
        answered.await.map_err(|_| StoreError::Over)?
    }
}
