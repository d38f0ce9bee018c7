//! Why an object was not asked to reconcile.

use std::sync::Arc;
use std::time::Duration;

use hook_payload::filter::EvaluationError;

use super::Target;

/// Why an entry of `spec.resources` was not done, or not to its end. The words are Flux's where it has some.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// The kind has no version that goes without saying.
    #[error("apiVersion must be specified for kind {0:?}")]
    NoApiVersion(&'static str),
    /// The version is none.
    #[error("apiVersion {0:?}: expected GROUP/VERSION")]
    ApiVersion(String),
    /// The name, or that of the namespace, is none.
    #[error("{0:?}: expected the name of an object")]
    Name(String),
    /// The objects are of another namespace, and the flags forbid that.
    #[error("cross-namespace references are not allowed")]
    CrossNamespace,
    /// All objects are meant, and nothing says which.
    #[error("matchLabels field not set when using wildcard '*' as name")]
    NoLabels,
    /// The objects of a kind cannot be listed.
    #[error("list {kind} objects in namespace {namespace:?}: {source}")]
    List {
        /// Their kind.
        kind: String,
        /// Their namespace.
        namespace: String,
        /// Why.
        source: CallError,
    },
    /// The object cannot be read.
    #[error("read {target}: {source}")]
    Read {
        /// The object.
        target: Target,
        /// Why.
        source: CallError,
    },
    /// The filter has no answer for the object.
    #[error("filter {target}: {source}")]
    Filter {
        /// The object.
        target: Target,
        /// Why.
        source: EvaluationError,
    },
    /// The annotation is not known to be written.
    #[error("annotate {target}: {source}")]
    Annotate {
        /// The object.
        target: Target,
        /// Why.
        source: CallError,
    },
}

/// Why a request to the API server was not answered as it should.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The API server refused, or was not reached.
    #[error("{0}")]
    Api(#[source] Arc<kube::Error>),
    /// There was no answer in time.
    #[error("the API server did not answer within {0:?}")]
    Deadline(Duration),
    /// The request ended without an outcome.
    #[error("the request was lost")]
    Lost,
}

/// How long a request to the API server may take; the client repeats those that it asks to repeat for minutes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(8);

/// Waits for an answer of the API server, no longer than [`DEADLINE`].
pub(crate) async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, CallError> {
    match tokio::time::timeout(DEADLINE, call).await {
        Ok(answer) => answer.map_err(|error| CallError::Api(Arc::new(error))),
        Err(_) => Err(CallError::Deadline(DEADLINE)),
    }
}
