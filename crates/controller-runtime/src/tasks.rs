//! The parts of a process that run beside its controller. None may end before the process does.

use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::error::RuntimeError;

/// Tasks that end with the process: one that ends earlier, or fails, ends the process.
#[derive(Debug)]
pub(crate) struct Tasks {
    shutdown: CancellationToken,
    running: JoinSet<Result<(), RuntimeError>>,
}

impl Tasks {
    /// No tasks yet; they may end once `shutdown` is cancelled.
    pub(crate) fn new(shutdown: CancellationToken) -> Self {
        Self {
            shutdown,
            running: JoinSet::new(),
        }
    }

    /// Starts a task; `name` is what its unexpected end is reported by.
    pub(crate) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), RuntimeError>> + Send + 'static,
    ) {
        let shutdown = self.shutdown.clone();
        self.running.spawn(async move {
            match task.await {
                Ok(()) if !shutdown.is_cancelled() => Err(RuntimeError::TaskEnded { task: name }),
                ended => ended,
            }
        });
    }

    /// Waits until a task fails, for ever where none does.
    pub(crate) async fn failed(&mut self) -> RuntimeError {
        while let Some(ended) = self.running.join_next().await {
            if let Err(error) = outcome(ended) {
                return error;
            }
        }
        std::future::pending().await
    }

    /// Waits until all have ended, and aborts those that have not after `deadline`. The error is the first one's.
    pub(crate) async fn ended(mut self, deadline: Duration) -> Result<(), RuntimeError> {
        let mut result = Ok(());
        let all = async {
            while let Some(ended) = self.running.join_next().await {
                if let (Ok(()), Err(error)) = (&result, outcome(ended)) {
                    result = Err(error);
                }
            }
        };
        if tokio::time::timeout(deadline, all).await.is_err() {
            tracing::warn!(
                "parts of the process are aborted: they did not end within {deadline:?}"
            );
        }
        result
    }
}

fn outcome(ended: Result<Result<(), RuntimeError>, JoinError>) -> Result<(), RuntimeError> {
    ended.unwrap_or_else(|panic| Err(RuntimeError::Panicked(panic)))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn failed(tasks: &mut Tasks) -> RuntimeError {
        let failed = tokio::time::timeout(Duration::from_secs(5), tasks.failed()).await;
        failed.expect("a task fails")
    }

    #[tokio::test]
    async fn a_task_may_end_once_the_process_is_to_end() {
        let shutdown = CancellationToken::new();
        let mut tasks = Tasks::new(shutdown.clone());
        let stop = shutdown.clone();
        tasks.spawn("the task", async move {
            stop.cancelled().await;
            Ok(())
        });
        shutdown.cancel();
        tasks.ended(Duration::from_secs(5)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_early_is_a_failure() {
        let mut tasks = Tasks::new(CancellationToken::new());
        tasks.spawn("the server", async { Ok(()) });
        let error = failed(&mut tasks).await;
        assert_eq!(error.to_string(), "the server ended unexpectedly");
    }

    #[tokio::test]
    async fn a_failure_counts_at_any_time() {
        let shutdown = CancellationToken::new();
        let mut tasks = Tasks::new(shutdown.clone());
        let stop = shutdown.clone();
        tasks.spawn("the first", async move {
            stop.cancelled().await;
            Err(RuntimeError::TaskEnded { task: "the cause" })
        });
        shutdown.cancel();
        let error = tasks.ended(Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(error.to_string(), "the cause ended unexpectedly");
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_a_failure() {
        let mut tasks = Tasks::new(CancellationToken::new());
        tasks.spawn("the task", async { panic!("as expected") });
        let error = failed(&mut tasks).await;
        assert!(matches!(error, RuntimeError::Panicked(_)), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_aborted() {
        let shutdown = CancellationToken::new();
        let mut tasks = Tasks::new(shutdown.clone());
        tasks.spawn("the task", std::future::pending());
        shutdown.cancel();
        tasks.ended(Duration::from_secs(5)).await.unwrap();
    }
}
