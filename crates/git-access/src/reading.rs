//! The objects behind a question.

use std::collections::BTreeMap;

use cloud_identity::{Asker, Cloud, FeatureGateDisabled, Objects, Owner, Settings};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use registry_client::{Proxy, SecretError};
use secrecy::ExposeSecret as _;

use crate::error::AccessError;
use crate::question::Question;

/// Reads them.
pub(crate) struct Reading<'a, O> {
    pub(crate) question: &'a Question<'a>,
    pub(crate) objects: &'a O,
}

/// A Secret with its full name, or nothing.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) full_name: Option<String>,
    pub(crate) values: BTreeMap<String, Vec<u8>>,
}

impl<O: Objects> Reading<'_, O> {
    /// The proxy of the GitRepository.
    pub(crate) async fn proxy(&self) -> Result<Option<Proxy>, AccessError> {
        let Some(reference) = &self.question.source.spec.proxy_secret_ref else {
            return Ok(None);
        };
        let secret = self.full_name(&reference.name);
        let read = self
            .objects
            .secret(&self.namespace(), &reference.name)
            .await;
        let read = read.map_err(|source| AccessError::ReadProxySecret {
            secret: secret.clone(),
            source,
        })?;
        let Some(read) = read else {
            return Err(AccessError::FindProxySecret { secret });
        };
        let proxy = Proxy::from_secret(&values(&read));
        proxy
            .map(Some)
            .map_err(|source| AccessError::UseProxySecret { secret, source })
    }

    /// The same proxy for Git.
    pub(crate) fn for_git(&self, proxy: &Proxy) -> Result<git_remote::Proxy, AccessError> {
        let (username, password) = proxy.user();
        let password = password.expose_secret().into();
        let made = git_remote::Proxy::new(proxy.address(), username, password);
        made.map_err(|_| {
            let reference = self.question.source.spec.proxy_secret_ref.as_ref();
            let name = reference.map_or("", |reference| reference.name.as_str());
            AccessError::UseProxySecret {
                secret: self.full_name(name),
                source: SecretError::ParseProxy,
            }
        })
    }

    /// The Secret with the credentials; nothing where none is named.
    pub(crate) async fn secret(&self) -> Result<Option<Found>, AccessError> {
        let Some(reference) = self.question.secret() else {
            return Ok(None);
        };
        let name = &reference.name;
        let full_name = self.full_name(name);
        let read = self.objects.secret(&self.namespace(), name).await;
        let read = read.map_err(|source| AccessError::ReadSecret {
            secret: full_name.clone(),
            source,
        })?;
        match read {
            Some(secret) => Ok(Some(Found {
                full_name: Some(full_name),
                values: values(&secret),
            })),
            None => Err(AccessError::FindSecret {
                secret: full_name,
                name: name.clone(),
            }),
        }
    }

    /// Whose identity it is: that of the ServiceAccount which the GitRepository names, or the default one, both in the
    /// namespace of the automation; or that of the process.
    pub(crate) async fn owner(
        &self,
        cloud: Cloud,
        settings: &Settings,
    ) -> Result<Owner, AccessError> {
        let named = self.question.source.spec.service_account_name.as_deref();
        let named = named.filter(|name| !name.is_empty());
        if named.is_some() && !settings.object_level_identity {
            let error = FeatureGateDisabled(Asker::ImageUpdateAutomation);
            return Err(AccessError::GateDisabled(error));
        }
        let Some(name) = named.or_else(|| settings.default_service_account()) else {
            return Ok(Owner::Process);
        };
        let namespace = self.question.automation.namespace().unwrap_or_default();
        let read = self.objects.service_account(&namespace, name).await;
        Owner::of_account(cloud, (&namespace, name), read).map_err(AccessError::Identity)
    }

    /// Where the Secrets are.
    fn namespace(&self) -> String {
        self.question.source.namespace().unwrap_or_default()
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.namespace())
    }
}

fn values(secret: &Secret) -> BTreeMap<String, Vec<u8>> {
    let data = secret.data.iter().flatten();
    data.map(|(key, value)| (key.clone(), value.0.clone()))
        .collect()
}
