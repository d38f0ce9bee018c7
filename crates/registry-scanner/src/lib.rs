//! Scans one image repository: lists its tags, drops the excluded ones, and says what was found.
//!
//! The first step of the pipeline, as a function over values and a registry client: [`scan()`] takes the spec of an
//! `ImageRepository` and the access to its registry, and gives a [`Scan`].
//!
//! - Reads: the registry, through [`registry_client::Client`].
//! - Writes: nothing.
//! - Never: decides from partial data (a page that fails fails the scan), reads Kubernetes objects, or keeps credentials.

mod error;
mod exclusion;
mod scan;

pub use error::ScanError;
pub use exclusion::Exclusions;
pub use scan::{Scan, image_name, scan};
