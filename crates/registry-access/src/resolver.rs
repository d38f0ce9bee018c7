//! From the references of an ImageRepository to an access.

use std::collections::BTreeMap;

use api::image::v1::{ImageRepository, Provider};
use cloud_identity::{
    Asker, CacheNumbers, Cloud, FeatureGateDisabled, Identities, IdentityError, Objects, Owner,
    ReadError, Service, Settings, SettingsError, Wanted,
};
use image_ref::ImageName;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::ResourceExt as _;
use registry_client::{Access, Keyring, SecretError};

use crate::error::AccessError;
use crate::gate;
use crate::lazy::LazyAccess;
use crate::sources::{Role, Sources};

/// Makes accesses; one serves the whole process, and its clones share what they remember.
#[derive(Clone, Debug)]
pub struct Resolver {
    identities: Identities,
}

/// The access of an ImageRepository.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// How to reach the registry, with the timeout of the ImageRepository.
    pub access: LazyAccess,
    /// What it was made of.
    pub sources: Sources,
}

impl Resolver {
    /// Fails where the settings contradict each other.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let identities = Identities::new(settings)?;
        Ok(Self { identities })
    }

    /// What exchanges identities of clouds.
    pub fn identities(&self) -> &Identities {
        &self.identities
    }

    /// What became of the credentials of clouds.
    pub fn cache_numbers(&self) -> CacheNumbers {
        self.identities.numbers()
    }

    /// Whether an ImageRepository may be used as far as the feature gate `ObjectLevelWorkloadIdentity` goes.
    pub fn check_gate(
        &self,
        repository: &ImageRepository,
        asker: Asker,
    ) -> Result<(), FeatureGateDisabled> {
        let object_level_identity = self.identities.settings().object_level_identity;
        gate::check(object_level_identity, &repository.spec, asker)
    }

    /// Reads what the ImageRepository refers to, and makes an access of it. `image` is its image. No cloud is spoken
    /// to, and what is wrong with a cloud identity shows in [`LazyAccess::get()`].
    pub async fn resolve<O: Objects>(
        &self,
        objects: &O,
        repository: &ImageRepository,
        image: &ImageName,
    ) -> Result<Resolved, AccessError> {
        let spec = &repository.spec;
        let mut reading = Reading {
            objects,
            namespace: repository.namespace().unwrap_or_default(),
            sources: Sources::new(spec.provider),
        };
        let mut access = reading.ways(repository).await?;
        let access = match cloud_of(spec.provider) {
            None => {
                access.credentials = reading.keyring(repository).await?.find(image);
                LazyAccess::ready(access)
            }
            Some(cloud) => {
                let wanted = self.wanted(&mut reading, cloud, repository, image).await;
                LazyAccess::of_cloud(access, wanted, objects.clone(), &self.identities)
            }
        };
        Ok(Resolved {
            access,
            sources: reading.sources,
        })
    }

    /// Which credentials of a cloud the repository wants.
    async fn wanted<O: Objects>(
        &self,
        reading: &mut Reading<'_, O>,
        cloud: Cloud,
        repository: &ImageRepository,
        image: &ImageName,
    ) -> Result<Wanted, IdentityError> {
        let owner = self.owner(reading, cloud, repository).await?;
        let registry = self.identities.registry(cloud, image, &owner)?;
        Ok(Wanted {
            service: Service::Registry(registry),
            owner,
        })
    }

    /// Whose identity it is: that of the ServiceAccount which the repository names, or the default one, or that of
    /// the process.
    async fn owner<O: Objects>(
        &self,
        reading: &mut Reading<'_, O>,
        cloud: Cloud,
        repository: &ImageRepository,
    ) -> Result<Owner, IdentityError> {
        self.check_gate(repository, Asker::ImageRepository)
            .map_err(IdentityError::GateDisabled)?;
        let named = gate::account_of(&repository.spec);
        let default = || self.identities.settings().default_service_account();
        let Some(name) = named.or_else(default) else {
            return Ok(Owner::Process);
        };
        let read = reading.account(name).await;
        Owner::of_account(cloud, (&reading.namespace, name), read)
    }
}

/// Nothing for the provider that is no cloud.
fn cloud_of(provider: Provider) -> Option<Cloud> {
    match provider {
        Provider::Generic => None,
        Provider::Aws => Some(Cloud::Aws),
        Provider::Azure => Some(Cloud::Azure),
        Provider::Gcp => Some(Cloud::Gcp),
    }
}

