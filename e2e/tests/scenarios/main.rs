//! The controllers as processes, under the roles of `deploy/base`, on a real API server.
//!
//! Each test has a namespace of its own; those that look at the API server itself have a control plane of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admission;
mod conversion;
mod events_addr;
mod flux_crds;
mod guide;
mod guide_updates;
mod guide_webhooks;
mod many_policies;
mod namespace_deleted;
mod plans;
mod rbac;
mod restart;
mod secret_gone_and_back;
mod status_texts;
mod takeover;
mod takeover_updates;
mod two_instances;
