//! The controller's process against a real API server, under exactly the roles it ships with.
#![expect(clippy::unwrap_used, reason = "an integration test")]

mod credentials;
mod faults;
mod interrupted;
mod lists;
mod passes;
mod setup;
mod stalled;
