//! One pass: what the object is, what the reconciler says, what is written.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use api::{Condition, Time, reasons};
use futures_util::FutureExt as _;
use futures_util::future::join;
use k8s_openapi::jiff::Timestamp;
use kube::Resource as _;
use kube::runtime::controller::Action;
use kube::runtime::reflector::{ObjectRef, Store};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::memory::Memory;
use super::outcome::{self, Ended};
use super::{Class, Done, End, Next, Pass, Progress, Reconciler, labels};
use crate::events::{Events, Severity, notice};
use crate::kinds::Reconciled;
use crate::lease::Claims;
use crate::metrics::{Metrics, PassResult};
use crate::runtime::Runtime;
use crate::status::{WriteError, Writer, lean};
use crate::trace;
use crate::watch::kind;

/// Reason, for the metrics, of a pass whose status could not be written.
const WRITE_FAILED: &str = "StatusWriteFailed";

type StatusOf<R> = <<R as Reconciler>::Object as Reconciled>::Status;

/// Passes over the objects of one kind.
pub(super) struct Once<R: Reconciler> {
    reconciler: Arc<R>,
    memory: Arc<Memory<R::Object>>,
    store: Store<R::Object>,
    writer: Writer,
    events: Events,
    metrics: Metrics,
    claims: Claims,
}

impl<R: Reconciler> Once<R> {
    pub(super) fn new(
        runtime: &Runtime,
        reconciler: Arc<R>,
        memory: Arc<Memory<R::Object>>,
        store: Store<R::Object>,
    ) -> Self {
        Self {
            reconciler,
            memory,
            store,
            writer: Writer::new::<R::Object>(runtime),
            events: runtime.events.clone(),
            metrics: runtime.metrics.clone(),
            claims: runtime.claims.clone(),
        }
    }

    /// Looks at an object as the watch shows it, and says when to look again.
    pub(super) async fn pass(&self, shown: Arc<R::Object>) -> Action {
        let key = ObjectRef::from_obj(&*shown);
        if self.memory.is_malformed(&key) {
            return Action::await_change();
        }
        let uid = shown.meta().uid.clone();
        let object = self.memory.own.newest(shown);
        let span = tracing::info_span!(
            "pass",
            kind = kind::<R::Object>(),
            namespace = key.namespace,
            name = key.name
        );
        if let Some(parent) = self.reconciler.traceparent(&object) {
            trace::continue_from(&span, &parent);
        }
        let start = Instant::now();
        let (result, action) = self.look(&key, object).instrument(span).await;
        self.metrics.passed(&labels(&key), start.elapsed(), result);
        let left = self.store.get(&key);
        if left.is_none_or(|left| left.meta().uid != uid) {
            // It went while the pass ran: what the pass left behind goes, too.
            self.memory.forget(&key);
            self.reconciler.forget(&key);
        }
        action
    }

    async fn look(
        &self,
        key: &ObjectRef<R::Object>,
        object: Arc<R::Object>,
    ) -> (PassResult, Action) {
        let outcome = if object.meta().deletion_timestamp.is_some() {
            self.writer.release(object.meta()).await.map(|()| None)
        } else if object.suspend() {
            tracing::info!("reconciliation is suspended for this object");
            let status = outcome::suspended(&*object);
            self.written(&object, &status).await.map(|_| None)
        } else {
            self.reconciled(&object).await
        };
        match outcome {
            Ok(Some((end, next))) => self.after(key, &end, next),
            Ok(None) => {
                self.memory.succeeded(key);
                (PassResult::Passed, Action::await_change())
            }
            Err(error) => {
                tracing::warn!("{error}");
                let delay = self.memory.failed(key, None);
                let reason = WRITE_FAILED;
                (PassResult::Failed { reason }, Action::requeue(delay))
            }
        }
    }

    /// What becomes of an object after a pass that ended like this.
    fn after(&self, key: &ObjectRef<R::Object>, end: &End, next: Next) -> (PassResult, Action) {
        let result = match end {
            End::Failed { reason, class, .. } => {
                let retry_after = match class {
                    Class::Transient => None,
                    Class::Throttled { retry_after } => *retry_after,
                };
                let delay = self.memory.failed(key, retry_after);
                let reason = reason.unwrap_or(reasons::FAILED);
                return (PassResult::Failed { reason }, Action::requeue(delay));
            }
            End::Ready { .. } => PassResult::Ready,
            End::Unchanged => PassResult::Passed,
            End::Stalled { .. } => PassResult::Stalled,
            End::Waiting { .. } => PassResult::Waiting,
        };
        self.memory.succeeded(key);
        let action = match next {
            Next::After(delay) => Action::requeue(delay),
            Next::OnChange => Action::await_change(),
        };
        (result, action)
    }

