//! Calls for the same thing share the next run of it.
//!
//! A run that began before a call may have missed what the call is about, so a call never gets the outcome of a run that is
//! under way: it waits for the next one, with all others that came meanwhile. Nobody waits for more than two runs.
//!
//! Runs can be made to gather: after one that several calls shared, or that others wait for, the next one begins a pause later.
//! Who calls again as soon as there is an outcome then shares that run with all the others, not with the half of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Runs by what they are for. Clones share them.
pub(crate) struct Sharing<K, T> {
    /// What is under way, and what comes after it.
    runs: Arc<Mutex<HashMap<K, Option<Run<T>>>>>,
    /// Between two runs of a burst.
    pause: Duration,
}

/// A run that has not begun.
struct Run<T> {
    work: BoxFuture<'static, T>,
    done: oneshot::Sender<T>,
    outcome: Outcome<T>,
    /// Whether more than one call waits for it.
    is_shared: bool,
}

type Outcome<T> = Shared<oneshot::Receiver<T>>;

/// A run panicked; the standard error stream says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work ended without an outcome")]
pub(crate) struct Lost;

impl<K, T> Default for Sharing<K, T> {
    fn default() -> Self {
        Self::gathering(Duration::ZERO)
    }
}

impl<K, T> Sharing<K, T> {
    /// Runs of which those of a burst are this far apart.
    pub(crate) fn gathering(pause: Duration) -> Self {
        Self {
            runs: Arc::default(),
            pause,
        }
    }
}

impl<K, T> Clone for Sharing<K, T> {
    fn clone(&self) -> Self {
        Self {
            runs: Arc::clone(&self.runs),
            pause: self.pause,
        }
    }
}

impl<K, T> Sharing<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The outcome of the first run for `key` that begins after this call. `work` is that run, unless another call has
    /// brought one that has not begun. It goes on when nobody waits for it any more, so it needs a deadline of its own.
    pub(crate) async fn next(
        &self,
        key: K,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Lost> {
        let outcome = self.join(key, work);
        outcome.await.map_err(|_| Lost)
    }

    fn join(&self, key: K, work: impl Future<Output = T> + Send + 'static) -> Outcome<T> {
        match self.runs.lock().entry(key) {
            Entry::Occupied(mut running) => {
                if let Some(next) = running.get_mut() {
                    next.is_shared = true;
                    return next.outcome.clone();
                }
                let next = Run::new(work);
                let outcome = next.outcome.clone();
                running.insert(Some(next));
                outcome
            }
            Entry::Vacant(idle) => {
                let run = Run::new(work);
                let outcome = run.outcome.clone();
                tokio::spawn(self.clone().drive(idle.key().clone(), run));
                idle.insert(None);
                outcome
            }
        }
    }

    async fn drive(self, key: K, first: Run<T>) {
        let mut next = Some(first);
        while let Some(run) = next {
            let was_shared = run.is_shared;
            if let Ok(outcome) = AssertUnwindSafe(run.work).catch_unwind().await {
                // Those who asked may be gone.
                drop(run.done.send(outcome));
            } else {
                drop(run.done);
            }
            if !self.pause.is_zero() && (was_shared || self.is_awaited(&key)) {
                tokio::time::sleep(self.pause).await;
            }
            next = self.following(&key);
        }
    }

    /// Whether calls wait for the next run.
    fn is_awaited(&self, key: &K) -> bool {
        self.runs.lock().get(key).is_some_and(Option::is_some)
    }

    /// The run after the one that has ended; where there is none, the key is idle again.
    fn following(&self, key: &K) -> Option<Run<T>> {
        let mut runs = self.runs.lock();
        let next = runs.get_mut(key).and_then(Option::take);
        if next.is_none() {
            runs.remove(key);
        }
        next
    }
}

impl<T: Clone> Run<T> {
    fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        let (done, outcome) = oneshot::channel();
        Self {
            work: work.boxed(),
            done,
            outcome: outcome.shared(),
            is_shared: false,
        }
    }
}

#[cfg(test)]
mod tests;
