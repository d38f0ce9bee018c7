//! The status of Receivers, by the controller's process on a real API server, under exactly the roles it ships with.
#![expect(clippy::unwrap_used, reason = "an integration test")]

mod observe;
mod replicas;
mod setup;
mod stand_in;
mod texts;
mod tokens;
