//! Selects one tag per policy: from the complete tag list of an image repository to the latest reference.
//!
//! The second step of the pipeline, as functions over values: [`check_access`] says whether the policy may use the
//! repository, [`Evaluator`] selects and explains, [`reflect_digest`] asks the registry for the digest of the selected tag.
//!
//! - Reads: the registry, and only for digests.
//! - Writes: nothing.
//! - Never: reads the clock, Kubernetes objects, or a list that is not complete.

mod access;
mod digest;
mod error;
mod evaluate;

pub use access::{AccessDenied, check_access};
pub use digest::{needs_digest, reflect_digest};
pub use error::{EvaluateError, InvalidPolicy};
pub use evaluate::{Evaluator, ready_message};
