//! From a GitRepository and an ImageUpdateAutomation to the repository on its server.
//!
//! [`source_of()`] says which GitRepository an automation means, [`Target::resolve()`] what is read of it and where commits
//! go, [`Access::remote()`] how its server is reached and as whom: the Secret of the GitRepository (or the one that is for
//! pushes alone), its proxy, a GitHub App, or an identity of Azure or AWS.
//!
//! - Order of the checks, texts and reasons are Flux's.
//! - It reads Secrets, ServiceAccounts and their tokens through [`Objects`], each call under a deadline. [`Cluster`] is the
//!   API server's.
//! - It speaks to GitHub's API and to the token services of AWS and Azure, through the proxy of the GitRepository.
//! - It remembers tokens by their lifetime, and connections; of Secrets, nothing.
//!
//! It never speaks to the Git server, never reads a signing key, never writes, and never puts a secret into an error, a log
//! line or a `Debug` text.

mod access;
mod error;
mod provider;
mod question;
mod reading;
mod settings;
mod source;
mod target;

pub use access::Access;
pub use cloud_identity::{
    CacheEvent, Cluster, Environment, Identities, Objects, ReadError, SettingsError, TokenMetrics,
};
pub use error::AccessError;
pub use question::{Purpose, Question, secrets};
pub use settings::Settings;
pub use source::source_of;
pub use target::{Checkout, Target, TargetError, clean_path};
