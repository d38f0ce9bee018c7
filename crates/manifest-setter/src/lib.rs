//! Plans the bytes to change in a repository: from an automation, its GitRepository and the policies to an
//! [`ImageUpdatePlan`](api::repin::v1alpha1::ImageUpdatePlan).
//!
//! The third step of the pipeline, as a function over values and an open Git session: [`plan()`].
//!
//! - Reads: the Git repository, at depth 1, and of its files only those never seen before.
//! - Writes: its cache.
//! - Never: pushes, reads a signing key, follows a link out of the tree, or parses a file without a marker.

mod blob_index;
mod candidates;
mod error;
mod files;
mod finding;
mod message;
mod pass;
mod plan;
mod policies;
mod resolve;
mod target;

pub use blob_index::BlobIndex;
pub use error::PlanError;
pub use files::EditedFile;
pub use finding::Finding;
pub use pass::{Pass, Progress, Request, plan};
pub use policies::select_policies;
pub use target::{Checkout, Target, TargetError, clean_path};
