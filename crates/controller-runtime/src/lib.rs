//! What every controller needs: arguments, telemetry, metrics, probes, shutdown, leases, back-off, status, events.
//!
//! A controller names itself ([`Identity`]), takes the common flags ([`Args`]), and hands [`run()`] what it does with a
//! [`Runtime`]: it reconciles a kind ([`reconcile()`], with a [`Reconciler`] of its own) and watches others ([`watch_all()`]).
//!
//! *Watches* what a controller asks for, in the namespaces and with the labels of its flags ([`Scope`]).
//! *Writes* the status of the objects that a controller reconciles, the annotation that hands a trace on where that says
//! something new, Events about them, and the Lease of the process.
//! *Never* writes without a current claim ([`Claims`]), never writes what is written already, never decides what a status
//! says beyond its conditions, and never logs a secret.

mod admin;
pub mod args;
mod backoff;
mod client;
pub mod conditions;
mod error;
pub mod events;
mod identity;
mod kinds;
pub mod lease;
pub mod metrics;
mod namespaces;
mod process;
mod readiness;
mod reconcile;
mod runtime;
mod schema;
mod scope;
mod secrets;
mod shutdown;
mod status;
mod tasks;
mod telemetry;
mod told;
pub mod trace;
mod triggers;
mod watch;

pub use crate::admin::listen;
pub use crate::args::Args;
pub use crate::error::{RuntimeError, SetUpError};
pub use crate::events::Events;
pub use crate::identity::Identity;
pub use crate::kinds::{Common, CommonMut, Reconciled, Style};
pub use crate::lease::{Claim, Claims, NotLeading};
pub use crate::metrics::Metrics;
pub use crate::namespaces::{NamespaceError, namespace_labels};
pub use crate::process::until_served;
pub use crate::readiness::{Awaited, Readiness};
pub use crate::reconcile::{
    Checkpoints, Class, Course, Done, End, Next, Notice, Pass, Progress, Reconciler, StoreError,
    reconcile,
};
pub use crate::runtime::{Grace, Runtime, run, run_on_every_replica};
pub use crate::scope::Scope;
pub use crate::secrets::watch_secrets;
pub use crate::told::Told;
pub use crate::triggers::Triggers;
pub use crate::watch::watch_all;
