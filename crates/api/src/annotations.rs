//! Names of annotations.

/// Asks for a reconciliation; any new value does.
pub const RECONCILE_REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";
/// Prefix of the annotations that an object adds to its events.
pub const EVENT_PREFIX: &str = "event.toolkit.fluxcd.io/";
/// On a CRD: keeps Flux's variable substitution away from it.
pub const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// On an ImageUpdateAutomation: the same as `spec.approval`, for clusters whose schema lacks it.
pub const APPROVAL: &str = "repin.dev/approval";
/// On an ImagePolicy: the same as `spec.minimumAge`, for clusters whose schema lacks it.
pub const MINIMUM_AGE: &str = "repin.dev/minimum-age";
/// On an ImagePolicy: the same as `spec.downgradePolicy`, for clusters whose schema lacks it.
pub const DOWNGRADE_POLICY: &str = "repin.dev/downgrade-policy";
/// On an object converted to an older version: what that version cannot hold. Conversion to the
/// stored version reads and removes it.
pub const CARRIED: &str = "repin.dev/carried";

/// The span that wrote the object, in the form of W3C's `traceparent`: the pass that follows from
/// it continues its trace.
pub const TRACEPARENT: &str = "repin.dev/traceparent";

/// On an ImageUpdatePlan: the earlier plan that its name was made with, so that the same decision has
/// the same name as long as the plan is not ended.
pub const AFTER: &str = "repin.dev/after";
