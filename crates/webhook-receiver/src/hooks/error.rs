//! Why a hook is not done, and what is answered then.

use std::fmt;
use std::time::Duration;

use axum::http::StatusCode;
use hook_payload::filter::RefusedClaims;
use hook_payload::{JsonError, Rejection};

use super::secret::SecretError;
use crate::expressions::Invalid;
use crate::keys::FetchError;
use crate::targets::Failure;

/// The longest piece of what a sender says that an error shows, in characters.
const LONGEST: usize = 200;

/// Why a hook is not done. The text is for the log: it holds no path, no token and nothing of a body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HookError {
    /// The Receiver is suspended or not Ready.
    #[error("the Receiver is suspended or not Ready")]
    NotReady,
    /// The path was made of a token that the Secret holds no more.
    #[error("the path is of a token that the Secret does not hold any more")]
    FormerPath,
    /// The Receiver names no Secret.
    #[error("the Receiver has no secretRef")]
    NoSecret,
    /// The Secret does not help.
    #[error("unable to read token, error: {0}")]
    Secret(#[source] SecretError),
    /// The sender is not who it has to be, or what it sends is not what it has to be.
    #[error("{0}")]
    Rejected(#[source] Rejection),
    /// The token is of somebody whom the Receiver does not name.
    #[error("no oidcProvider configured for issuer {0:?}")]
    UnknownIssuer(String),
    /// The keys of the provider cannot be had.
    #[error("failed to initialize OIDC provider for issuer {issuer:?}: {source}")]
    ProviderKeys {
        /// The issuer, as the Receiver names it.
        issuer: String,
        /// Why.
        source: FetchError,
    },
    /// Google's keys cannot be had.
    #[error("the keys of Google's tokens: {0}")]
    GoogleKeys(#[source] FetchError),
    /// The token does not say what it has to.
    #[error("{0}")]
    Claims(#[source] RefusedClaims),
    /// The filters cannot be compiled.
    #[error("{0}")]
    Expressions(#[source] Invalid),
    /// The body is not what filters can be asked about.
    #[error("the body cannot be read for filters: {0}")]
    Body(#[source] JsonError),
    /// Some objects were not asked to reconcile.
    #[error("{}", Failures(.0))]
    Resources(Vec<Failure>),
    /// It took too long.
    #[error("the hook was not done within {0:?}")]
    Deadline(Duration),
}

impl HookError {
    /// The token is of an issuer that the Receiver does not name.
    pub(super) fn unknown_issuer(issuer: &str) -> Self {
        Self::UnknownIssuer(issuer.chars().take(LONGEST).collect())
    }

    /// What is answered.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::FormerPath => StatusCode::NOT_FOUND,
            Self::NoSecret
            | Self::Secret(_)
            | Self::Rejected(_)
            | Self::UnknownIssuer(_)
            | Self::ProviderKeys { .. }
            | Self::GoogleKeys(_)
            | Self::Claims(_) => StatusCode::BAD_REQUEST,
            Self::Expressions(_) | Self::Body(_) | Self::Resources(_) | Self::Deadline(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

/// What failed of `spec.resources`, in one line.
struct Failures<'a>(&'a [Failure]);

impl fmt::Display for Failures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Failure { entry, error }) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}resources[{entry}]: {error}")?;
        }
        Ok(())
    }
}
