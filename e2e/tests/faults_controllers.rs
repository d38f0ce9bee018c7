//! Faults between the controllers and their API server, and deaths of the controllers at every step: each ends in the
//! right state, and nothing is written that did not have to be.
//!
//! Both controllers reach the API server through one proxy, which fails, holds and counts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "faults_controllers/answers.rs"]
mod answers;
#[path = "faults_controllers/api_server.rs"]
mod api_server;
#[path = "faults_controllers/killed.rs"]
mod killed;
#[path = "faults_controllers/registry.rs"]
mod registry;
#[path = "faults_controllers/site.rs"]
mod site;
