//! Group `notification.toolkit.fluxcd.io`: the Receiver in every served version.

pub mod v1;
pub mod v1beta1;
pub mod v1beta2;

/// Name of the API group.
pub const GROUP: &str = "notification.toolkit.fluxcd.io";
