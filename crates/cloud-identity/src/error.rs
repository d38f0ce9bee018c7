//! Why an identity gives no credentials, in Flux's words where Flux has some.

use std::fmt;
use std::time::Duration;

use registry_client::Class;

use crate::cloud::identity::AnnotationError;
use crate::cloud::{GitServer, Owner, Problem, Service, Wanted};
use crate::gate::FeatureGateDisabled;
use crate::objects::ReadError;

/// Why a cloud gives no credentials. For a registry the text is what follows `scan failed: ` in a scan, and the error of a
/// digest; for Git it is what follows `failed to configure authentication options: `. It never holds a token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IdentityError {
    /// The registry is none of the provider.
    #[error("invalid {cloud} registry: '{host}'. must match {pattern}")]
    ForeignRegistry {
        /// `AWS`, `Azure` or `GCP`.
        cloud: &'static str,
        /// The registry's host.
        host: String,
        /// What the provider's hosts look like.
        pattern: &'static str,
    },
    /// The object wants an identity of its own, and the gate is off.
    #[error(transparent)]
    GateDisabled(FeatureGateDisabled),
    /// The ServiceAccount does not exist.
    #[error("failed to get service account '{account}': serviceaccounts \"{name}\" not found")]
    FindServiceAccount {
        /// The ServiceAccount, `namespace/name`.
        account: String,
        /// Its name, as in the API server's text.
        name: String,
    },
    /// The ServiceAccount cannot be read.
    #[error("failed to get service account '{account}': {source}")]
    ReadServiceAccount {
        /// The ServiceAccount, `namespace/name`.
        account: String,
        /// Why.
        source: ReadError,
    },
    /// The annotations of the ServiceAccount name no identity.
    #[error(
        "failed to get provider identity from service account '{account}' annotations: {source}"
    )]
    Identify {
        /// The ServiceAccount, `namespace/name`.
        account: String,
        /// What is wrong with them.
        source: AnnotationError,
    },
    /// The API server gives no token of the ServiceAccount.
    #[error("failed to create kubernetes token for service account '{account}': {source}")]
    CreateToken {
        /// The ServiceAccount, `namespace/name`.
        account: String,
        /// Why.
        source: ReadError,
    },
    /// The cloud gives no credentials.
    #[error("failed to create provider access token for {whose}: {problem}")]
    Exchange {
        /// Whose identity it is.
        whose: Whose,
        /// Why.
        problem: Problem,
    },
    /// The time of the access is over.
    #[error(
        "no credentials within {after:?}; the cloud's token service is slow or the timeout is too short"
    )]
    Timeout {
        /// The time that there was.
        after: Duration,
    },
}

/// Whose cloud identity is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of the process.
    Process,
    /// That of a ServiceAccount, `namespace/name`.
    ServiceAccount(String),
    /// That of a GitHub App, by its id.
    App(String),
}

impl From<&Wanted> for Whose {
    fn from(wanted: &Wanted) -> Self {
        match &wanted.service {
            Service::Git(GitServer::GitHub(app)) => Self::App(app.id().to_owned()),
            Service::Git(_) | Service::Registry(_) => Self::from(&wanted.owner),
        }
    }
}

impl From<&Owner> for Whose {
    fn from(owner: &Owner) -> Self {
        match owner {
            Owner::Process => Self::Process,
            Owner::Account {
                namespace, name, ..
            } => Self::ServiceAccount(format!("{namespace}/{name}")),
        }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process => f.write_str("the controller"),
            Self::ServiceAccount(name) => write!(f, "service account '{name}'"),
            Self::App(id) => write!(f, "the GitHub App '{id}'"),
        }
    }
}

impl IdentityError {
    /// How to react.
    pub fn class(&self) -> Class {
        match self {
            Self::ForeignRegistry { .. }
            | Self::GateDisabled(_)
            | Self::FindServiceAccount { .. }
            | Self::Identify { .. } => Class::Authentication,
            Self::ReadServiceAccount { .. } | Self::CreateToken { .. } | Self::Timeout { .. } => {
                Class::Transient
            }
            Self::Exchange { problem, .. } => problem.class(),
        }
    }
}
