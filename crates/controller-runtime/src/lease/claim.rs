//! The right to write, and until when.

use tokio::sync::watch;
use tokio::time::Instant;

/// The right to write, as it stands at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// No lease is needed: the process always writes.
    Always,
    /// The process may write until then, unless it renews before.
    Until(Instant),
    /// The process may not write.
    Nobody,
}

/// The process does not hold its lease: nothing may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lease is not held (any more): nothing is written")]
pub struct NotLeading;

/// The newest [`Claim`] of the process. Clones share it.
#[derive(Clone, Debug)]
pub struct Claims {
    newest: watch::Receiver<Claim>,
}

impl Claim {
    /// Whether something may be written at this very moment.
    pub fn is_current(self) -> bool {
        match self {
            Self::Always => true,
            Self::Until(expiry) => Instant::now() < expiry,
            Self::Nobody => false,
        }
    }
}

impl Claims {
    /// Claims of a process that needs no lease.
    pub fn always() -> Self {
        Self::watching(watch::Sender::new(Claim::Always).subscribe())
    }

    pub(crate) fn watching(newest: watch::Receiver<Claim>) -> Self {
        Self { newest }
    }

    /// Whether something may be written at this very moment.
    pub fn is_current(&self) -> bool {
        self.newest.borrow().is_current()
    }

    /// An error unless something may be written at this very moment; to be asked right before each write.
    pub fn check(&self) -> Result<(), NotLeading> {
        if self.is_current() {
            Ok(())
        } else {
            Err(NotLeading)
        }
    }
}
