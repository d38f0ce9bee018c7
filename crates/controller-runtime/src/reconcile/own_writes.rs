//! What this process wrote and its watch has not shown yet.

use std::collections::HashMap;
use std::sync::Arc;

use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource, ResourceExt as _};
use parking_lot::Mutex;

/// The objects as the API server answered to our writes, until the watch catches up.
#[derive(Debug)]
pub(super) struct OwnWrites<K: Resource<DynamicType = ()>> {
    written: Mutex<HashMap<ObjectRef<K>, Arc<K>>>,
}

impl<K: Resource<DynamicType = ()>> Default for OwnWrites<K> {
    fn default() -> Self {
        Self {
            written: Mutex::default(),
        }
    }
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> OwnWrites<K> {
    /// Remembers what the API server answered.
    pub(super) fn wrote(&self, object: Arc<K>) {
        self.written
            .lock()
            .insert(ObjectRef::from_obj(&*object), object);
    }

    /// The newer one of what the watch has shown and what was written.
    pub(super) fn newest(&self, shown: Arc<K>) -> Arc<K> {
        let written = self.written.lock();
        let written = written.get(&ObjectRef::from_obj(&*shown));
        written
            .filter(|written| is_ahead(&***written, &*shown))
            .map_or(shown, Arc::clone)
    }

    /// What was written of one object is no longer needed where the store has caught up.
    ///
    /// To be called after each change of the store, and after each write: the watch may have shown
    /// it before the answer came.
    pub(super) fn settle(&self, object: &ObjectRef<K>, store: &Store<K>) {
        let mut written = self.written.lock();
        if written
            .get(object)
            .is_some_and(|one| has_caught_up(store, object, one))
        {
            written.remove(object);
        }
    }

    /// The same for all objects.
    pub(super) fn settle_all(&self, store: &Store<K>) {
        let mut written = self.written.lock();
        written.retain(|object, one| !has_caught_up(store, object, one));
    }

    /// The object is gone.
    pub(super) fn forget(&self, object: &ObjectRef<K>) {
        self.written.lock().remove(object);
    }
}

fn has_caught_up<K>(store: &Store<K>, object: &ObjectRef<K>, written: &K) -> bool
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    let shown = store.get(object);
    shown.is_some_and(|shown| !is_ahead(written, &*shown))
}

/// Whether what was written is newer than what is shown of the same object. Resource versions are
/// compared as numbers, as Kubernetes promises since 1.35; where they are none the watch is right.
fn is_ahead<K: Resource>(written: &K, shown: &K) -> bool {
    let version = |object: &K| object.resource_version()?.parse::<u64>().ok();
    written.uid() == shown.uid() && version(written) > version(shown) && version(shown).is_some()
}

#[cfg(test)]
mod tests {
    use api::image::v1::ImagePolicy;
    use kube::runtime::reflector::store::Writer;
    use kube::runtime::watcher::Event;

    use super::*;

    fn policy(uid: &str, version: &str) -> Arc<ImagePolicy> {
        let mut policy = ImagePolicy::default();
        policy.metadata.name = Some("app".to_owned());
        policy.metadata.namespace = Some("ns".to_owned());
        policy.metadata.uid = Some(uid.to_owned());
        policy.metadata.resource_version = Some(version.to_owned());
        Arc::new(policy)
    }

    #[test]
    fn a_pass_sees_the_newer_one() {
        for (written, shown, expected) in [
            (("a", "10"), ("a", "9"), "10"),
            (("a", "9"), ("a", "10"), "10"),
            (("a", "10"), ("a", "10"), "10"),
            (("old", "10"), ("new", "9"), "9"),
            (("a", "opaque"), ("a", "9"), "9"),
            (("a", "10"), ("a", "opaque"), "opaque"),
        ] {
            let writes = OwnWrites::default();
            writes.wrote(policy(written.0, written.1));
            let newest = writes.newest(policy(shown.0, shown.1));
            assert_eq!(
                newest.resource_version().unwrap(),
                expected,
                "{written:?} {shown:?}"
            );
        }
    }

    #[test]
    fn nothing_is_kept_that_the_store_has() {
        let (writes, mut store) = (OwnWrites::default(), Writer::default());
        let (reader, key) = (store.as_reader(), ObjectRef::from_obj(&*policy("a", "1")));
        let kept = || writes.written.lock().len();
        let mut shows = |uid, version| {
            store.apply_watcher_event(&Event::Apply((*policy(uid, version)).clone()));
        };
        writes.wrote(policy("a", "10"));
        writes.settle(&key, &reader);
        assert_eq!(kept(), 1, "the store is empty");
        shows("a", "9");
        writes.settle(&key, &reader);
        writes.settle_all(&reader);
        assert_eq!(kept(), 1, "the store is behind");
        shows("a", "10");
        writes.settle(&key, &reader);
        assert_eq!(kept(), 0);
        writes.wrote(policy("a", "10"));
        writes.settle_all(&reader);
        assert_eq!(kept(), 0, "the watch was faster than the answer");
        shows("b", "9");
        writes.wrote(policy("a", "11"));
        writes.settle(&key, &reader);
        assert_eq!(kept(), 0, "another object has the name");
        writes.wrote(policy("b", "12"));
        writes.forget(&key);
        assert_eq!(kept(), 0);
    }
}
