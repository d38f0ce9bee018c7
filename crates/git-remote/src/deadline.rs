//! The moment at which an operation must have ended, shared by everything that waits for the server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The end of the operation in progress.
///
/// Clones share it, so that a transport opened once obeys the deadline of each operation that uses it:
/// [`Deadline::restart`] gives the next operation the whole time again.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    base: Instant,
    limit: Duration,
    end_millis: Arc<AtomicU64>,
}

impl Deadline {
    /// A deadline `limit` from now.
    pub(crate) fn new(limit: Duration) -> Self {
        let deadline = Self {
            base: Instant::now(),
            limit,
            end_millis: Arc::new(AtomicU64::new(0)),
        };
        deadline.restart();
        deadline
    }

    /// Grants the next operation the whole limit, from now.
    pub(crate) fn restart(&self) {
        let end = self.base.elapsed().saturating_add(self.limit).as_millis();
        self.end_millis
            .store(u64::try_from(end).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Ends the operation in progress now.
    #[cfg(test)]
    pub(crate) fn expire(&self) {
        self.end_millis.store(0, Ordering::Relaxed);
    }

    /// The time that is left, `None` when there is none.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let end = Duration::from_millis(self.end_millis.load(Ordering::Relaxed));
        end.checked_sub(self.base.elapsed())
            .filter(|left| !left.is_zero())
    }

    /// How long one operation may take.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }
}
