//! What credentials are asked for, and for whom.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::identity::Identity;
use super::{Cloud, GitServer, Registry};
use crate::error::IdentityError;
use crate::objects::ReadError;

/// Credentials for one service that somebody wants. It is the key under which they are kept, too: the service stands for
/// region, scope and cloud, the owner for identity and audience.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// What they are for.
    pub service: Service,
    /// Whose they are.
    pub owner: Owner,
}

/// What credentials are for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// A registry.
    Registry(Registry),
    /// A Git server.
    Git(GitServer),
}

/// Whose identity it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// That of the process.
    Process,
    /// That of a ServiceAccount.
    Account {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Who it is in its cloud.
        identity: Identity,
    },
}

impl Owner {
    /// The owner that a ServiceAccount is; `read` is what reading it gave.
    pub fn of_account(
        cloud: Cloud,
        (namespace, name): (&str, &str),
        read: Result<Option<ServiceAccount>, ReadError>,
    ) -> Result<Self, IdentityError> {
        let account = format!("{namespace}/{name}");
        let found = read.map_err(|source| IdentityError::ReadServiceAccount {
            account: account.clone(),
            source,
        })?;
        let found = found.ok_or_else(|| IdentityError::FindServiceAccount {
            account: account.clone(),
            name: name.to_owned(),
        })?;
        let identity = Identity::of(cloud, &found);
        Ok(Self::Account {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            identity: identity.map_err(|source| IdentityError::Identify { account, source })?,
        })
    }
}
