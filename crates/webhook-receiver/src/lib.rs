//! Serves the webhooks of registries and forges, and the conversion of older API versions.
//!
//! A hook makes a pass begin at once that would else wait for its interval: it sets `reconcile.fluxcd.io/requestedAt` on the
//! objects that its Receiver names. The paths of hooks, the senders and the answers are those of Flux's
//! notification-controller, so a hook that is registered at a forge today stays valid.
//!
//! - Watches: Receivers; the metadata of labelled Secrets.
//! - Reads: the Secrets of Receivers at use; the objects that Receivers name; the keys of Google and of OpenID Connect
//!   providers, over HTTP.
//! - Writes: the annotation on those objects; the status of Receivers, and Events about them, under the lease; the certificate
//!   of the conversion, and `spec.conversion` of the definitions that are ours to convert.
//! - Never: writes anything about Receivers with `--receiver-status=observe`, changes more of an object than its annotations,
//!   keeps a token, or logs a path, a token or a body.
//!
//! Every replica serves hooks and the conversion; the lease guards the status of Receivers alone. `controller` is what runs
//! where, `catalogue` what hooks are looked up in, `reconcile` one pass over a Receiver, `hooks` and `targets` one hook.

mod args;
mod catalogue;
mod controller;
mod conversion;
mod expressions;
mod hooks;
mod keys;
mod reconcile;
mod sharing;
mod targets;

pub use args::Args;
pub use controller::run;
