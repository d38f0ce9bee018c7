//! Git without a checkout: fetch, read, edit, commit, sign and push on gix.
//!
//! A [`Remote`] is a repository on a server: URL, credentials, limits. A [`Session`] with it lists references and
//! fetches commits and blobs into a [`Repository`] of a [`Cache`]: bare, shallow (depth 1), without blobs but those
//! that were asked for. New commits are made in memory, signed in process, and pushed by compare-and-swap.
//!
//! - Servers that know neither filters nor shallow commits, give out no blobs by id, or speak protocol v0 only, are
//!   served by fetching more.
//! - The cache may be deleted at any time, is shared by any number of processes, and heals when it was damaged.
//! - Every call ends within [`Options::timeout`]; whatever a server sends has a bound ([`Limits`]), and the error that
//!   reaching it gives names the bound.
//! - All calls block: in async code they belong on a thread for blocking work.
//!
//! What it never does: write a working tree, run a program, read Git's configuration or ask a credential helper, send
//! credentials to another host than the URL's, change a reference that is not where it was expected, show a secret.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use git_remote::{
//!     Cache, CacheLimits, CommitRequest, Credentials, Error, Identity, Options, PushRequest,
//!     RefUpdate, Remote,
//! };
//!
//! fn bump(url: &str, path: &str, content: Vec<u8>) -> Result<(), Error> {
//!     let remote = Remote::new(url, Credentials::Anonymous, Options::default())?;
//!     let cache = Cache::open(Path::new("/var/cache/repin"), CacheLimits::default())?;
//!     let repository = cache.repository(&remote)?;
//!     let mut session = remote.connect()?;
//!     let tip = session.find_ref("refs/heads/main")?.commit();
//!     session.fetch_commit(&repository, tip)?;
//!     let bot = Identity { name: "Repin".into(), email: "repin@example.com".into() };
//!     let commit = repository.commit(&CommitRequest {
//!         parent: tip,
//!         files: &[(path.into(), content)],
//!         author: bot.clone(),
//!         committer: bot,
//!         seconds: 1_700_000_000,
//!         message: "Update images",
//!         signer: None,
//!     })?;
//!     let main = RefUpdate { name: "refs/heads/main".into(), old: Some(tip), new: commit.id };
//!     let report = remote.push(&PushRequest {
//!         updates: &[main],
//!         commit: &commit,
//!         options: &[],
//!         atomic: false,
//!     })?;
//!     assert!(report.is_ok(), "{:?}", report.refs);
//!     repository.adopt(&commit)
//! }
//! ```

pub mod cache;
pub mod commit;
pub mod credentials;
pub mod error;
pub mod push;
pub mod refspec;
pub mod remote;
pub mod repository;
pub mod session;
pub mod sign;

mod blobs;
mod deadline;
mod fault;
mod fetch;
mod history;
mod http;
mod keeper;
mod known_hosts;
mod node;
mod objects;
mod pack;
mod proxy;
mod refs;
mod secrets;
mod ssh;
mod tls;
mod tree;
mod url;
mod wire;

pub use cache::{Cache, CacheLimits};
pub use commit::{CommitRequest, Identity, NewCommit};
pub use credentials::{Credentials, CredentialsError, SshIdentity};
pub use error::{At, Class, Error, Operation};
pub use gix::ObjectId;
pub use history::Ancestry;
pub use http::Pool;
pub use known_hosts::KnownHostsError;
pub use node::Node;
pub use objects::blob_id;
pub use proxy::{Proxy, ProxyError};
pub use push::{PushReport, PushRequest, PushSession, RefOutcome, RefUpdate};
pub use refspec::{Refspec, RefspecError};
pub use remote::{Limits, Options, Remote};
pub use repository::{FileEntry, FileKind, Repository};
pub use session::{Keep, Oversize, RemoteRef, Session};
pub use sign::{Signer, SignerError};
pub use ssh::{PrivateKeyError, SshAlgorithmError, SshAlgorithms, SshError};
pub use tls::{ClientCertificate, Tls};
pub use url::{RemoteUrl, Scheme};
