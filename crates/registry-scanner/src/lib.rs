//! Scans image repositories: lists their tags, drops the excluded ones, and keeps what was found.
//!
//! The first step of the pipeline. As a function over values and a registry client it is [`scan()`], which takes the spec
//! of an `ImageRepository` and the access to its registry, and gives a [`Scan`]. As a controller it is [`run()`], which does
//! so for the objects of a cluster:
//!
//! - Watches: ImageRepositories; the ImageTagSlices they own; the metadata of Secrets that carry the label for it.
//! - Reads: Secrets and ServiceAccounts at use; the registry, through [`registry_client::Client`].
//! - Writes: ImageTagSlices, then the status of the ImageRepository that speaks of them; Events.
//! - Never: decides from partial data (a page that fails fails the scan, and the last good list stays), keeps credentials,
//!   or scans what is not due.
//!
//! One pass reads from top to bottom: `validate`, `observe`, `decide`, `apply`, `status`.

mod apply;
mod args;
mod controller;
mod decide;
mod error;
mod exclusion;
mod known;
mod memory;
mod metrics;
mod observe;
mod recent;
mod reconcile;
mod scan;
mod slices;
mod status;
mod validate;

pub use args::Args;
pub use controller::run;
pub use error::ScanError;
pub use exclusion::Exclusions;
pub use scan::{Scan, image_name, scan};
