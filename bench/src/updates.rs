//! What leads to commits in a cluster: the objects, and when their commit is there.

mod branch;
mod objects;
mod wait;

pub(crate) use branch::Branch;
pub(crate) use objects::Objects;
pub(crate) use wait::{settle, until};
