//! From an identity to credentials: for registries of AWS, Azure and Google Cloud, for Git servers of AWS and Azure, and for
//! Git at GitHub, where the identity is that of an App.
//!
//! [`Identities::credentials()`] exchanges the identity of the process, or that of a ServiceAccount, for credentials.
//!
//! - It reads Secrets, ServiceAccounts and tokens through [`Objects`], each call under a deadline. [`Cluster`] is the
//!   API server's.
//! - It speaks to the token services of the clouds and to GitHub's API, through the caller's proxy.
//! - It remembers credentials by their lifetime.
//!
//! It never runs a command, never sends an identity of a cloud to a place that an object names, and never puts a secret
//! into an error, a log line or a `Debug` text.

mod cache;
mod cloud;
mod cluster;
mod credential;
mod environment;
mod error;
mod gate;
mod identities;
mod metrics;
mod objects;
mod settings;

pub use self::cache::{CacheEvent, CacheNumbers};
pub use self::cloud::identity::AnnotationError;
pub use self::cloud::{
    Cloud, CodeCommit, GitHubApp, GitHubAppError, GitServer, GitUrlError, Identity, Owner, Problem,
    Registry, Service, Tokens, Wanted,
};
pub use self::cluster::Cluster;
pub use self::credential::Credential;
pub use self::environment::Environment;
pub use self::error::{IdentityError, Whose};
pub use self::gate::{Asker, FeatureGateDisabled, OBJECT_LEVEL_WORKLOAD_IDENTITY};
pub use self::identities::Identities;
pub use self::metrics::TokenMetrics;
pub use self::objects::{Objects, ReadError};
pub use self::settings::{Settings, SettingsError};
