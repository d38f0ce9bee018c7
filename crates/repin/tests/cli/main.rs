//! `repin` as its users run it: the real binary against a registry and a Git server.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has failed")]

mod bad_input;
mod convert;
mod explain;
mod guide;
mod lint;
mod objects;
mod repository;
mod stage;
mod state;
mod transport;
