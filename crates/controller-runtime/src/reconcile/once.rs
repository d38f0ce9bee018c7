//! One pass: what the object is, what the reconciler says, what is written.

use std::sync::Arc;

use api::Time;
use k8s_openapi::jiff::Timestamp;
use kube::Resource as _;
use kube::runtime::controller::Action;
use kube::runtime::reflector::{ObjectRef, Store};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::memory::Memory;
use super::outcome::{self, Ended};
use super::{Checkpoints, End, Next, Notice, Pass, Progress, Reconciler, labels};
use crate::events::{Events, Severity, end_of_phases, notice};
use crate::kinds::{Reconciled, Style};
use crate::lease::Claims;
use crate::metrics::{Metrics, PassResult};
use crate::runtime::Runtime;
use crate::status::{WriteError, Writer, lean};
use crate::trace;
use crate::watch::kind;

/// Reason, for the metrics, of a pass whose status could not be written.
const WRITE_FAILED: &str = "StatusWriteFailed";

pub(super) type StatusOf<R> = <<R as Reconciler>::Object as Reconciled>::Status;

/// Passes over the objects of one kind.
pub(super) struct Once<R: Reconciler> {
    pub(super) reconciler: Arc<R>,
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
        if let Some(parent) = self.parent(&key, &object) {
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

    /// The trace that a pass over this object continues.
    fn parent(&self, key: &ObjectRef<R::Object>, object: &R::Object) -> Option<String> {
        let asks = outcome::is_unanswered(object);
        let own = self.memory.new_trace(key, trace::of(object), asks);
        self.reconciler.traceparent(object).or(own)
    }

    async fn look(
        &self,
        key: &ObjectRef<R::Object>,
        object: Arc<R::Object>,
    ) -> (PassResult, Action) {
        let outcome = if object.meta().deletion_timestamp.is_some() {
            self.writer.release(object.meta()).await.map(|()| None)
        } else if object.suspend() {
            self.suspended(&object).await.map(|()| None)
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

    /// Notes what a suspended object asks for.
    async fn suspended(&self, object: &Arc<R::Object>) -> Result<(), WriteError> {
        tracing::info!("{}", R::Object::STYLE.suspended());
        let status = outcome::suspended(&**object);
        if let Some(current) = self.written(object, &status, None).await? {
            let notices = self.reconciler.suspended(&current);
            self.tell(&current, notices, None);
        }
        Ok(())
    }

    /// What becomes of an object after a pass that ended like this.
    fn after(&self, key: &ObjectRef<R::Object>, end: &End, next: Next) -> (PassResult, Action) {
        let result = end.result();
        if let Some(failure) = end.failure() {
            let delay = self.memory.failed(key, failure.retry_after);
            return (result, Action::requeue(delay));
        }
        if *end != End::Untried {
            self.memory.succeeded(key);
        }
        let action = match next {
            Next::After(delay) => Action::requeue(delay),
            Next::OnChange => Action::await_change(),
        };
        (result, action)
    }

    /// Runs the reconciler, writes what it says and tells people; `None` where the object is gone.
    async fn reconciled(&self, object: &Arc<R::Object>) -> Result<Option<(End, Next)>, WriteError> {
        let (checkpoints, asked) = Checkpoints::new();
        let pass = Pass {
            progress: Progress::starting(outcome::first_word(&**object)),
            now: Time(Timestamp::now()),
            requested: outcome::pending_request(&**object),
            claims: self.claims.clone(),
            checkpoints,
        };
        let (mut done, current) = self.run(object, &pass, asked).await;
        done.end = R::Object::STYLE.end(done.end);
        let ended = Ended {
            seen: &**object,
            current: &*current,
            end: &done.end,
            progress: &pass.progress.last(),
            now: &Time(Timestamp::now()),
        };
        let status = ended.complete(done.status);
        let is_news = self
            .reconciler
            .is_news(&outcome::status(&**object), &status);
        let mark = is_news.then(trace::current_traceparent).flatten();
        let key = ObjectRef::from_obj(&**object);
        let told = self.memory.last_told(&key, object);
        let written = self.written(&current, &status, mark.as_deref()).await;
        if written.is_err() {
            self.memory.untold(&key, Arc::clone(&told));
        }
        let Some(current) = written? else {
            return Ok(None);
        };
        self.memory.told(&key);
        if is_news {
            self.reconciler.announced();
        }
        let before = outcome::conditions(&*told);
        let after = <R::Object as Reconciled>::parts(&status).conditions;
        let notice = match R::Object::STYLE {
            Style::Conditions | Style::Terse => notice(&before, after),
            Style::Phases { .. } => end_of_phases(&before, after),
        };
        if let (None, End::Phase { message, .. }) = (&notice, &done.end)
            && done.end.failure().is_some()
        {
            tracing::warn!("{message}");
        }
        let notices =
            self.reconciler
                .notices(&current, &outcome::status(&*told), notice.map(Notice::of));
        self.tell(&current, notices, done.trace_message.as_deref());
        Ok(Some((done.end, done.next)))
    }

    /// Writes a status where it says something new, and remembers the answer; `None` where the
    /// object is gone. Before the status comes the trace that `mark` names.
    pub(super) async fn written(
        &self,
        object: &Arc<R::Object>,
        status: &StatusOf<R>,
        mark: Option<&str>,
    ) -> Result<Option<Arc<R::Object>>, WriteError> {
        if !outcome::differs(&**object, status) {
            return Ok(Some(Arc::clone(object)));
        }
        let written = self.writer.write_as(object.meta(), status, mark).await?;
        let Some(mut newer): Option<R::Object> = written else {
            return Ok(None);
        };
        lean(&mut newer);
        newer.lean();
        let newer = Arc::new(newer);
        self.memory.own.wrote(Arc::clone(&newer));
        let key = ObjectRef::from_obj(&*newer);
        if let Some(ours) = trace::of(&*newer).filter(|carried| mark == Some(carried)) {
            self.memory.saw_trace(&key, ours);
        }
        self.memory.own.settle(&key, &self.store);
        Ok(Some(newer))
    }

    /// Logs what a pass came to, and records it as an event where people should know.
    fn tell(&self, object: &R::Object, notices: Vec<Notice>, trace_message: Option<&str>) {
        if notices.is_empty() {
            tracing::debug!("{}", trace_message.unwrap_or("nothing changed"));
        }
        for Notice {
            severity,
            reason,
            message,
        } in notices
        {
            match severity {
                Severity::Normal => tracing::info!(reason, "{message}"),
                Severity::Warning => tracing::warn!(reason, "{message}"),
            }
            self.events.record(object, severity, &reason, &message);
        }
    }
}
