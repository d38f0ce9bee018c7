//! Accesses made of Secrets and ServiceAccounts, and of identities in clouds whose services are stand-ins.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod aws;
mod azure;
mod cluster;
mod gcp;
mod memory;
mod secrets;
mod setup;
mod tokens;
