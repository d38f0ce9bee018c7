//! What credentials were made of.

use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::{Resource, ResourceExt as _};

use api::image::v1::Provider;

/// Every Secret and ServiceAccount that an access was made of, with its version, and the provider. Two that are not
/// equal say that something behind the same ImageRepository changed. It holds names and versions, no value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sources {
    provider: Provider,
    read: Vec<Source>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Source {
    role: Role,
    name: String,
    /// Uid and resource version; nothing where the object was not there.
    version: Option<(String, String)>,
}

/// What an object was read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Proxy,
    Certificates,
    PullSecret,
    ServiceAccount,
}

impl Sources {
    pub(crate) fn new(provider: Provider) -> Self {
        Self {
            provider,
            read: Vec::new(),
        }
    }

    pub(crate) fn add_secret(&mut self, role: Role, name: &str, secret: &Secret) {
        self.add(role, name, Some(secret));
    }

    pub(crate) fn add_account(&mut self, name: &str, account: Option<&ServiceAccount>) {
        self.add(Role::ServiceAccount, name, account);
    }

    fn add<K: Resource>(&mut self, role: Role, name: &str, object: Option<&K>) {
        let version = |object: &K| {
            let uid = object.uid().unwrap_or_default();
            (uid, object.resource_version().unwrap_or_default())
        };
        self.read.push(Source {
            role,
            name: name.to_owned(),
            version: object.map(version),
        });
    }

    /// The names of the Secrets, all of them in the namespace of the ImageRepository.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.named(|role| role != Role::ServiceAccount)
    }

    /// The name of the ServiceAccount, where one counts.
    pub fn service_account(&self) -> Option<&str> {
        self.named(|role| role == Role::ServiceAccount).next()
    }

    fn named(&self, fits: impl Fn(Role) -> bool) -> impl Iterator<Item = &str> {
        let sources = self.read.iter().filter(move |source| fits(source.role));
        sources.map(|source| source.name.as_str())
    }
}
