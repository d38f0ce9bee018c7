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

/// The malformed objects that were reported, by uid, with their version at that time.
#[derive(Debug, Default)]
pub(crate) struct Reported(HashMap<Option<String>, Option<String>>);

impl Reported {
    /// Whether this version of the object is not reported yet; from now on it is.
    pub(crate) fn is_new(&mut self, object: &Malformed) -> bool {
        let version = object.metadata.resource_version.clone();
        let before = self.0.insert(object.metadata.uid.clone(), version.clone());
        before != Some(version)
    }
}
