//! Objects that are not of their kind's form.

use std::collections::HashMap;

use kube::Resource;
use kube::api::ObjectMeta;

/// An object that is not of its kind's form.
#[derive(Clone, Debug)]
pub(crate) struct Malformed {
    /// Its metadata.
    pub(crate) metadata: ObjectMeta,
    /// What is wrong.
    pub(crate) error: String,
}

impl Malformed {
    /// Says that the object is left out.
    pub(crate) fn log<K: Resource<DynamicType = ()>>(&self) {
        tracing::warn!(
            kind = %K::kind(&()),
            namespace = self.metadata.namespace,
            name = self.metadata.name,
            "object is left out: {}",
            self.error,
        );
    }
}

/// How many objects are remembered at most; beyond, each is told once more.
const MOST: usize = 1024;

/// The malformed objects that were reported, by uid, with their version at that time.
#[derive(Debug, Default)]
pub(crate) struct Reported(HashMap<Option<String>, Option<String>>);

impl Reported {
    /// Whether this version of the object is not reported yet; from now on it is.
    pub(crate) fn is_new(&mut self, object: &Malformed) -> bool {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let version = object.metadata.resource_version.clone();
        let before = self.0.insert(object.metadata.uid.clone(), version.clone());
        before != Some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(uid: usize, version: usize) -> Malformed {
        let metadata = ObjectMeta {
            uid: Some(uid.to_string()),
            resource_version: Some(version.to_string()),
            ..ObjectMeta::default()
        };
        Malformed {
            metadata,
            error: String::new(),
        }
    }

    #[test]
    fn a_version_is_reported_once_and_memory_is_bounded() {
        let mut reported = Reported::default();
        assert!(reported.is_new(&object(0, 1)));
        assert!(!reported.is_new(&object(0, 1)));
        assert!(reported.is_new(&object(0, 2)));
        for uid in 0..MOST * 3 {
            reported.is_new(&object(uid, 1));
        }
        assert!(reported.0.len() <= MOST);
    }
}
