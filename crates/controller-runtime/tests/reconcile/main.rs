//! The reconcile loop on a real API server, with a proxy between them that counts and fails.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has found its failure"
)]

mod checkpoints;
mod events;
mod faults;
mod harness;
mod passes;
mod statuses;
mod takeover;
mod traces;
mod watches;
