//! What each sender sends: what has to be in it for the hook to be taken, and which image it names.
//!
//! The first is what Flux reads of it, type by type; the second is taken where it is there, and never a reason to
//! refuse a hook.

pub(crate) mod acr;
pub(crate) mod cdevents;
pub(crate) mod dockerhub;
pub(crate) mod gcr;
pub(crate) mod github;
pub(crate) mod harbor;
pub(crate) mod nexus;
pub(crate) mod quay;
