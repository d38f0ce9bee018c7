//! The controller's process against a real API server and a real Git server, under exactly the roles it ships with. The
//! tests stand in for manifest-setter: they make the plans.
#![expect(clippy::unwrap_used, reason = "an integration test")]

mod commits;
mod crashes;
mod edited;
mod forged;
mod lanes;
mod leases;
mod phases;
mod plans;
mod servers;
mod setup;
mod shutdown;
