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

mod cache;
mod cloud;
mod cluster;
mod environment;
mod error;
mod gate;
mod lazy;
mod objects;
mod resolver;
mod settings;
mod sources;

pub use self::cache::{CacheEvent, CacheNumbers};
pub use self::cloud::Problem;
pub use self::cloud::identity::AnnotationError;
pub use self::cluster::Cluster;
pub use self::environment::Environment;
pub use self::error::{AccessError, IdentityError, Whose};
pub use self::gate::{Asker, FeatureGateDisabled, OBJECT_LEVEL_WORKLOAD_IDENTITY};
pub use self::lazy::LazyAccess;
pub use self::objects::{Objects, ReadError};
pub use self::resolver::{Resolved, Resolver};
pub use self::settings::{Settings, SettingsError};
pub use self::sources::Sources;
