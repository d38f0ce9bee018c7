//! Names and values of labels.

use crate::names;

/// On a Secret: [`WATCH_ENABLED`] as its value makes the controllers react to its changes at once.
pub const WATCH: &str = "reconcile.fluxcd.io/watch";
/// The value of [`WATCH`].
pub const WATCH_ENABLED: &str = "Enabled";

/// On an ImageTagSlice: name of its ImageRepository, cut and hashed beyond 63 characters.
pub const IMAGE_REPOSITORY: &str = "repin.dev/image-repository";
/// On an ImageUpdatePlan: name of its ImageUpdateAutomation, cut and hashed beyond 63 characters.
pub const IMAGE_UPDATE_AUTOMATION: &str = "repin.dev/image-update-automation";

/// The longest value of a label, in bytes.
const MAX_VALUE: usize = 63;

/// The value of a label that tells the name of an object: the name, cut and hashed where it is longer than a value may be.
///
/// ```
/// assert_eq!(api::labels::value("podinfo"), "podinfo");
/// assert_eq!(api::labels::value(&"a".repeat(100)).len(), 63);
/// ```
pub fn value(name: &str) -> String {
    names::shortened(name, MAX_VALUE)
}
