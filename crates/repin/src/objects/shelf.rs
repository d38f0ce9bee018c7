//! Objects of one kind by namespace and name.

use std::collections::BTreeMap;

use kube::ResourceExt;

/// Namespace and name.
pub(crate) type Key = (String, String);

/// What is wrong with a set of objects.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Two documents define the same object differently.
    #[error(
        "{object} is defined in {first} and, differently, in {second}: pass one of them, \
         or the output of `kustomize build`"
    )]
    Duplicate {
        /// Kind and name of the object.
        object: String,
        /// Where it was first found.
        first: String,
        /// Where it was found again.
        second: String,
    },
    /// An object that is referred to is there, but cannot be used.
    #[error("{from} refers to an object that cannot be used: {problem}")]
    Unusable {
        /// What refers to it.
        from: String,
        /// Which object, and what is wrong with it.
        problem: String,
    },
    /// An object that is referred to is not among the objects.
    #[error("{object} not found among the objects{}", referrer(from))]
    NotFound {
        /// Kind and name of the object.
        object: String,
        /// What refers to it; empty when it was asked for by name.
        from: String,
    },
}

fn referrer(from: &str) -> String {
    if from.is_empty() {
        String::new()
    } else {
        format!(", but {from} refers to it")
    }
}

/// Objects of one kind, with where each was found.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    kind: &'static str,
    objects: BTreeMap<Key, (T, String)>,
    /// Objects that are there, but cannot be read or are ambiguous, with what is wrong.
    unusable: BTreeMap<Key, String>,
}

impl<T: ResourceExt + PartialEq> Shelf<T> {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            objects: BTreeMap::new(),
            unusable: BTreeMap::new(),
        }
    }

    /// Files an object; the same object once more changes nothing.
    pub(super) fn add(
        &mut self,
        mut object: T,
        namespace: &str,
        origin: &str,
    ) -> Result<(), StoreError> {
        let namespace = object
            .meta_mut()
            .namespace
            .get_or_insert_with(|| namespace.to_owned())
            .clone();
        let key = (namespace, object.name_any());
        match self.objects.get(&key) {
            Some((known, _)) if *known == object => {}
            Some((_, first)) => {
                return Err(StoreError::Duplicate {
                    object: self.named(&key),
                    first: first.clone(),
                    second: origin.to_owned(),
                });
            }
            None => {
                self.objects.insert(key, (object, origin.to_owned()));
            }
        }
        Ok(())
    }

    /// Files an object of which most are of no concern here: one that is ambiguous fails only what refers to it.
    pub(super) fn add_leniently(&mut self, object: T, namespace: &str, origin: &str) {
        let own = object.namespace().unwrap_or_else(|| namespace.to_owned());
        let key = (own, object.name_any());
        if let Err(error) = self.add(object, namespace, origin) {
            self.set_unusable(key, error.to_string());
        }
    }

    /// Remembers that an object is there, but cannot be used.
    pub(super) fn set_unusable(&mut self, key: Key, problem: String) {
        self.unusable.entry(key).or_insert(problem);
    }

    /// Fails when the object is there, but cannot be used. `from` says what refers to it.
    pub(super) fn check(&self, namespace: &str, name: &str, from: &str) -> Result<(), StoreError> {
        match self.unusable.get(&(namespace.to_owned(), name.to_owned())) {
            None => Ok(()),
            Some(problem) => Err(StoreError::Unusable {
                from: from.to_owned(),
                problem: problem.clone(),
            }),
        }
    }

    /// The object of that name, if it is there.
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.objects
            .get(&(namespace.to_owned(), name.to_owned()))
            .map(|(object, _)| object)
    }

    /// The object of that name; `from` says what refers to it.
    pub(crate) fn expect(&self, namespace: &str, name: &str, from: &str) -> Result<&T, StoreError> {
        self.get(namespace, name)
            .ok_or_else(|| StoreError::NotFound {
                object: self.named(&(namespace.to_owned(), name.to_owned())),
                from: from.to_owned(),
            })
    }

    /// All objects, in the order of namespace and name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.objects.values().map(|(object, _)| object)
    }

    /// `Kind 'namespace/name'`.
    fn named(&self, (namespace, name): &Key) -> String {
        match namespace.as_str() {
            "" => format!("{} '{name}'", self.kind),
            namespace => format!("{} '{namespace}/{name}'", self.kind),
        }
    }
}
