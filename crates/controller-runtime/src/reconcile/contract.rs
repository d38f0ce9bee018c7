//! What a controller hands to the runtime, and what it is given.

use std::sync::Arc;
use std::time::Duration;

use api::{Condition, Time};
use kube::runtime::reflector::ObjectRef;

use super::checkpoint::Checkpoints;
use super::progress::Progress;
use crate::events::Severity;
use crate::kinds::Reconciled;
use crate::lease::Claims;

/// The longest that passes last where a controller says nothing else.
const LONGEST_PASS: Duration = Duration::from_secs(3600);

/// How long passes may go on once the process is to end, where a controller says nothing else: a Pod
/// has ten seconds in all, of which the lease, events and traces need the rest.
const GRACE: Duration = Duration::from_secs(5);

/// What is done with the objects of one kind.
pub trait Reconciler: Send + Sync + 'static {
    /// The kind.
    type Object: Reconciled;

    /// One pass over one object: reads and acts, and hands the status back instead of writing it.
    ///
    /// No two passes over the same object run at once. The object is never older than the last
    /// status that this process wrote. Nothing in a pass waits without a deadline.
    fn pass(
        &self,
        object: Arc<Self::Object>,
        pass: &Pass,
    ) -> impl Future<Output = Done<<Self::Object as Reconciled>::Status>> + Send;

    /// How long a pass lasts at most: one that has not ended by then is given up and counts as
    /// failed, for it keeps others from running.
    ///
    /// No more than the last resort of a pass in which everything has a deadline of its own.
    fn longest_pass(&self) -> Duration {
        LONGEST_PASS
    }

    /// How long passes may go on once the process is to end; what they have not finished by then is
    /// done by the next process. The Pod must have some seconds more than that.
    fn grace(&self) -> Duration {
        GRACE
    }

    /// The object is there, or has changed; told before each pass that this sets off.
    fn shown(&self, object: &Self::Object) {
        let _ = object;
    }

    /// The object is gone, and with it what is remembered of it. Told once more after a pass in
    /// which that happened.
    fn forget(&self, object: &ObjectRef<Self::Object>) {
        let _ = object;
    }

    /// The trace of what causes the next pass over `object` where that is another object, in W3C
    /// form. Without one the pass continues the trace that the object itself carries, if no pass
    /// before it has seen that.
    fn traceparent(&self, object: &Self::Object) -> Option<String> {
        let _ = object;
        None
    }

    /// Whether others act on what has changed between two statuses. The object is then marked with
    /// the trace of the pass, before its status says what is new, so that they continue it.
    fn is_news(
        &self,
        before: &<Self::Object as Reconciled>::Status,
        after: &<Self::Object as Reconciled>::Status,
    ) -> bool {
        let _ = (before, after);
        false
    }

    /// News are in the status now, where others see them. Told once of each, however often it took
    /// to write them.
    fn announced(&self) {}

    /// What people are told of a pass whose status is written: `object` has it now, and had `before`
    /// when the pass began. `usual` is what Flux's rule for ImageRepository and ImagePolicy says.
    fn notices(
        &self,
        object: &Self::Object,
        before: &<Self::Object as Reconciled>::Status,
        usual: Option<Notice>,
    ) -> Vec<Notice> {
        let _ = (object, before);
        usual.into_iter().collect()
    }

    /// What people are told of an object that was looked at while it is suspended.
    fn suspended(&self, object: &Self::Object) -> Vec<Notice> {
        let _ = object;
        Vec::new()
    }
}

/// Something that people are told of an object: an Event, and a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether it is good news.
    pub severity: Severity,
    /// Why, in CamelCase.
    pub reason: String,
    /// What happened.
    pub message: String,
}

impl Notice {
    /// What a condition says.
    pub(crate) fn of((severity, condition): (Severity, &Condition)) -> Self {
        Self {
            severity,
            reason: condition.reason.clone(),
            message: condition.message.clone(),
        }
    }
}

/// What a pass is given beside its object.
#[derive(Debug)]
pub struct Pass {
    /// Tells the user what a long pass is doing.
    pub progress: Progress,
    /// When the pass began.
    pub now: Time,
    /// The reconciliation that the user asks for and no pass has answered yet: the value of
    /// `reconcile.fluxcd.io/requestedAt`.
    pub requested: Option<String>,
    /// Whether this process may still write, and for how long: [`Claims::time_to_write`] is to be
    /// asked before each write of the pass.
    pub claims: Claims,
    /// Stores a status before the pass ends.
    pub checkpoints: Checkpoints,
}

/// How a pass ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done<Status> {
    /// The status that the object had, with the fields changed that only its kind has. Conditions,
    /// observed generation and last handled request are filled in by the runtime.
    pub status: Status,
    /// What the conditions are to say.
    pub end: End,
    /// When to look again.
    pub next: Next,
    /// What is worth a line in the log of a pass that succeeded and changed nothing.
    pub trace_message: Option<String>,
}

/// What the conditions of an object say after a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All is as the spec asks.
    Ready {
        /// Message of Ready.
        message: String,
    },
    /// Nothing helps but a change of the object, or of what it refers to.
    Stalled {
        /// Reason of Stalled and Ready.
        reason: &'static str,
        /// Message of both.
        message: String,
    },
    /// The same, and Ready says so whatever it said before.
    Refused {
        /// Reason of Stalled and Ready.
        reason: &'static str,
        /// Message of both.
        message: String,
    },
    /// Something failed that may succeed later: tried again with growing delays.
    Failed {
        /// Reason of Ready. Without one Ready becomes `Failed`, unless it was False already.
        reason: Option<&'static str>,
        /// Message of Ready.
        message: String,
        /// When to try again.
        class: Class,
    },
    /// There is nothing to say yet: the conditions stay as they are, and the object is looked at
    /// again when [`Done::next`] says.
    Unchanged,
    /// Nothing was tried, for another object comes first: as [`Unchanged`](Self::Unchanged), but the delays after failures go on
    /// growing where they stood.
    Untried,
    /// Something that the object depends on is missing: no failure, and tried again when
    /// [`Done::next`] says, without growing delays.
    Waiting {
        /// Reason of Ready.
        reason: &'static str,
        /// Message of Ready.
        message: String,
    },
    /// How far an object has come whose kind says so in the reason of Ready, its only condition
    /// ([`Style::Phases`](crate::Style)).
    Phase {
        /// Name of the phase: the reason of Ready.
        name: &'static str,
        /// What Ready is.
        course: Course,
        /// Message of Ready.
        message: String,
        /// How what failed passes: tried again with growing delays. Without it the object is looked
        /// at again when [`Done::next`] says.
        retry: Option<Class>,
    },
}

/// Whether an object with phases has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Not yet: Ready is Unknown.
    UnderWay,
    /// With what it is for: Ready is True.
    Reached,
    /// Without it: Ready is False.
    Missed,
}

/// How a failure passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// By itself.
    Transient,
    /// When the server that was asked too much allows it.
    Throttled {
        /// How long that server wants to be left alone.
        retry_after: Option<Duration>,
    },
}

/// When an object is looked at again, if nothing changes before. After [`End::Failed`] the delay
/// of the back-off counts instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// After this long.
    After(Duration),
    /// When it, or what the controller watches for it, changes.
    OnChange,
}
