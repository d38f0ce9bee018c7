//! Selects one tag per policy: from the complete tag list of an image repository to the latest reference.
//!
//! The second step of the pipeline. As functions over values: [`check_access`] says whether a policy may use a repository,
//! [`Evaluator`] decides and explains, [`fetch_digest`] asks the registry for the digest of the selected tag. As a
//! controller it is [`run()`], which does so for the objects of a cluster:
//!
//! - Watches: ImagePolicies, ImageRepositories, ImageTagSlices.
//! - Reads: the labels of Namespaces, for repositories of another namespace; Secrets and ServiceAccounts at use, and the
//!   registry, both only for digests.
//! - Writes: the status of ImagePolicies; Events; where traces are recorded, the annotation that hands one on.
//! - Never: selects from a list that is not complete, keeps credentials, or takes a choice back because a pass failed.
//!
//! One pass reads from top to bottom: `validate`, `observe`, `decide`, `status`. What the watches say is kept in
//! `catalogue`, which knows which policies a change concerns.

mod args;
mod catalogue;
mod controller;
mod decide;
mod decision;
mod digest;
mod error;
mod evaluate;
mod lists;
mod maturity;
mod metrics;
mod observe;
mod reconcile;
mod status;
mod validate;

pub use api::access::{AccessDenied, check_access};
pub use args::Args;
pub use controller::run;
pub use decision::{Decision, Refusal, Refused, Waiting};
pub use digest::{DigestSource, digest_source, fetch_digest};
pub use error::{EvaluateError, FetchDigestError, InvalidPolicy};
pub use evaluate::{Evaluator, Explained, Facts};
