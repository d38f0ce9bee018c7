//! Which changes of an object are worth a pass.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use api::annotations::TRACEPARENT;
use futures_util::{Stream, StreamExt as _, stream};
use kube::Resource as _;
use kube::runtime::reflector::{ObjectRef, store};
use kube::runtime::watcher::Event;
use tokio::sync::mpsc;

use super::Reconciler;
use super::memory::Memory;
use crate::kinds::Reconciled;
use crate::readiness::Awaited;
use crate::runtime::Runtime;
use crate::status::lean;
use crate::watch::{Guarded, Malformed, events};

/// The objects that their own changes ask to look at. The stream keeps `store` up to date, too.
pub(super) fn own<R: Reconciler>(
    runtime: &Runtime,
    store: store::Writer<R::Object>,
    memory: Arc<Memory<R::Object>>,
    reconciler: Arc<R>,
    malformed: mpsc::Sender<Malformed>,
) -> impl Stream<Item = ObjectRef<R::Object>> + Send + use<R> {
    let kind = R::Object::kind(&());
    let mut changes = Changes {
        store,
        memory,
        reconciler,
        malformed,
        synced: runtime.readiness.awaits(format!("{kind} cache")),
        seen: HashMap::new(),
        listed: None,
        due: HashSet::new(),
    };
    events::<R::Object>(runtime, runtime.scope.watch())
        .flat_map(move |event| stream::iter(changes.event(event)))
}

struct Changes<R: Reconciler> {
    store: store::Writer<R::Object>,
    memory: Arc<Memory<R::Object>>,
    reconciler: Arc<R>,
    malformed: mpsc::Sender<Malformed>,
    synced: Awaited,
    seen: HashMap<ObjectRef<R::Object>, Seen>,
    /// While a list comes in: what it holds so far.
    listed: Option<HashSet<ObjectRef<R::Object>>>,
    /// What is to be looked at once a list is complete, for the store has it only then. A list that
    /// breaks off leaves it to the next one.
    due: HashSet<ObjectRef<R::Object>>,
}

/// What an object looked like when the watch showed it last.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// Which object of its name it is.
    uid: u64,
    /// What a pass depends on; `None` where it could not be read.
    fingerprint: Option<u64>,
}

impl<R: Reconciler> Changes<R> {
    fn event(&mut self, event: Event<Guarded<R::Object>>) -> Vec<ObjectRef<R::Object>> {
        match event {
            Event::Apply(object) => self.shown(object, Event::Apply),
            Event::InitApply(object) => self.shown(object, Event::InitApply),
            Event::Delete(object) => {
                self.deleted(&named(&ObjectRef::from_obj(&object)));
                Vec::new()
            }
            Event::Init => {
                self.store.apply_watcher_event(&Event::Init);
                self.listed = Some(HashSet::new());
                Vec::new()
            }
            Event::InitDone => self.list_is_complete(),
        }
    }

    /// An object is there, or has changed.
    fn shown(
        &mut self,
        object: Guarded<R::Object>,
        event: impl FnOnce(R::Object) -> Event<R::Object>,
    ) -> Vec<ObjectRef<R::Object>> {
        let key = named(&ObjectRef::from_obj(&object));
        let uid = hash_of(&object.meta().uid);
        if self.seen.get(&key).is_some_and(|seen| seen.uid != uid) {
            // Another one has taken its name: nothing of the old one is the new one's.
            self.gone(&key);
        }
        let fingerprint = object.0.as_ref().ok().map(fingerprint);
        let now = Seen { uid, fingerprint };
        let is_news = self.seen.insert(key.clone(), now) != Some(now);
        let look = is_news && fingerprint.is_some();
        match object.0 {
            Ok(mut object) => {
                lean(&mut object);
                object.lean();
                self.memory.set_wellformed(&key);
                self.reconciler.shown(&object);
                self.store.apply_watcher_event(&event(object));
            }
            Err(malformed) => {
                self.memory.set_malformed(&key);
                // Where the queue is full the next version, or the next start, is reported.
                drop(self.malformed.try_send(*malformed));
            }
        }
        if let Some(listed) = &mut self.listed {
            listed.insert(key.clone());
            self.due.extend(look.then_some(key));
            return Vec::new();
        }
        self.memory.own.settle(&key, &self.store.as_reader());
        Vec::from_iter(look.then_some(key))
    }

    /// An object is gone. The store is told by what it has itself, for one that cannot be read has
    /// no form to tell it by.
    fn deleted(&mut self, key: &ObjectRef<R::Object>) {
        if let Some(known) = self.store.as_reader().get(key) {
            let known = R::Object::clone(&known);
            self.store.apply_watcher_event(&Event::Delete(known));
        }
        self.gone(key);
    }

    fn list_is_complete(&mut self) -> Vec<ObjectRef<R::Object>> {
        self.store.apply_watcher_event(&Event::InitDone);
        let listed = self.listed.take().unwrap_or_default();
        let gone: Vec<_> = self
            .seen
            .keys()
            .filter(|key| !listed.contains(key))
            .cloned()
            .collect();
        for key in &gone {
            self.gone(key);
        }
        self.memory.own.settle_all(&self.store.as_reader());
        self.synced.met();
        let due = std::mem::take(&mut self.due).into_iter();
        due.filter(|key| listed.contains(key)).collect()
    }

    fn gone(&mut self, key: &ObjectRef<R::Object>) {
        self.seen.remove(key);
        self.memory.forget(key);
        self.reconciler.forget(key);
    }
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    value.hash(&mut hash);
    hash.finish()
}

/// What a pass depends on of an object, beyond its status: its own writes ask for no pass.
fn fingerprint<K: Reconciled>(object: &K) -> u64 {
    let meta = object.meta();
    let mut hash = DefaultHasher::new();
    meta.uid.hash(&mut hash);
    meta.generation.hash(&mut hash);
    for annotation in meta.annotations.iter().flatten() {
        // Where a trace goes on is nothing that a pass depends on, and passes write it themselves.
        if annotation.0 != TRACEPARENT {
            annotation.hash(&mut hash);
        }
    }
    meta.finalizers.hash(&mut hash);
    meta.deletion_timestamp.is_some().hash(&mut hash);
    hash.finish()
}

/// The reference to a guarded object as one to the object, by name alone.
fn named<K: Reconciled>(guarded: &ObjectRef<Guarded<K>>) -> ObjectRef<K> {
    ObjectRef::new(&guarded.name).within(guarded.namespace.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests;
