//! The feature gate without which an object has no cloud identity of its own.

/// The name of the feature gate.
pub const OBJECT_LEVEL_WORKLOAD_IDENTITY: &str = "ObjectLevelWorkloadIdentity";

/// Who wants to use the identity; the text differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// The controller of the ImageRepository itself.
    ImageRepository,
    /// The controller of an ImagePolicy that refers to it.
    ImagePolicy,
    /// The controller of an ImageUpdateAutomation that refers to a GitRepository.
    ImageUpdateAutomation,
}

/// An object wants the identity of a ServiceAccount, and the feature gate is off: the object is Stalled with
/// the reason `FeatureGateDisabled`. The texts are Flux's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "to use spec.serviceAccountName {}for provider authentication please enable the {OBJECT_LEVEL_WORKLOAD_IDENTITY} feature gate in the controller",
    of(*.0)
)]
pub struct FeatureGateDisabled(pub Asker);

fn of(asker: Asker) -> &'static str {
    match asker {
        Asker::ImageRepository | Asker::ImageUpdateAutomation => "",
        Asker::ImagePolicy => "in the ImageRepository ",
    }
}
