//! Which Receivers take their token from a Secret.

use std::collections::{HashMap, HashSet};

use api::notification::v1::Receiver;
use kube::runtime::reflector::ObjectRef;
use parking_lot::Mutex;

type ReceiverRef = ObjectRef<Receiver>;
/// Namespace and name.
type Name = (String, String);

/// Receivers by their Secrets, and Secrets by their Receivers.
#[derive(Debug, Default)]
pub(crate) struct Users {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    of_secret: HashMap<Name, HashSet<ReceiverRef>>,
    secrets: HashMap<ReceiverRef, Name>,
}

impl Users {
    /// The Receivers that a change of this Secret concerns.
    pub(crate) fn of(&self, namespace: &str, name: &str) -> Vec<ReceiverRef> {
        let known = self.known.lock();
        let users = known
            .of_secret
            .get(&(namespace.to_owned(), name.to_owned()));
        users.into_iter().flatten().cloned().collect()
    }

    /// A Receiver is there, or has changed.
    pub(super) fn shown(&self, receiver: &Receiver) {
        let reference = ObjectRef::from_obj(receiver);
        let mut known = self.known.lock();
        known.forget(&reference);
        if let Some(secret) = &receiver.spec.secret_ref {
            let namespace = reference.namespace.clone().unwrap_or_default();
            let secret = (namespace, secret.name.clone());
            let users = known.of_secret.entry(secret.clone()).or_default();
            users.insert(reference.clone());
            known.secrets.insert(reference, secret);
        }
    }

    /// A Receiver is gone.
    pub(super) fn forget(&self, receiver: &ReceiverRef) {
        self.known.lock().forget(receiver);
    }
}

impl Known {
    fn forget(&mut self, receiver: &ReceiverRef) {
        let Some(secret) = self.secrets.remove(receiver) else {
            return;
        };
        if let Some(users) = self.of_secret.get_mut(&secret) {
            users.remove(receiver);
            if users.is_empty() {
                self.of_secret.remove(&secret);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use api::image::v1::LocalObjectReference;

    use super::*;

    fn receiver(name: &str, secret: Option<&str>) -> Receiver {
        let mut receiver = Receiver::default();
        receiver.metadata.namespace = Some("apps".to_owned());
        receiver.metadata.name = Some(name.to_owned());
        receiver.spec.secret_ref = secret.map(|name| LocalObjectReference {
            name: name.to_owned(),
        });
        receiver
    }

    #[test]
    fn a_secret_concerns_those_that_name_it_now() {
        let users = Users::default();
        let of = |namespace: &str, secret: &str| {
            let mut names: Vec<String> = users
                .of(namespace, secret)
                .into_iter()
                .map(|receiver| receiver.name)
                .collect();
            names.sort_unstable();
            names
        };
        users.shown(&receiver("a", Some("token")));
        users.shown(&receiver("b", Some("token")));
        assert_eq!(of("apps", "token"), ["a", "b"]);
        assert!(of("other", "token").is_empty());
        users.shown(&receiver("a", Some("new")));
        assert_eq!(of("apps", "token"), ["b"]);
        assert_eq!(of("apps", "new"), ["a"]);
        users.shown(&receiver("a", None));
        assert!(of("apps", "new").is_empty());
        users.forget(&ObjectRef::from_obj(&receiver("b", None)));
        assert!(of("apps", "token").is_empty());
        let known = users.known.lock();
        assert!(known.of_secret.is_empty() && known.secrets.is_empty());
    }
}
