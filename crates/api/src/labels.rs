//! Names and values of labels.

/// On a Secret: [`WATCH_ENABLED`] as its value makes the controllers react to its changes at once.
pub const WATCH: &str = "reconcile.fluxcd.io/watch";
/// The value of [`WATCH`].
pub const WATCH_ENABLED: &str = "Enabled";

/// On an ImageTagSlice: name of its ImageRepository, cut and hashed beyond 63 characters.
pub const IMAGE_REPOSITORY: &str = "repin.dev/image-repository";
/// On an ImageUpdatePlan: name of its ImageUpdateAutomation, cut and hashed beyond 63 characters.
pub const IMAGE_UPDATE_AUTOMATION: &str = "repin.dev/image-update-automation";
