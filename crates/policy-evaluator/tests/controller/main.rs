//! The controller's process against a real API server, under exactly the roles it ships with. The tests stand in for the
//! scanner: they write slices and statuses themselves.
#![expect(clippy::unwrap_used, reason = "an integration test")]

mod access;
mod digests;
mod held_back;
mod lists;
mod restarts;
mod setup;
mod texts;
