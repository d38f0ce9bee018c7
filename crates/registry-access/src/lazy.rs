//! An access whose credentials may still have to be fetched.

use std::fmt;
use std::sync::Arc;

use image_ref::ImageName;
use registry_client::{Access, Fingerprint, ListKey, Proxy};
use tokio::time::Instant;

use crate::cache::{Cache, CacheEvent};
use crate::cloud::{CacheKey, Clouds, Owner, Registry, Tokens};
use crate::error::IdentityError;
use crate::objects::Objects;

/// What all accesses of a resolver share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clouds: Clouds,
    pub(crate) cache: Cache,
}

/// How to reach a registry, and as whom, where the latter may be a cloud identity that has not been exchanged yet.
/// A clone is cheap.
#[derive(Clone, Debug)]
pub struct LazyAccess {
    /// Without credentials where they come from a cloud.
    access: Access,
    pending: Option<Arc<Pending>>,
}

/// Credentials of a cloud that are fetched when they are needed.
struct Pending {
    /// What is wanted, or why that is not known.
    wanted: Result<CacheKey, IdentityError>,
    tokens: Arc<dyn Tokens>,
    shared: Arc<Shared>,
}

impl LazyAccess {
    pub(crate) fn ready(access: Access) -> Self {
        Self {
            access,
            pending: None,
        }
    }

    pub(crate) fn of_cloud(
        access: Access,
        wanted: Result<(Registry, Owner), IdentityError>,
        objects: impl Objects,
        shared: &Arc<Shared>,
    ) -> Self {
        let proxy = access.proxy.as_ref().map(Proxy::fingerprint);
        // Registries of clouds speak HTTPS. Whoever names the proxy of an object must not get the identity that goes
        // through it by making HTTPS fail.
        let access = Access {
            insecure: false,
            ..access
        };
        let wanted = wanted.map(|(registry, owner)| CacheKey {
            registry,
            owner,
            proxy,
        });
        Self {
            access,
            pending: Some(Arc::new(Pending {
                wanted,
                tokens: Arc::new(objects),
                shared: Arc::clone(shared),
            })),
        }
    }

    /// The access, complete. Exchanges a cloud identity where there is one and its credentials are not in the cache;
    /// then plain HTTP is out of the question, whatever the ImageRepository says.
    /// Ends within the timeout of the access.
    pub async fn get(&self) -> Result<Access, IdentityError> {
        self.get_with(|_| {}).await
    }

    /// The same; `seen` is told what the cache did, where it was asked.
    pub async fn get_with(
        &self,
        seen: impl FnOnce(CacheEvent) + Send,
    ) -> Result<Access, IdentityError> {
        let Some(pending) = &self.pending else {
            return Ok(self.access.clone());
        };
        let after = self.access.timeout;
        let got = tokio::time::timeout(after, pending.get(&self.access)).await;
        let (event, credentials) = got.map_err(|_| IdentityError::Timeout { after })??;
        seen(event);
        Ok(Access {
            credentials: credentials?,
            ..self.access.clone()
        })
    }

    /// What tells the list of an image apart from those of others. It does not change while the identity stays the
    /// same, however often its credentials are renewed.
    pub fn list_key(&self, image: &ImageName) -> ListKey {
        let key = self.access.list_key(image);
        match &self.pending {
            None => key,
            Some(pending) => key.as_identity(pending.fingerprint()),
        }
    }
}

impl Pending {
    async fn get(
        &self,
        access: &Access,
    ) -> Result<
        (
            CacheEvent,
            Result<registry_client::Credentials, IdentityError>,
        ),
        IdentityError,
    > {
        let wanted = self.wanted.clone()?;
        let end = Instant::now() + access.timeout;
        let (shared, tokens) = (Arc::clone(&self.shared), Arc::clone(&self.tokens));
        let (key, proxy) = (wanted.clone(), access.proxy.clone());
        let fetch = || async move { shared.clouds.fetch(&key, proxy.as_ref(), &tokens).await };
        Ok(self.shared.cache.get(wanted, end, fetch).await)
    }

    fn fingerprint(&self) -> Fingerprint {
        let text = match &self.wanted {
            Ok(key) => format!("{:?} {:?}", key.registry, key.owner),
            Err(error) => error.to_string(),
        };
        Fingerprint::of(&[text.as_bytes()])
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}
