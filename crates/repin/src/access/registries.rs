//! From an image repository to the access of its registry.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::image::v1::{ImageRepository, LocalObjectReference, Provider};
use image_ref::ImageName;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::ResourceExt as _;
use registry_access::{LazyAccess, Objects, ReadError, Resolver, Settings};
use registry_client::{Access, Credentials, Keyring};
use secrecy::SecretString;

use super::{AccessError, full_name};
use crate::objects::Store;

/// Makes accesses from the objects and from the surroundings: the Docker config, and the cloud identity of this
/// process.
#[derive(Debug)]
pub(crate) struct Registries {
    resolver: Resolver,
    surroundings: Keyring,
}

/// How to reach a registry.
#[derive(Debug)]
pub(crate) struct Reach {
    repository: String,
    access: LazyAccess,
    credentials: Origin,
    /// Plain HTTP will do.
    may_be_plain: bool,
}

/// Where credentials come from.
#[derive(Debug)]
enum Origin {
    /// From the Secrets among the objects.
    Objects,
    /// From the Docker config.
    DockerConfig(Credentials),
    /// From the cloud, for the identity of this process.
    Cloud,
}

impl Registries {
    pub(crate) fn new(surroundings: Keyring) -> Self {
        Self::with(Settings::default(), surroundings)
    }

    fn with(settings: Settings, surroundings: Keyring) -> Self {
        let resolver = Resolver::new(settings);
        Self {
            resolver: resolver.expect("without a default ServiceAccount all settings agree"),
            surroundings,
        }
    }

    /// How to reach the registry of an image repository. Secrets that the objects do not have do not count.
    pub(crate) async fn reach(
        &self,
        store: &Store,
        repository: &ImageRepository,
        image: &ImageName,
    ) -> Result<Reach, AccessError> {
        let files = Files::of(store, repository);
        let known = files.known(repository);
        let made = self.resolver.resolve(&files, &known, image).await;
        let made = made.map_err(|source| AccessError::Registry {
            repository: full_name(repository),
            source,
        })?;
        let credentials = match known.spec.provider {
            Provider::Generic if files.pulls(&known) => Origin::Objects,
            Provider::Generic => Origin::DockerConfig(self.surroundings.find(image)),
            Provider::Aws | Provider::Azure | Provider::Gcp => Origin::Cloud,
        };
        Ok(Reach {
            repository: full_name(repository),
            access: made.access,
            credentials,
            may_be_plain: image.speaks_http_by_default(),
        })
    }
}

impl Reach {
    /// The access, with credentials of the cloud where the repository names one. Those of the surroundings go through
    /// no proxy of the objects that could read them: objects may be somebody else's proposal.
    pub(crate) async fn access(self) -> Result<Access, AccessError> {
        let access = self.access.get().await;
        let mut access = access.map_err(|source| AccessError::Identity {
            repository: self.repository.clone(),
            source,
        })?;
        match self.credentials {
            Origin::Objects => return Ok(access),
            Origin::DockerConfig(credentials) => access.credentials = credentials,
            Origin::Cloud => {}
        }
        let readable = access.insecure || access.ca_bundle.is_some() || self.may_be_plain;
        if access.proxy.is_some() && readable && !access.credentials.is_anonymous() {
            return Err(AccessError::ProxyReads {
                repository: self.repository,
            });
        }
        Ok(access)
    }
}

/// The objects that one image repository refers to, as far as they are there.
#[derive(Clone, Debug)]
struct Files(Arc<Contents>);

#[derive(Debug, Default)]
struct Contents {
    secrets: BTreeMap<String, Secret>,
    account: Option<ServiceAccount>,
}

impl Files {
    fn of(store: &Store, repository: &ImageRepository) -> Self {
        let namespace = repository.namespace().unwrap_or_default();
        let spec = &repository.spec;
        let account = spec.service_account_name.as_ref();
        let account = account.and_then(|name| store.service_accounts.get(&namespace, name));
        let own = references(repository).map(|reference| reference.name.as_str());
        let of_account = account
            .iter()
            .flat_map(|account| account.image_pull_secrets.iter());
        let of_account = of_account
            .flatten()
            .map(|reference| reference.name.as_str());
        let secrets = own.chain(of_account).filter_map(|name| {
            let secret = store.secrets.get(&namespace, name)?;
            Some((name.to_owned(), secret.clone()))
        });
        Self(Arc::new(Contents {
            secrets: secrets.collect(),
            account: account.cloned(),
        }))
    }

    /// The repository without the references that lead nowhere. A cloud knows the process itself, since nobody gives
    /// tokens of ServiceAccounts here.
    fn known(&self, repository: &ImageRepository) -> ImageRepository {
        let mut known = repository.clone();
        let spec = &mut known.spec;
        for reference in [
            &mut spec.secret_ref,
            &mut spec.cert_secret_ref,
            &mut spec.proxy_secret_ref,
        ] {
            reference.take_if(|reference| !self.0.secrets.contains_key(&reference.name));
        }
        if spec.provider != Provider::Generic || self.0.account.is_none() {
            spec.service_account_name = None;
        }
        known
    }

    /// Whether there is a pull secret.
    fn pulls(&self, known: &ImageRepository) -> bool {
        known.spec.secret_ref.is_some()
            || self
                .account()
                .image_pull_secrets
                .is_some_and(|secrets| !secrets.is_empty())
    }

    /// The ServiceAccount with those of its pull secrets that are there.
    fn account(&self) -> ServiceAccount {
        let mut account = self.0.account.clone().unwrap_or_default();
        if let Some(secrets) = &mut account.image_pull_secrets {
            secrets.retain(|secret| self.0.secrets.contains_key(&secret.name));
        }
        account
    }
}

impl Objects for Files {
    async fn secret(&self, _namespace: &str, name: &str) -> Result<Option<Secret>, ReadError> {
        Ok(self.0.secrets.get(name).cloned())
    }

    async fn service_account(
        &self,
        _namespace: &str,
        _name: &str,
    ) -> Result<Option<ServiceAccount>, ReadError> {
        Ok(Some(self.account()))
    }

    async fn token(
        &self,
        _namespace: &str,
        _account: &str,
        _audience: &str,
    ) -> Result<SecretString, ReadError> {
        Err(ReadError::new(
            "the command line has no tokens of ServiceAccounts",
        ))
    }
}

/// The Secrets that the repository names and the objects do not have.
pub(crate) fn missing_secrets(store: &Store, repository: &ImageRepository) -> Vec<String> {
    let namespace = repository.namespace().unwrap_or_default();
    references(repository)
        .filter(|secret| store.secrets.get(&namespace, &secret.name).is_none())
        .map(|secret| format!("{namespace}/{}", secret.name))
        .collect()
}

/// All Secrets that count for a repository; a cloud makes its pull secret unimportant.
fn references(repository: &ImageRepository) -> impl Iterator<Item = &LocalObjectReference> {
    let spec = &repository.spec;
    let pull = spec.secret_ref.iter();
    let pull = pull.filter(|_| spec.provider == Provider::Generic);
    pull.chain(&spec.cert_secret_ref)
        .chain(&spec.proxy_secret_ref)
}

#[cfg(test)]
mod tests;
