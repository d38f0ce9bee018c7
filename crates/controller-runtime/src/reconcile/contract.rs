//! What a controller hands to the runtime, and what it is given.

use std::sync::Arc;
use std::time::Duration;

use api::Time;
use kube::runtime::reflector::ObjectRef;

use super::progress::Progress;
use crate::kinds::Reconciled;
use crate::lease::Claims;

/// The longest that passes last where a controller says nothing else.
const LONGEST_PASS: Duration = Duration::from_secs(3600);

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

    /// The object is gone, and with it what is remembered of it. Told once more after a pass in
    /// which that happened.
    fn forget(&self, object: &ObjectRef<Self::Object>) {
        let _ = object;
    }

    /// The trace that the next pass over `object` continues, in W3C form.
    ///
    /// By default the one that the object itself carries.
    fn traceparent(&self, object: &Self::Object) -> Option<String> {
        crate::trace::of(object)
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
    /// Something that the object depends on is missing: no failure, and tried again when
    /// [`Done::next`] says, without growing delays.
    Waiting {
        /// Reason of Ready.
        reason: &'static str,
        /// Message of Ready.
        message: String,
    },
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
