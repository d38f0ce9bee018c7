//! From objects to repositories on real servers.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod app;
mod azure;
mod codecommit;
mod errors;
mod objects;
mod secrets;
mod setup;
