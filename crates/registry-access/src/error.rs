//! What can go wrong, in Flux's words where Flux has some.

use cloud_identity::ReadError;
use registry_client::{Class, SecretError};

/// Why an access cannot be made. The text is what follows `failed to configure authentication options: ` in Flux's
/// messages (reason `AuthenticationFailed`); names are `namespace/name`. It never holds a value of a Secret.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccessError {
    /// The Secret of `proxySecretRef` or `certSecretRef` does not exist.
    #[error("secret '{secret}' not found")]
    FindSecret {
        /// The Secret.
        secret: String,
    },
    /// The Secret of `secretRef` does not exist; the text is the API server's.
    #[error("secrets \"{name}\" not found")]
    FindPullSecret {
        /// The Secret's name, without its namespace.
        name: String,
    },
    /// The ServiceAccount does not exist.
    #[error("serviceaccount '{account}' not found")]
    FindServiceAccount {
        /// The ServiceAccount.
        account: String,
    },
    /// A pull secret of the ServiceAccount does not exist.
    #[error(
        "failed to get image pull secret for serviceaccount '{account}': secret '{secret}' not found"
    )]
    FindAccountPullSecret {
        /// The ServiceAccount.
        account: String,
        /// The Secret.
        secret: String,
    },
    /// A Secret cannot be read.
    #[error("failed to get secret '{secret}': {source}")]
    ReadSecret {
        /// The Secret.
        secret: String,
        /// Why.
        source: ReadError,
    },
    /// The ServiceAccount cannot be read.
    #[error("failed to get serviceaccount '{account}': {source}")]
    ReadServiceAccount {
        /// The ServiceAccount.
        account: String,
        /// Why.
        source: ReadError,
    },
    /// A Secret is not what its use asks for.
    #[error("{}", source.in_secret(secret))]
    UseSecret {
        /// The Secret.
        secret: String,
        /// What is wrong with it.
        source: SecretError,
    },
}

impl AccessError {
    /// The name of the Secret that is missing, or cannot be used: when it comes or changes, it is worth another try. It
    /// lies in the namespace of the ImageRepository.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::FindPullSecret { name } => Some(name),
            Self::FindSecret { secret }
            | Self::FindAccountPullSecret { secret, .. }
            | Self::ReadSecret { secret, .. }
            | Self::UseSecret { secret, .. } => secret.split_once('/').map(|(_, name)| name),
            Self::FindServiceAccount { .. } | Self::ReadServiceAccount { .. } => None,
        }
    }

    /// How to react.
    pub fn class(&self) -> Class {
        match self {
            Self::ReadSecret { .. } | Self::ReadServiceAccount { .. } => Class::Transient,
            Self::FindSecret { .. }
            | Self::FindPullSecret { .. }
            | Self::FindServiceAccount { .. }
            | Self::FindAccountPullSecret { .. }
            | Self::UseSecret { .. } => Class::Authentication,
        }
    }
}
