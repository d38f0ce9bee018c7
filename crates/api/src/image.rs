//! Group `image.toolkit.fluxcd.io`: ImageRepository, ImagePolicy and ImageUpdateAutomation in every
//! served version.
//!
//! [`v1`] is stored and is what Repin's steps work on. The older versions are complete CRD versions
//! of their own; where their shape equals a newer one they share its structs, and
//! [`convert`](crate::convert) maps between them.

pub mod v1;
pub mod v1alpha1;
pub mod v1alpha2;
pub mod v1beta1;
pub mod v1beta2;

/// Name of the API group.
pub const GROUP: &str = "image.toolkit.fluxcd.io";
