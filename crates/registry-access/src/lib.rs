//! From an ImageRepository to the access of its registry: Secrets, ServiceAccounts, certificates, proxies, cloud identities.
//!
//! [`Resolver::resolve()`] reads what an ImageRepository refers to, as Flux does: `proxySecretRef`,
//! `certSecretRef`, and the pull secrets of `secretRef` and of the ServiceAccount. Where `provider` names a
//! cloud, pull secrets do not count, and [`LazyAccess::get()`] exchanges an identity for registry credentials only
//! when they are needed: that of the process, or that of a ServiceAccount.
//!
//! - It reads Secrets, ServiceAccounts and tokens through [`Objects`], each call under a deadline. [`Cluster`] is the
//!   API server's.
//! - It speaks to the token services of AWS, Azure and Google Cloud, through the object's proxy.
//! - It remembers credentials of clouds by their lifetime, and nothing of any Secret.
//!
//! It never writes, never runs a command, never sends an identity to a place that an object names, and never puts
//! a secret into an error, a log line or a `Debug` text.

mod error;
mod gate;
mod lazy;
mod resolver;
mod sources;

pub use cloud_identity::{
    AnnotationError, Asker, CacheEvent, CacheNumbers, Cluster, Environment, FeatureGateDisabled,
    IdentityError, OBJECT_LEVEL_WORKLOAD_IDENTITY, Objects, Problem, ReadError, Settings,
    SettingsError, TokenMetrics, Whose,
};

pub use self::error::AccessError;
pub use self::lazy::LazyAccess;
pub use self::resolver::{Resolved, Resolver};
pub use self::sources::Sources;
