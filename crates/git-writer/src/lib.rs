//! Commits, signs and pushes a plan: the only part of Repin that writes to Git.
//!
//! The last step of the pipeline, as a function over a plan and a Git remote: [`write`](fn@write).
//!
//! - Reads: of the repository, the files that the plan edits.
//! - Writes: one commit to the push branch, and to the plan's refspec.
//! - Never: parses YAML, evaluates a policy, changes a byte that the plan does not name, or replaces a commit that it
//!   has not seen: every push is compare-and-swap.

mod check;
mod error;
mod push;
mod refspec;
mod tip;
mod write;

pub use error::WriteError;
pub use write::{Written, write};
