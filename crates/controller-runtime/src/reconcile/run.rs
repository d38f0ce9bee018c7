//! The reconciler at work, and beside it what a pass writes before its end.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use api::Time;
use futures_util::FutureExt as _;
use futures_util::future::join;
use k8s_openapi::jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::checkpoint::Asked;
use super::once::{Once, StatusOf};
use super::{Class, Done, End, Next, Pass, Reconciler, StoreError, outcome};
use crate::kinds::Reconciled;
use crate::status::WriteError;

impl<R: Reconciler> Once<R> {
    /// Runs the reconciler, and beside it writes what a long pass says and stores. Returns the object
    /// as the API server has it then, too.
    pub(super) async fn run(
        &self,
        object: &Arc<R::Object>,
        pass: &Pass,
        mut asked: mpsc::Receiver<Asked>,
    ) -> (Done<StatusOf<R>>, Arc<R::Object>) {
        let over = CancellationToken::new();
        let work = async {
            let done = self.guarded(object, pass).await;
            over.cancel();
            done
        };
        let beside = async {
            let mut current = Arc::clone(object);
            let mut listener = pass.progress.listen();
            let tells = R::Object::STYLE.tells_progress();
            // A write that has begun is awaited: it must not overtake the one at the end.
            loop {
                tokio::select! {
                    () = over.cancelled() => return current,
                    Some(asked) = asked.recv() => self.store(&mut current, asked).await,
                    message = listener.next(), if tells => {
                        self.tell_progress(object, &mut current, &message).await;
                    }
                }
            }
        };
        let (done, current) = join(work, beside).await;
        (
            done.unwrap_or_else(|broken| broken.done(&*current)),
            current,
        )
    }

    /// Writes what a long pass says.
    async fn tell_progress(
        &self,
        object: &Arc<R::Object>,
        current: &mut Arc<R::Object>,
        message: &str,
    ) {
        let now = Time(Timestamp::now());
        let status = outcome::while_running(&**object, &**current, message, &now);
        match self.written(current, &status, None).await {
            Ok(Some(newer)) => *current = newer,
            Ok(None) => {}
            Err(error) => tracing::debug!("{error}"),
        }
    }

    /// Stores a status in the middle of a pass.
    async fn store(&self, current: &mut Arc<R::Object>, asked: Asked) {
        let stored = match serde_json::from_value(asked.status) {
            Ok(status) => {
                let status = outcome::checkpoint(&**current, status);
                self.written(current, &status, None).await
            }
            Err(source) => Err(WriteError::Form { source }),
        };
        let answer = match stored {
            Ok(Some(newer)) => {
                *current = newer;
                Ok(())
            }
            Ok(None) => Err(StoreError::Gone),
            Err(error) => Err(StoreError::Write(error.into())),
        };
        // The pass may have been given up meanwhile.
        drop(asked.answer.send(answer));
    }

    /// Runs the reconciler; a panic is a failure, and so is a pass that does not end.
    async fn guarded(
        &self,
        object: &Arc<R::Object>,
        pass: &Pass,
    ) -> Result<Done<StatusOf<R>>, Broken> {
        let longest = self.reconciler.longest_pass();
        let work = timeout(longest, self.reconciler.pass(Arc::clone(object), pass));
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => Err(Broken(format!("the pass did not end within {longest:?}"))),
            Err(panic) => Err(Broken(format!(
                "panic: {} [recovered]",
                panic_text(&*panic)
            ))),
        }
    }
}

/// A pass that said nothing: why.
struct Broken(String);

impl Broken {
    /// A failure that leaves the status as it is by now, for the pass may have stored one.
    fn done<K: Reconciled>(self, current: &K) -> Done<K::Status> {
        Done {
            status: outcome::status(current).into_owned(),
            end: End::Failed {
                reason: None,
                message: self.0,
                class: Class::Transient,
            },
            next: Next::OnChange,
            trace_message: None,
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
