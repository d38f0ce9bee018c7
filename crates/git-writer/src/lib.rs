//! Commits, signs and pushes a plan: the only part of Repin that writes to Git.
//!
//! The last step of the pipeline, as functions over a plan and a Git remote: [`verify`](fn@verify), [`write`](fn@write).
//!
//! - Reads: of the repository, the files that the plan edits.
//! - Writes: one commit to the push branch, and to the plan's refspec; before that, its id to a [`Journal`].
//! - Never: parses YAML, evaluates a policy, changes a byte that the plan does not name, or replaces a commit that it
//!   has not seen: every push is compare-and-swap.

mod apply;
mod args;
mod catalogue;
mod changes;
mod check;
mod consent;
mod controller;
mod error;
mod journal;
mod landed;
mod metrics;
mod observe;
mod prepare;
mod push;
mod reconcile;
mod recorder;
mod refspec;
mod settle;
mod signing;
mod standing;
mod status;
mod tip;
mod trouble;
mod turns;
mod verify;
mod write;

pub use args::Args;
pub use controller::run;
pub use error::{Fate, WriteError};
pub use journal::{Journal, JournalError, NoJournal};
pub use signing::{SigningError, signer};
pub use verify::{Forged, verify};
pub use write::{Written, write};
