//! Field managers of the status of each kind.
//!
//! The kinds that Flux's controllers reconcile keep the manager names of those controllers, so that
//! tools which tell managers apart keep working.

/// Of registry-scanner, for ImageRepository and ImageTagSlice.
pub const REGISTRY_SCANNER: &str = "image-reflector-controller";
/// Of policy-evaluator, for ImagePolicy.
pub const POLICY_EVALUATOR: &str = "image-reflector-controller";
/// Of manifest-setter, for ImageUpdateAutomation and the spec of ImageUpdatePlan.
pub const MANIFEST_SETTER: &str = "image-automation-controller";
/// Of git-writer, for the status of ImageUpdatePlan.
pub const GIT_WRITER: &str = "git-writer";
/// Of webhook-receiver, for Receiver and the annotations that it sets on others.
pub const WEBHOOK_RECEIVER: &str = "notification-controller";
