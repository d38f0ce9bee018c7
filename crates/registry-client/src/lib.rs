//! OCI distribution client: authentication, tag pages, digests, one budget per registry host.
//!
//! It lists the tags of an image and resolves a tag to its digest, as Flux's image-reflector does it:
//! anonymous, with Basic credentials, or with a Bearer token from the registry's token server, over TLS
//! with the system's roots, a CA and a client certificate of the caller, and through a proxy of the caller.
//!
//! - All callers of a process share one budget per registry host: a limit of open requests, and the
//!   pauses that `Retry-After`, `RateLimit-*` and `X-RateLimit-*` ask for.
//! - Callers that want the same at the same time share one request.
//! - Connections, tokens and what a registry said about itself are kept between calls.
//! - Every call has a deadline, and everything it reads a bound; reaching one is an error that names it.
//!
//! It never returns part of a list, never sends credentials anywhere but to the registry and its token
//! server, never follows a registry into the private network around it, and never puts a secret into an
//! error, a log line or a `Debug` text.
//!
//! ```no_run
//! use image_ref::ImageName;
//! use registry_client::{Access, Client, Keyring, Options};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(Options::default())?;
//! let mut keyring = Keyring::new();
//! keyring.add_docker_config_json(&std::fs::read("config.json")?)?;
//!
//! let image = ImageName::parse("ghcr.io/stefanprodan/podinfo")?;
//! let access = Access { credentials: keyring.find(&image), ..Access::default() };
//! let tags = client.list_tags(&image, &access).await?;
//! let digest = client.resolve_digest(&image, "6.5.0", &access).await?;
//! # Ok(())
//! # }
//! ```

mod access;
mod address;
mod budget;
mod certificate;
mod client;
mod digest;
mod error;
mod excerpt;
mod exchange;
mod flight;
pub mod headers;
mod keyring;
mod options;
mod proxy;
mod secret;
mod session;
mod tags;
mod token;
mod transport;

pub use self::access::{Access, Credentials, Fingerprint, ListKey};
pub use self::certificate::ClientCertificate;
pub use self::client::Client;
pub use self::error::{Bound, Class, Error, Failure, Operation, Problem, Status};
pub use self::excerpt::excerpt;
pub use self::flight::{Deadline, Flights};
pub use self::keyring::{Keyring, KeyringError};
pub use self::options::{Limits, Options};
pub use self::proxy::Proxy;
pub use self::secret::SecretError;
