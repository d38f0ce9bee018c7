//! The conversion on a real API server: objects in every version, certificates that replicas share and renew, definitions.
//!
//! Definitions belong to the whole cluster, so each test has a control plane of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod certificates;
mod definitions;
mod site;
mod versions;
