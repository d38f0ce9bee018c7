//! What the loop remembers of the objects beside the objects themselves.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
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
    /// The traces that objects carried when they were looked at last.
    traces: Mutex<HashMap<ObjectRef<K>, String>>,
    /// Objects as they were before a write without an answer: what people were told last is about them.
    told: Mutex<HashMap<ObjectRef<K>, Arc<K>>>,
    metrics: Metrics,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Memory<K> {
    pub(super) fn new(args: &Args, metrics: Metrics) -> Self {
        let (min, max) = (args.min_retry_delay, args.max_retry_delay);
        Self {
            own: OwnWrites::default(),
            backoff: Backoff::new(min.to_std(), max.to_std()),
            malformed: Mutex::default(),
            traces: Mutex::default(),
            told: Mutex::default(),
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

    /// The trace that an object carries now, if no pass has seen it before. A first one may be from
    /// before the process: it counts where the object `asks` for something that nobody has answered.
    pub(super) fn new_trace(
        &self,
        object: &ObjectRef<K>,
        carried: Option<String>,
        asks: bool,
    ) -> Option<String> {
        let carried = carried?;
        let before = self.saw_trace(object, carried.clone());
        let is_new = before.map_or(asks, |before| before != carried);
        is_new.then_some(carried)
    }

    /// Notes the trace that an object carries now; the one from before, if there was one.
    pub(super) fn saw_trace(&self, object: &ObjectRef<K>, carried: String) -> Option<String> {
        self.traces.lock().insert(object.clone(), carried)
    }

    /// The state of an object that people were told of last: that in which it was `seen`, unless the status of an earlier pass
    /// may be in there of which nobody was told.
    pub(super) fn last_told(&self, object: &ObjectRef<K>, seen: &Arc<K>) -> Arc<K> {
        let told = self.told.lock().get(object).cloned();
        let same = told.filter(|told| told.meta().uid == seen.meta().uid);
        same.unwrap_or_else(|| Arc::clone(seen))
    }

    /// Nobody knows whether the status of a pass was written: people were told of this state last.
    pub(super) fn untold(&self, object: &ObjectRef<K>, told: Arc<K>) {
        self.told.lock().insert(object.clone(), told);
    }

    /// People were told of the object as it is.
    pub(super) fn told(&self, object: &ObjectRef<K>) {
        self.told.lock().remove(object);
    }

    /// The object is gone, and its series with it.
    pub(super) fn forget(&self, object: &ObjectRef<K>) {
        self.metrics.forget(&labels(object));
        self.own.forget(object);
        self.set_wellformed(object);
        self.traces.lock().remove(object);
        self.told(object);
        self.succeeded(object);
    }

    fn count(&self) {
        self.metrics.in_backoff(kind::<K>(), self.backoff.len());
    }
}

#[cfg(test)]
mod tests {
    use api::image::v1::ImagePolicy;
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn a_trace_is_new_once() {
        let args = Flags::parse_from(["test"]).args;
        let memory: Memory<ImagePolicy> = Memory::new(&args, Metrics::new());
        let (app, old) = (ObjectRef::new("app"), ObjectRef::new("old"));
        let new = |object, carried: Option<&str>, asks| {
            let found = memory.new_trace(object, carried.map(str::to_owned), asks);
            assert!(found.is_none() || found.as_deref() == carried);
            found.is_some()
        };
        assert!(!new(&app, None, true), "there is none");
        assert!(new(&app, Some("one"), true));
        assert!(!new(&app, Some("one"), true), "seen before");
        assert!(new(&app, Some("two"), false));
        assert_eq!(
            memory.saw_trace(&app, "ours".to_owned()).as_deref(),
            Some("two")
        );
        assert!(!new(&app, Some("ours"), true), "written by a pass");
        assert!(!new(&old, Some("one"), false), "from before the process");
        memory.forget(&app);
        assert!(new(&app, Some("ours"), true), "another one of its name");
    }
}
