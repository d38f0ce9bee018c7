//! What this process wrote and its watch has not shown yet.

use std::collections::HashMap;
use std::sync::Arc;

use kube::runtime::reflector::ObjectRef;
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

impl<K: Resource<DynamicType = ()>> OwnWrites<K> {
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

    /// The watch shows this: what was written before is no longer needed.
    pub(super) fn shown(&self, object: &K) {
        let mut written = self.written.lock();
        let key = ObjectRef::from_obj(object);
        if written
            .get(&key)
            .is_some_and(|written| !is_ahead(&**written, object))
        {
            written.remove(&key);
        }
    }

    /// The object is gone.
    pub(super) fn forget(&self, object: &ObjectRef<K>) {
        self.written.lock().remove(object);
    }
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
    fn nothing_is_kept_that_the_watch_has_shown() {
        let writes = OwnWrites::default();
        writes.wrote(policy("a", "10"));
        writes.shown(&policy("a", "9"));
        assert_eq!(writes.written.lock().len(), 1);
        writes.shown(&policy("a", "10"));
        assert!(writes.written.lock().is_empty());
        writes.wrote(policy("a", "10"));
        writes.shown(&policy("b", "9"));
        assert!(writes.written.lock().is_empty());
        writes.wrote(policy("a", "11"));
        writes.forget(&ObjectRef::from_obj(&*policy("a", "1")));
        assert!(writes.written.lock().is_empty());
    }
}
