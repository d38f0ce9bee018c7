//! Authenticates and parses the webhooks of registries and forges.
//!
//! Values in, values out: a request ([`Delivery`]), the keys of a Receiver ([`Keys`]) and the time come in, and what
//! comes out is a [`Hook`] or a typed [`Rejection`]. Which hooks are taken is what Flux's notification-controller
//! takes, so that a hook that is configured at a forge today goes on working; `docs/webhooks.md` says for each sender
//! what that is. Filters over hooks are in [`filter`].
//!
//! This crate never fetches a key, never reads a clock and never writes anything down. No error and no `Debug` shows
//! a token or a signature. What compares secrets takes the same time whatever the request says.
//!
//! ```
//! use hook_payload::{Delivery, Keys, Sender, authenticate};
//!
//! let mut headers = http::HeaderMap::new();
//! headers.insert("content-type", "application/json".parse()?);
//! let body = br#"{"push_data": {"tag": "6.7.1"}, "repository": {"repo_name": "stefanprodan/podinfo"}}"#;
//! let delivery = Delivery { headers: &headers, body };
//!
//! let hook = authenticate(Sender::DockerHub, &Keys::Nothing, &[], &delivery, chrono::DateTime::UNIX_EPOCH)?;
//! let pushed = hook.pushed.ok_or("Docker Hub says what was pushed")?;
//! assert_eq!(pushed.image().as_deref(), Some("docker.io/stefanprodan/podinfo"));
//! assert_eq!(pushed.tags, ["6.7.1"]);
//! assert_eq!(hook.payload.req()?["push_data"]["tag"], "6.7.1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod authenticate;
mod delivery;
pub mod filter;
mod json;
mod jwt;
mod keys;
mod payload;
mod pushed;
mod rejection;
mod sender;
mod senders;
mod signature;
mod token;

pub use authenticate::{Hook, authenticate};
pub use delivery::Delivery;
pub use json::{JsonError, MAX_VALUES};
pub use jwt::{JwkSet, JwtError, UnverifiedToken};
pub use keys::Keys;
pub use payload::Payload;
pub use pushed::Pushed;
pub use rejection::Rejection;
pub use sender::{Needs, Sender};
pub use senders::cdevents::CdEventError;
pub use token::{EmptyToken, HOOK_PREFIX, Token, hook_path};
