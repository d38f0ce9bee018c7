//! The controller's process against a real API server and a real Git server, under exactly the roles it ships with. The tests
//! stand in for git-writer: they write the statuses of plans, and push what those say, themselves.
#![expect(clippy::unwrap_used, reason = "an integration test")]

mod credentials;
mod events;
mod gathered;
mod heads;
mod plans;
mod restarts;
mod setup;
mod sharing;
mod texts;
mod turns;