    /// Runs the reconciler, writes what it says and tells people; `None` where the object is gone.
    async fn reconciled(&self, object: &Arc<R::Object>) -> Result<Option<(End, Next)>, WriteError> {
        let pass = Pass {
            progress: Progress::starting(outcome::first_word(&**object)),
            now: Time(Timestamp::now()),
            requested: outcome::pending_request(&**object),
            claims: self.claims.clone(),
        };
        let (done, current) = self.run(object, &pass).await;
        let ended = Ended {
            seen: &**object,
            current: &*current,
            end: &done.end,
            progress: &pass.progress.last(),
            now: &Time(Timestamp::now()),
        };
        let status = ended.complete(done.status);
        let Some(current) = self.written(&current, &status).await? else {
            return Ok(None);
        };
        let before = outcome::conditions(&**object);
        let after = <R::Object as Reconciled>::parts(&status).conditions;
        self.tell(
            &current,
            notice(&before, after),
            done.trace_message.as_deref(),
        );
        Ok(Some((done.end, done.next)))
    }

    /// Runs the reconciler, and beside it writes what a long pass says. Returns the object as the
    /// API server has it then, too.
    async fn run(
        &self,
        object: &Arc<R::Object>,
        pass: &Pass,
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
            // A write that has begun is awaited: it must not overtake the one at the end.
            while let Some(message) = over.run_until_cancelled(listener.next()).await {
                let now = Time(Timestamp::now());
                let status = outcome::while_running(&**object, &*current, &message, &now);
                match self.written(&current, &status).await {
                    Ok(Some(newer)) => current = newer,
                    Ok(None) => {}
                    Err(error) => tracing::debug!("{error}"),
                }
            }
            current
        };
        join(work, beside).await
    }

    /// Runs the reconciler; a panic is a failure, and so is a pass that does not end.
    async fn guarded(&self, object: &Arc<R::Object>, pass: &Pass) -> Done<StatusOf<R>> {
        let longest = self.reconciler.longest_pass();
        let work = timeout(longest, self.reconciler.pass(Arc::clone(object), pass));
        let message = match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(done)) => return done,
            Ok(Err(_)) => format!("the pass did not end within {longest:?}"),
            Err(panic) => format!("panic: {} [recovered]", panic_text(&*panic)),
        };
        Done {
            status: outcome::status(&**object).into_owned(),
            end: End::Failed {
                reason: None,
                message,
                class: Class::Transient,
            },
            next: Next::OnChange,
            trace_message: None,
        }
    }

    /// Writes a status where it says something new, and remembers the answer; `None` where the
    /// object is gone.
    async fn written(
        &self,
        object: &Arc<R::Object>,
        status: &StatusOf<R>,
    ) -> Result<Option<Arc<R::Object>>, WriteError> {
        if !outcome::differs(&**object, status) {
            return Ok(Some(Arc::clone(object)));
        }
        let written = self.writer.write_as(object.meta(), status).await?;
        let Some(mut newer): Option<R::Object> = written else {
            return Ok(None);
        };
        lean(&mut newer);
        let newer = Arc::new(newer);
        self.memory.own.wrote(Arc::clone(&newer));
        let key = ObjectRef::from_obj(&*newer);
        self.memory.own.settle(&key, &self.store);
        Ok(Some(newer))
    }

    /// Logs what a pass came to, and records it as an event where people should know.
    fn tell(
        &self,
        object: &R::Object,
        notice: Option<(Severity, &Condition)>,
        trace_message: Option<&str>,
    ) {
        let Some((severity, ready)) = notice else {
            tracing::debug!("{}", trace_message.unwrap_or("nothing changed"));
            return;
        };
        match severity {
            Severity::Normal => tracing::info!(reason = ready.reason, "{}", ready.message),
            Severity::Warning => tracing::warn!(reason = ready.reason, "{}", ready.message),
        }
        self.events
            .record(object, severity, &ready.reason, &ready.message);
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
