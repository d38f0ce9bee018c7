//! Reasons of conditions and events.

/// A pass succeeded.
pub const SUCCEEDED: &str = "Succeeded";
/// A pass failed and nothing more specific is known.
pub const FAILED: &str = "Failed";
/// A pass is under way.
pub const PROGRESSING: &str = "Progressing";
/// The last pass failed and will be retried.
pub const PROGRESSING_WITH_RETRY: &str = "ProgressingWithRetry";
/// Something refers to an object that it may not use.
pub const ACCESS_DENIED: &str = "AccessDenied";
/// The object needs a feature that is switched off.
pub const FEATURE_GATE_DISABLED: &str = "FeatureGateDisabled";
/// Stored data could not be read, or no candidate could be selected.
pub const FAILURE: &str = "Failure";

/// ImageRepository and ImagePolicy: the name of the image cannot be used.
pub const IMAGE_URL_INVALID: &str = "ImageURLInvalid";
/// ImageRepository: credentials cannot be made.
pub const AUTHENTICATION_FAILED: &str = "AuthenticationFailed";
/// ImageRepository: the registry could not be listed.
pub const READ_OPERATION_FAILED: &str = "ReadOperationFailed";

/// ImagePolicy: the repository is not there or has no tags yet.
pub const DEPENDENCY_NOT_READY: &str = "DependencyNotReady";
/// ImagePolicy: the policy or the filter cannot be used.
pub const INVALID_POLICY: &str = "InvalidPolicy";
/// ImagePolicy: digests are to be reflected always, and no interval says how often.
pub const INTERVAL_NOT_CONFIGURED: &str = "IntervalNotConfigured";

/// ImageUpdateAutomation: the policy selector cannot be used.
pub const INVALID_POLICY_SELECTOR: &str = "InvalidPolicySelector";
/// ImageUpdateAutomation: the source or its credentials cannot be used together.
pub const INVALID_SOURCE_CONFIGURATION: &str = "InvalidSourceConfiguration";
/// ImageUpdateAutomation: the source, its credentials or the signing key cannot be read.
pub const SOURCE_MANAGER_FAILED: &str = "SourceManagerFailed";
/// ImageUpdateAutomation: fetching or pushing failed.
pub const GIT_OPERATION_FAILED: &str = "GitOperationFailed";
/// ImageUpdateAutomation: the files could not be updated.
pub const UPDATE_FAILED: &str = "UpdateFailed";
/// ImageUpdateAutomation: the update strategy is missing or unknown.
pub const INVALID_UPDATE_STRATEGY: &str = "InvalidUpdateStrategy";
/// ImageUpdateAutomation: the template uses a field that Flux has removed.
pub const REMOVED_TEMPLATE_FIELD: &str = "RemovedTemplateField";

/// ImageUpdateAutomation: markers in the repository set nothing; of an Event.
pub const MARKERS_WITHOUT_EFFECT: &str = "MarkersWithoutEffect";

/// Receiver: an expression cannot be compiled.
pub const INVALID_CEL_EXPRESSION: &str = "InvalidCELExpression";
/// Receiver: fields contradict each other.
pub const VALIDATION_FAILED: &str = "ValidationFailed";
/// Receiver: the Secret with the token is missing or incomplete.
pub const TOKEN_NOT_FOUND: &str = "TokenNotFound";

/// A field and the annotation of the same meaning disagree.
pub const ANNOTATION_MISMATCH: &str = "AnnotationMismatch";

/// Phases of an ImageUpdatePlan: the reasons of its Ready condition.
pub mod plan {
    /// Waits to be written, or to be tried again.
    pub const PENDING: &str = "Pending";
    /// Waits for an ImageUpdateApproval of its name.
    pub const AWAITING_APPROVAL: &str = "AwaitingApproval";
    /// Its commit is on the server.
    pub const PUSHED: &str = "Pushed";
    /// The files or the decision have changed; another plan takes its place.
    pub const SUPERSEDED: &str = "Superseded";
    /// Refused for good.
    pub const FAILED: &str = "Failed";
}
