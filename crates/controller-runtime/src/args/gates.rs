//! Feature gates.

use std::collections::BTreeMap;

use super::flag;

/// A feature that can be turned on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// Of Flux; Secrets are read at use here, and those with a label are watched.
    CacheSecretsAndConfigMaps,
    /// Secrets are not watched: what refers to one reads it again at its interval.
    DisableConfigWatchers,
    /// Of Flux; tags are objects of the API server here.
    FluxStorage,
    /// Of Flux; the push branch is read wherever it exists.
    GitAllBranchReferences,
    /// Of Flux; a push compares and never forces.
    GitForcePushBranch,
    /// Of Flux; every fetch is of depth 1.
    GitShallowClone,
    /// Of Flux; nothing is checked out.
    GitSparseCheckout,
    /// Objects may name the ServiceAccount whose cloud identity they use.
    ObjectLevelWorkloadIdentity,
}

/// Why feature gates cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// No such gate; the words are Flux's.
    #[error("feature-gate '{0}' not supported")]
    Unknown(String),
    /// The text is not of the form `NAME=BOOL`.
    #[error("'{0}': expected NAME=true or NAME=false")]
    Malformed(String),
}

impl Gate {
    fn named(name: &str) -> Option<Self> {
        match name {
            "CacheSecretsAndConfigMaps" => Some(Self::CacheSecretsAndConfigMaps),
            "DisableConfigWatchers" => Some(Self::DisableConfigWatchers),
            "FluxStorage" => Some(Self::FluxStorage),
            "GitAllBranchReferences" => Some(Self::GitAllBranchReferences),
            "GitForcePushBranch" => Some(Self::GitForcePushBranch),
            "GitShallowClone" => Some(Self::GitShallowClone),
            "GitSparseCheckout" => Some(Self::GitSparseCheckout),
            "ObjectLevelWorkloadIdentity" => Some(Self::ObjectLevelWorkloadIdentity),
            _ => None,
        }
    }

    /// Why turning it on changes nothing, where it does not.
    pub(super) fn without_effect(self) -> Option<&'static str> {
        match self {
            Self::CacheSecretsAndConfigMaps => Some(
                "feature gate CacheSecretsAndConfigMaps has no effect: Secrets are read when they are needed",
            ),
            Self::FluxStorage => Some(
                "feature gate FluxStorage has no effect: tags are kept as ImageTagSlices in the API server",
            ),
            Self::GitForcePushBranch => Some(
                "feature gate GitForcePushBranch has no effect: a push compares and never forces",
            ),
            // What they ask for is how repositories are read anyway.
            Self::DisableConfigWatchers
            | Self::GitAllBranchReferences
            | Self::GitShallowClone
            | Self::GitSparseCheckout
            | Self::ObjectLevelWorkloadIdentity => None,
        }
    }
}

/// Reads what stood behind the flag; of a gate named twice the last value counts.
pub(super) fn parse(texts: &[String]) -> Result<BTreeMap<Gate, bool>, GateError> {
    let named = texts.iter().map(|text| text.trim());
    named.filter(|text| !text.is_empty()).map(pair).collect()
}

fn pair(text: &str) -> Result<(Gate, bool), GateError> {
    let malformed = || GateError::Malformed(text.to_owned());
    let (name, value) = text.split_once('=').ok_or_else(malformed)?;
    let (name, value) = (name.trim(), value.trim());
    let on = flag::parse(value).map_err(|_| malformed())?;
    let gate = Gate::named(name).ok_or_else(|| GateError::Unknown(name.to_owned()))?;
    Ok((gate, on))
}
