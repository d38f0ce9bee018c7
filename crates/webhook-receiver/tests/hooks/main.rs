//! Hooks, sent to the controller's process as a registry or a forge sends them, with a real API server behind it.
#![expect(clippy::unwrap_used, reason = "an integration test")]

mod answers;
mod edits;
mod images;
mod load;
mod oidc;
mod resources;
mod setup;
mod sharing;
