//! Which changes of an object are worth a pass.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

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
    let mut triggers = Triggers {
        store,
        memory,
        reconciler,
        malformed,
        synced: runtime.readiness.awaits(format!("{kind} cache")),
        seen: HashMap::new(),
        listed: None,
    };
    events::<R::Object>(runtime, runtime.scope.watch())
        .flat_map(move |event| stream::iter(triggers.event(event)))
}

struct Triggers<R: Reconciler> {
    store: store::Writer<R::Object>,
    memory: Arc<Memory<R::Object>>,
    reconciler: Arc<R>,
    malformed: mpsc::Sender<Malformed>,
    synced: Awaited,
    /// What each object looked like; `None` where it could not be read.
    seen: HashMap<ObjectRef<R::Object>, Option<u64>>,
    /// While a list comes in: what it holds so far, and whether that is to be looked at. The store
    /// has it only when the list is complete.
    listed: Option<HashMap<ObjectRef<R::Object>, bool>>,
}

impl<R: Reconciler> Triggers<R> {
    fn event(&mut self, event: Event<Guarded<R::Object>>) -> Vec<ObjectRef<R::Object>> {
        match event {
            Event::Apply(object) => self.shown(object, Event::Apply),
            Event::InitApply(object) => self.shown(object, Event::InitApply),
            Event::Delete(object) => {
                let gone = ObjectRef::from_obj(&object);
                if let Ok(object) = object.0 {
                    self.store.apply_watcher_event(&Event::Delete(object));
                }
                self.gone(&named(&gone));
                Vec::new()
            }
            Event::Init => {
                self.store.apply_watcher_event(&Event::Init);
                self.listed = Some(HashMap::new());
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
        let look = match object.0 {
            Ok(mut object) => {
                lean(&mut object);
                let look = self.look(&key, Some(fingerprint(&object)));
                self.memory.set_wellformed(&key);
                self.memory.own.shown(&object);
                self.store.apply_watcher_event(&event(object));
                look
            }
            Err(malformed) => {
                self.look(&key, None);
                self.memory.set_malformed(&key);
                // Where the queue is full the next version, or the next start, is reported.
                drop(self.malformed.try_send(*malformed));
                false
            }
        };
        match &mut self.listed {
            Some(listed) => {
                listed.insert(key, look);
                Vec::new()
            }
            None => Vec::from_iter(look.then_some(key)),
        }
    }

    /// Whether an object that now looks like this is to be looked at.
    fn look(&mut self, key: &ObjectRef<R::Object>, now: Option<u64>) -> bool {
        self.seen.insert(key.clone(), now) != Some(now)
    }

    fn list_is_complete(&mut self) -> Vec<ObjectRef<R::Object>> {
        self.store.apply_watcher_event(&Event::InitDone);
        let listed = self.listed.take().unwrap_or_default();
        let gone: HashSet<_> = self
            .seen
            .keys()
            .filter(|key| !listed.contains_key(key))
            .cloned()
            .collect();
        for key in &gone {
            self.gone(key);
        }
        self.synced.met();
        listed
            .into_iter()
            .filter_map(|(key, look)| look.then_some(key))
            .collect()
    }

    fn gone(&mut self, key: &ObjectRef<R::Object>) {
        self.seen.remove(key);
        self.memory.forget(key);
        self.reconciler.forget(key);
    }
}

/// What a pass depends on of an object, beyond its status: its own writes ask for no pass.
fn fingerprint<K: Reconciled>(object: &K) -> u64 {
    let meta = object.meta();
    let mut hash = DefaultHasher::new();
    meta.uid.hash(&mut hash);
    meta.generation.hash(&mut hash);
    meta.annotations.hash(&mut hash);
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
