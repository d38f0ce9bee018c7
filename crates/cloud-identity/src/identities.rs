//! From an identity to credentials.

use std::sync::Arc;
use std::time::Duration;

use image_ref::ImageName;
use registry_client::Proxy;
use tokio::time::Instant;

use crate::cache::{Cache, CacheEvent, CacheKey, CacheNumbers};
use crate::cloud::{Cloud, Clouds, Owner, Registry, Tokens, Wanted, azure};
use crate::credential::Credential;
use crate::error::{IdentityError, Whose};
use crate::settings::{Settings, SettingsError};

/// Exchanges identities for credentials; one serves the whole process, and its clones share what they remember.
#[derive(Clone, Debug)]
pub struct Identities {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    clouds: Clouds,
    cache: Cache,
}

impl Identities {
    /// Fails where the settings contradict each other.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            inner: Arc::new(Inner {
                clouds: Clouds::new(settings.environment.clone()),
                cache: Cache::new(&settings),
                settings,
            }),
        })
    }

    /// What the process decided.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// What became of the credentials of clouds.
    pub fn numbers(&self) -> CacheNumbers {
        self.inner.cache.numbers()
    }

    /// The registry of an image, which must be one of this cloud.
    pub fn registry(
        &self,
        cloud: Cloud,
        image: &ImageName,
        owner: &Owner,
    ) -> Result<Registry, IdentityError> {
        let azure = match cloud {
            Cloud::Azure => azure::Environment::load(self.inner.clouds.environment()),
            Cloud::Aws | Cloud::Gcp => Ok(azure::Environment::default()),
        };
        let azure = azure.map_err(|problem| IdentityError::Exchange {
            whose: Whose::from(owner),
            problem,
        })?;
        Registry::of(cloud, image, &azure)
    }

    /// The credentials that are wanted, kept ones or new ones, and which of the two. Services of clouds are reached through
    /// `proxy`. Ends within `timeout`.
    pub async fn credentials(
        &self,
        wanted: Wanted,
        proxy: Option<&Proxy>,
        tokens: &Arc<dyn Tokens>,
        timeout: Duration,
    ) -> (Option<CacheEvent>, Result<Credential, IdentityError>) {
        let end = Instant::now() + timeout;
        let key = CacheKey {
            wanted: wanted.clone(),
            proxy: proxy.map(Proxy::fingerprint),
        };
        let (inner, tokens, proxy) = (Arc::clone(&self.inner), Arc::clone(tokens), proxy.cloned());
        let fetch = || async move { inner.clouds.fetch(&wanted, proxy.as_ref(), &tokens).await };
        let got = tokio::time::timeout(timeout, self.inner.cache.get(key, end, fetch)).await;
        match got {
            Ok((event, result)) => (Some(event), result),
            Err(_) => (None, Err(IdentityError::Timeout { after: timeout })),
        }
    }
}
