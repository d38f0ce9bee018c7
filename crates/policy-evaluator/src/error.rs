use api::safeguards::SafeguardError;
use api::{Duration, Time, reasons};
use controller_runtime::{Class, End};
use image_ref::ImageNameError;
use registry_access::{AccessError, FeatureGateDisabled, IdentityError};
use tag_policy::{ConstraintError, FilterError, SelectError};

use crate::AccessDenied;
use crate::decision::Waiting;

/// Why a policy cannot be evaluated until its spec changes (Flux's reason `InvalidPolicy`).
#[derive(Debug, thiserror::Error)]
pub enum InvalidPolicy {
    /// None of `semver`, `alphabetical`, `numerical` is set.
    #[error("invalid policy: given ImagePolicyChoice object is invalid")]
    NoChoice,
    /// `spec.policy.semver.range` is not a constraint.
    #[error("invalid policy: {0}")]
    ParseRange(ConstraintError),
    /// `spec.filterTags` is not a pattern.
    #[error("failed to filter tags: {0}")]
    ParseFilter(FilterError),
    /// A safeguard has no value.
    #[error(transparent)]
    Safeguard(SafeguardError),
}

/// Why a policy selected nothing.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The repository has no tags (Flux's reason `DependencyNotReady`).
    #[error("no tags in database")]
    NoTags,
    /// Nothing was chosen before, and no tag that the policy accepts has reached `spec.minimumAge`.
    #[error("no tag is old enough: {waiting}")]
    TooYoung {
        /// The tag that would be chosen without the minimum age.
        waiting: Waiting,
        /// When the first tag that the policy accepts is old enough.
        wake: Option<Time>,
    },
    /// No tag is left, or none is in range (Flux's reason `Failure`).
    #[error(transparent)]
    Select(SelectError),
}

/// Why the digest of a selected tag is not known. The texts are Flux's, down to what the registry said.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed fetching digest of {image}:{tag}: failed fetching descriptor for \"{image}:{tag}\": {source}"
)]
pub struct FetchDigestError {
    /// `spec.image` of the repository.
    pub image: String,
    /// The selected tag.
    pub tag: String,
    /// What the registry said.
    pub source: registry_client::Error,
}

/// Why a pass over an ImagePolicy chose nothing new. The texts are those of conditions, Flux's where Flux has one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassError {
    /// Digests are to be reflected always, and no interval says how often.
    #[error("spec.interval must be set when spec.digestReflectionPolicy is set to 'Always'")]
    NoInterval,
    /// `--no-cross-namespace-refs`.
    #[error(
        "failed to get the referred ImageRepository: cannot access 'ImageRepository/{repository}', \
         cross-namespace references have been blocked"
    )]
    CrossNamespace {
        /// The repository, `namespace/name`.
        repository: String,
    },
    /// There is no such repository.
    #[error(
        "failed to get the referred ImageRepository: referenced ImageRepository does not exist: \
         ImageRepository.image.toolkit.fluxcd.io \"{name}\" not found"
    )]
    NoRepository {
        /// Its name.
        name: String,
    },
    /// The repository does not admit the policy.
    #[error("failed to get the referred ImageRepository: {0}")]
    Access(AccessDenied),
    /// The namespace of the policy is gone.
    #[error(
        "failed to get the referred ImageRepository: access denied: Namespace \"{namespace}\" not found"
    )]
    NoNamespace {
        /// Its name.
        namespace: String,
    },
    /// The labels of the policy's namespace cannot be read.
    #[error("failed to get the referred ImageRepository: access denied: {detail}")]
    ReadNamespace {
        /// What the API server said, or that it said nothing.
        detail: String,
    },
    /// The image of the repository is none.
    #[error(transparent)]
    Image(ImageNameError),
    /// The repository asks for an identity of its own, and the gate is off.
    #[error(transparent)]
    Gate(FeatureGateDisabled),
    /// The policy is none.
    #[error(transparent)]
    Invalid(InvalidPolicy),
    /// There is nothing to select from yet.
    #[error("retrying in {requeue} error: no tags in database")]
    NoTags {
        /// When to look again at the latest.
        requeue: Duration,
    },
    /// No tag was selected.
    #[error("{0}")]
    Evaluate(EvaluateError),
    /// Credentials for the digest cannot be made.
    #[error(
        "failed fetching digest of {reference}: failed to configure authentication options: {source}"
    )]
    Authenticate {
        /// The image and the selected tag.
        reference: String,
        /// Why.
        source: AccessError,
    },
    /// A cloud gives no credentials for the digest.
    #[error(
        "failed fetching digest of {reference}: failed fetching descriptor for \"{reference}\": {source}"
    )]
    Identify {
        /// The image and the selected tag.
        reference: String,
        /// Why.
        source: IdentityError,
    },
    /// The registry did not tell the digest.
    #[error("{0}")]
    FetchDigest(FetchDigestError),
    /// The digest was not there in time.
    #[error(
        "failed fetching digest of {reference}: failed fetching descriptor for \"{reference}\": \
         no answer within {limit}; raise spec.timeout of the ImageRepository"
    )]
    DigestInTime {
        /// The image and the selected tag.
        reference: String,
        /// The bound.
        limit: Duration,
    },
    /// A thread ended too early, which is a defect of Repin.
    #[error("a task ended unexpectedly: {0}")]
    Task(tokio::task::JoinError),
}

