//! Plans the bytes to change in a repository: from an automation, its GitRepository and the policies to an
//! [`ImageUpdatePlan`](api::repin::v1alpha1::ImageUpdatePlan).
//!
//! The third step of the pipeline. As a function over values and a Git server it is [`plan()`]; as a controller it is
//! [`run()`], which does so for the objects of a cluster:
//!
//! - Watches: ImageUpdateAutomations, ImagePolicies, GitRepositories, ImageUpdatePlans; the metadata of labelled Secrets.
//! - Reads: the Git repository, at depth 1, and of its files only those never seen before; Secrets at use; the labels of
//!   namespaces, for policies of other ones.
//! - Writes: ImageUpdatePlans, which it makes and deletes; the status of ImageUpdateAutomations; Events; its cache.
//! - Never: pushes, reads a signing key, says how far a plan is, follows a link out of the tree, or parses a file without a
//!   marker.
//!
//! One pass reads from top to bottom: `observe`, `read`, `decide`, `apply`, `status`. What the watches say is kept in
//! `catalogue`, what is known of branches in `memory`.

mod apply;
mod args;
mod blob_index;
mod catalogue;
mod controller;
mod decide;
mod error;
mod files;
mod finding;
mod findings;
mod ground;
mod knowledge;
mod links;
mod memory;
mod message;
mod metrics;
mod observe;
mod pass;
mod pass_error;
mod plan;
mod policies;
mod read;
mod reconcile;
mod resolve;
mod status;
mod tree;
mod turns;

pub use args::Args;
pub use blob_index::{BlobIndex, Content};
pub use controller::run;
pub use error::PlanError;
pub use files::EditedFile;
pub use finding::Finding;
pub use knowledge::Knowledge;
pub use pass::{Pass, Progress, Request, plan};
pub use policies::{Denial, Denied, select_policies};
pub use resolve::Heads;
