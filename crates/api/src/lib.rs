//! Kubernetes API types of every served version, the conversions between them, condition and
//! annotation names.
//!
//! | group | kinds | versions |
//! | --- | --- | --- |
//! | [`image.toolkit.fluxcd.io`](image) | ImageRepository, ImagePolicy, ImageUpdateAutomation | v1, v1beta2, v1beta1, v1alpha2, v1alpha1 |
//! | [`notification.toolkit.fluxcd.io`](notification) | Receiver | v1, v1beta2, v1beta1 |
//! | [`repin.dev`](repin) | ImageTagSlice, ImageUpdatePlan, ImageUpdateApproval | v1alpha1 |
//! | [`source.toolkit.fluxcd.io`](source) | GitRepository, read only | v1 |
//!
//! The Flux kinds are a superset of Flux's own: every object that Flux accepts is accepted and means
//! the same, and every field that Repin adds is optional. [`crds()`] generates the definitions,
//! [`convert`] maps between versions without loss, [`object::Object`] reads an object of any
//! version, and [`safeguards`] reads the settings that exist as a field and as an annotation.
//!
//! The crate never does I/O, never reads the clock, and never decides anything: the meaning of a
//! field beyond its form lies with the crates that use it.
//!
//! ```
//! use api::object::Object;
//!
//! # fn main() -> Result<(), api::object::ObjectError> {
//! let object = serde_json::json!({
//!     "apiVersion": "image.toolkit.fluxcd.io/v1alpha1",
//!     "kind": "ImageRepository",
//!     "metadata": { "name": "podinfo" },
//!     "spec": { "image": "ghcr.io/stefanprodan/podinfo", "interval": "60s" },
//! });
//! let Some(Object::ImageRepository(repository)) = Object::from_value(object)? else {
//!     return Ok(());
//! };
//! assert_eq!(repository.spec.interval.to_string(), "1m0s");
//! assert_eq!(repository.spec.exclusion_list, [r"^.*\.sig$"]);
//! # Ok(())
//! # }
//! ```

mod absent;
pub mod access;
pub mod annotations;
pub mod conditions;
pub mod convert;
mod crds;
pub mod duration;
pub mod field_managers;
pub mod finalizers;
pub mod image;
pub mod labels;
pub mod names;
pub mod notification;
pub mod object;
pub mod reasons;
pub mod repin;
pub mod safeguards;
mod schema;
pub mod source;

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector, Time};

pub use crate::crds::{crd_files, crds};
pub use crate::duration::Duration;
