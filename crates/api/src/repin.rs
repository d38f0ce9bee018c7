//! Group `repin.dev`: what the controllers hand to each other.

pub mod v1alpha1;

/// Name of the API group.
pub const GROUP: &str = "repin.dev";
