//! The objects of one kind, as a watch shows them.

use std::collections::{HashMap, HashSet};

use kube::Resource;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::Event;

/// What is kept of each object of a kind.
#[derive(Debug)]
pub(super) struct Listed<K: Resource<DynamicType = ()>, V> {
    objects: HashMap<ObjectRef<K>, V>,
    /// Which of them the list under way has not named yet.
    unnamed: HashSet<ObjectRef<K>>,
}

/// An object has come, changed or gone.
#[derive(Debug)]
pub(super) struct Change<K: Resource<DynamicType = ()>, V> {
    pub(super) object: ObjectRef<K>,
    pub(super) before: Option<V>,
    pub(super) now: Option<V>,
}

impl<K: Resource<DynamicType = ()>, V> Default for Listed<K, V> {
    fn default() -> Self {
        Self {
            objects: HashMap::new(),
            unnamed: HashSet::new(),
        }
    }
}

impl<K: Resource<DynamicType = ()>, V: Clone> Listed<K, V> {
    /// Takes in what the watch says; `read` makes what is kept of an object, beside what was kept of it before.
    pub(super) fn take_in(
        &mut self,
        event: &Event<K>,
        read: impl FnOnce(&K, Option<&V>) -> V,
    ) -> Vec<Change<K, V>> {
        match event {
            Event::Init => {
                self.unnamed = self.objects.keys().cloned().collect();
                Vec::new()
            }
            Event::InitApply(object) | Event::Apply(object) => {
                let reference = ObjectRef::from_obj(object);
                let now = read(object, self.objects.get(&reference));
                vec![self.set(reference, now)]
            }
            Event::Delete(object) => Vec::from_iter(self.gone(ObjectRef::from_obj(object))),
            Event::InitDone => {
                let gone = std::mem::take(&mut self.unnamed).into_iter();
                gone.filter_map(|gone| self.gone(gone)).collect()
            }
        }
    }

    /// Keeps what is known of an object from elsewhere than the watch.
    pub(super) fn set(&mut self, object: ObjectRef<K>, now: V) -> Change<K, V> {
        self.unnamed.remove(&object);
        Change {
            before: self.objects.insert(object.clone(), now.clone()),
            now: Some(now),
            object,
        }
    }

    pub(super) fn get(&self, object: &ObjectRef<K>) -> Option<&V> {
        self.objects.get(object)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &V> {
        self.objects.values()
    }

    fn gone(&mut self, object: ObjectRef<K>) -> Option<Change<K, V>> {
        let before = self.objects.remove(&object)?;
        Some(Change {
            object,
            before: Some(before),
            now: None,
        })
    }
}
