//! What the loop remembers of the objects beside the objects themselves.

use std::collections::HashSet;
use std::time::Duration;

use kube::Resource;
use kube::runtime::reflector::ObjectRef;
use parking_lot::Mutex;

use super::labels;
use super::own_writes::OwnWrites;
use crate::args::Args;
use crate::backoff::Backoff;
use crate::metrics::Metrics;
use crate::watch::kind;

/// What is remembered of each object until it is gone.
#[derive(Debug)]
pub(super) struct Memory<K: Resource<DynamicType = ()>> {
    /// What was written and the watch has not shown.
    pub(super) own: OwnWrites<K>,
    backoff: Backoff<ObjectRef<K>>,
    malformed: Mutex<HashSet<ObjectRef<K>>>,
    metrics: Metrics,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Memory<K> {
    pub(super) fn new(args: &Args, metrics: Metrics) -> Self {
        let (min, max) = (args.min_retry_delay, args.max_retry_delay);
        Self {
            own: OwnWrites::default(),
            backoff: Backoff::new(min.to_std(), max.to_std()),
            malformed: Mutex::default(),
            metrics,
        }
    }

    /// A pass failed: how long the object waits.
    pub(super) fn failed(&self, object: &ObjectRef<K>, retry_after: Option<Duration>) -> Duration {
        let delay = self.backoff.failed(object.clone(), retry_after);
        self.count();
        delay
    }

    /// A pass did not fail.
    pub(super) fn succeeded(&self, object: &ObjectRef<K>) {
        self.backoff.clear(object);
        self.count();
    }

    /// The object cannot be read, or can again: without a form there is no pass.
    pub(super) fn set_malformed(&self, object: &ObjectRef<K>) {
        self.malformed.lock().insert(object.clone());
    }

    /// The object can be read.
    pub(super) fn set_wellformed(&self, object: &ObjectRef<K>) {
        self.malformed.lock().remove(object);
    }

    /// Whether the object cannot be read as it stands now.
    pub(super) fn is_malformed(&self, object: &ObjectRef<K>) -> bool {
        self.malformed.lock().contains(object)
    }

    /// The object is gone, and its series with it.
    pub(super) fn forget(&self, object: &ObjectRef<K>) {
        self.metrics.forget(&labels(object));
        self.own.forget(object);
        self.set_wellformed(object);
        self.succeeded(object);
    }

    fn count(&self) {
        self.metrics.in_backoff(kind::<K>(), self.backoff.len());
    }
}
