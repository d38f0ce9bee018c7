use api::safeguards::SafeguardError;
use tag_policy::{ConstraintError, FilterError, SelectError};

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
    /// The field holds a selection back by something the caller does not have: the time a tag was first seen, or the
    /// tag that was chosen before. Selecting without it would be less safe than asked for.
    #[error(
        "{field} cannot be honoured here: it needs {needs}, which only a cluster keeps; \
         remove the field or evaluate the policy in the cluster"
    )]
    NeedsMemory {
        /// The field or annotation as written.
        field: &'static str,
        /// What is missing.
        needs: &'static str,
    },
}

/// Why a policy selected nothing.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The repository has no tags (Flux's reason `DependencyNotReady`).
    #[error("no tags in database")]
    NoTags,
    /// No tag is left, or none is in range (Flux's reason `Failure`).
    #[error(transparent)]
    Select(SelectError),
    /// The registry did not tell the digest of the selected tag.
    #[error("failed fetching digest of {image}:{tag}")]
    FetchDigest {
        /// `spec.image` of the repository.
        image: String,
        /// The selected tag.
        tag: String,
        /// What the registry said.
        source: Box<registry_client::Error>,
    },
}