impl PassError {
    /// What the conditions are to say.
    pub(crate) fn end(&self) -> End {
        let message = self.to_string();
        let stalled = |reason, message| End::Stalled { reason, message };
        let failed = |reason, class, message| End::Failed {
            reason,
            message,
            class,
        };
        match self {
            Self::NoInterval => stalled(reasons::INTERVAL_NOT_CONFIGURED, message),
            Self::Image(_) => stalled(reasons::IMAGE_URL_INVALID, message),
            Self::Gate(_) => stalled(reasons::FEATURE_GATE_DISABLED, message),
            Self::Invalid(error) => stalled(error.reason(), message),
            Self::NoRepository { .. } | Self::NoNamespace { .. } => {
                let reason = Some(reasons::DEPENDENCY_NOT_READY);
                failed(reason, Class::Transient, message)
            }
            Self::CrossNamespace { .. } | Self::Access(_) | Self::ReadNamespace { .. } => {
                failed(Some(reasons::ACCESS_DENIED), Class::Transient, message)
            }
            Self::NoTags { .. } => End::Waiting {
                reason: reasons::DEPENDENCY_NOT_READY,
                message,
            },
            Self::Evaluate(EvaluateError::TooYoung { .. }) => End::Waiting {
                reason: reasons::FAILURE,
                message,
            },
            Self::Evaluate(EvaluateError::NoTags | EvaluateError::Select(_)) => {
                failed(Some(reasons::FAILURE), Class::Transient, message)
            }
            Self::Authenticate { source, .. } => failed(None, class(source.class()), message),
            Self::Identify { source, .. } => failed(None, class(source.class()), message),
            Self::FetchDigest(error) => failed(None, class(error.source.class()), message),
            Self::DigestInTime { .. } | Self::Task(_) => failed(None, Class::Transient, message),
        }
    }
}

impl InvalidPolicy {
    /// Whether it is the filter that is none, which Flux looks at only where there are tags.
    pub(crate) fn is_of_filter(&self) -> bool {
        match self {
            Self::ParseFilter(_) => true,
            Self::NoChoice | Self::ParseRange(_) | Self::Safeguard(_) => false,
        }
    }

    /// The reason of Stalled and Ready.
    fn reason(&self) -> &'static str {
        match self {
            Self::Safeguard(SafeguardError::Disagreement { .. }) => reasons::ANNOTATION_MISMATCH,
            Self::Safeguard(SafeguardError::Malformed { .. })
            | Self::NoChoice
            | Self::ParseRange(_)
            | Self::ParseFilter(_) => reasons::INVALID_POLICY,
        }
    }
}

/// As Flux does, everything is tried again: what looks final may be put right on the registry's side.
fn class(class: registry_client::Class) -> Class {
    match class {
        registry_client::Class::Throttled { retry_after } => Class::Throttled { retry_after },
        registry_client::Class::Authentication
        | registry_client::Class::NotFound
        | registry_client::Class::Transient
        | registry_client::Class::Terminal => Class::Transient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_that_is_late_is_told_in_the_words_of_flux() {
        let error = PassError::DigestInTime {
            reference: "reg.io/app:1.0.0".to_owned(),
            limit: Duration::from_secs(60),
        };
        let text = "failed fetching digest of reg.io/app:1.0.0: \
                    failed fetching descriptor for \"reg.io/app:1.0.0\": \
                    no answer within 1m0s; raise spec.timeout of the ImageRepository";
        assert_eq!(error.to_string(), text);
    }
}