/// What is read for one ImageRepository.
struct Reading<'a, O> {
    objects: &'a O,
    namespace: String,
    sources: Sources,
}

impl<O: Objects> Reading<'_, O> {
    /// How the registry is reached, whoever asks.
    async fn ways(&mut self, repository: &ImageRepository) -> Result<Access, AccessError> {
        let spec = &repository.spec;
        let mut access = Access {
            insecure: spec.insecure,
            timeout: spec.timeout().to_std(),
            ..Access::default()
        };
        if let Some(reference) = &spec.proxy_secret_ref {
            let (name, secret) = self.named_secret(Role::Proxy, &reference.name).await?;
            let done = access.set_proxy(&values(&secret));
            done.map_err(|source| unusable(name, source))?;
        }
        if let Some(reference) = &spec.cert_secret_ref {
            let role = Role::Certificates;
            let (name, secret) = self.named_secret(role, &reference.name).await?;
            let done = access.set_certificates(&values(&secret));
            done.map_err(|source| unusable(name, source))?;
        }
        Ok(access)
    }

    /// The pull secrets: that of the repository first, then those of its ServiceAccount.
    async fn keyring(&mut self, repository: &ImageRepository) -> Result<Keyring, AccessError> {
        let spec = &repository.spec;
        let mut keyring = Keyring::new();
        if let Some(reference) = &spec.secret_ref {
            let found = self.secret(Role::PullSecret, &reference.name).await?;
            let secret = found.ok_or_else(|| AccessError::FindPullSecret {
                name: reference.name.clone(),
            })?;
            self.add(&mut keyring, &reference.name, &secret)?;
        }
        let Some(account) = gate::account_of(spec) else {
            return Ok(keyring);
        };
        for name in self.pull_secrets_of(account).await? {
            let found = self.secret(Role::PullSecret, &name).await?;
            let secret = found.ok_or_else(|| AccessError::FindAccountPullSecret {
                account: self.full_name(account),
                secret: self.full_name(&name),
            })?;
            self.add(&mut keyring, &name, &secret)?;
        }
        Ok(keyring)
    }

    async fn pull_secrets_of(&mut self, account: &str) -> Result<Vec<String>, AccessError> {
        let read = self.account(account).await;
        let found = read.map_err(|source| AccessError::ReadServiceAccount {
            account: self.full_name(account),
            source,
        })?;
        let found = found.ok_or_else(|| AccessError::FindServiceAccount {
            account: self.full_name(account),
        })?;
        let secrets = found.image_pull_secrets.unwrap_or_default();
        Ok(secrets.into_iter().map(|secret| secret.name).collect())
    }

    async fn account(&mut self, name: &str) -> Result<Option<ServiceAccount>, ReadError> {
        let found = self.objects.service_account(&self.namespace, name).await?;
        self.sources.add_account(name, found.as_ref());
        Ok(found)
    }

    fn add(&self, keyring: &mut Keyring, name: &str, secret: &Secret) -> Result<(), AccessError> {
        let kind = secret.type_.as_deref().unwrap_or_default();
        let added = keyring.add_secret(kind, &values(secret));
        added.map_err(|source| unusable(self.full_name(name), source))
    }

    /// A Secret with its full name; one that is not there is an error.
    async fn named_secret(
        &mut self,
        role: Role,
        name: &str,
    ) -> Result<(String, Secret), AccessError> {
        let full_name = self.full_name(name);
        match self.secret(role, name).await? {
            Some(secret) => Ok((full_name, secret)),
            None => Err(AccessError::FindSecret { secret: full_name }),
        }
    }

    async fn secret(&mut self, role: Role, name: &str) -> Result<Option<Secret>, AccessError> {
        if name.is_empty() {
            // The API server would take it for a list.
            return Ok(None);
        }
        let read = self.objects.secret(&self.namespace, name).await;
        let found = read.map_err(|source| AccessError::ReadSecret {
            secret: self.full_name(name),
            source,
        })?;
        if let Some(secret) = &found {
            self.sources.add_secret(role, name, secret);
        }
        Ok(found)
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.namespace)
    }
}

fn unusable(secret: String, source: SecretError) -> AccessError {
    AccessError::UseSecret { secret, source }
}

fn values(secret: &Secret) -> BTreeMap<String, Vec<u8>> {
    let data = secret.data.iter().flatten();
    data.map(|(key, value)| (key.clone(), value.0.clone()))
        .collect()
}
