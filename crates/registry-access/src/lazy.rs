//! An access whose credentials may still have to be fetched.

use std::fmt;
use std::sync::Arc;

use cloud_identity::{CacheEvent, Credential, Identities, IdentityError, Objects, Tokens, Wanted};
use image_ref::ImageName;
use registry_client::{Access, Credentials, Fingerprint, ListKey};

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
    wanted: Result<Wanted, IdentityError>,
    tokens: Arc<dyn Tokens>,
    identities: Identities,
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
        wanted: Result<Wanted, IdentityError>,
        objects: impl Objects,
        identities: &Identities,
    ) -> Self {
        // Registries of clouds speak HTTPS. Whoever names the proxy of an object must not get the identity that goes
        // through it by making HTTPS fail.
        let access = Access {
            insecure: false,
            ..access
        };
        Self {
            access,
            pending: Some(Arc::new(Pending {
                wanted,
                tokens: Arc::new(objects),
                identities: identities.clone(),
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
        let wanted = pending.wanted.clone()?;
        let (proxy, timeout) = (self.access.proxy.as_ref(), self.access.timeout);
        let (event, credential) = pending
            .identities
            .credentials(wanted, proxy, &pending.tokens, timeout)
            .await;
        if let Some(event) = event {
            seen(event);
        }
        let credentials = match credential? {
            Credential::Basic { username, password } => Credentials::Basic { username, password },
            Credential::Bearer(token) => Credentials::RegistryToken(token),
        };
        Ok(Access {
            credentials,
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
    fn fingerprint(&self) -> Fingerprint {
        let text = match &self.wanted {
            Ok(wanted) => format!("{wanted:?}"),
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
