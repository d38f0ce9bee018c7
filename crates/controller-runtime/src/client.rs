//! The one client of a process, and deadlines for what is asked of the API server.

use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::{Client, Config};

use crate::error::RuntimeError;
use crate::identity::Identity;

/// How long one request to the API server may take, its retries included, where nothing else is said.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Why something asked of the API server did not happen, or is not known to have happened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The API server refused, or was not reached.
    #[error("{0}")]
    Api(#[source] kube::Error),
    /// No answer came in time.
    #[error("no answer from the API server within {} seconds", .0.as_secs_f32())]
    Deadline(Duration),
}

impl CallError {
    /// The status code that the API server answered with, where it answered.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::Api(kube::Error::Api(status)) => Some(status.code),
            Self::Api(_) | Self::Deadline(_) => None,
        }
    }
}

/// Waits for `call` no longer than `deadline`: the client repeats a request for minutes where the server asks for it.
pub(crate) async fn within<T>(
    deadline: Duration,
    call: impl Future<Output = kube::Result<T>>,
) -> Result<T, CallError> {
    match tokio::time::timeout(deadline, call).await {
        Ok(answer) => answer.map_err(CallError::Api),
        Err(_) => Err(CallError::Deadline(deadline)),
    }
}

/// A client for the cluster of `KUBECONFIG`, else for the one that the process runs in.
pub(crate) async fn connect(identity: &Identity) -> Result<Client, RuntimeError> {
    let mut config = Config::infer().await.map_err(RuntimeError::FindCluster)?;
    let user_agent = HeaderValue::from_str(&identity.user_agent());
    config
        .headers
        .extend(user_agent.ok().map(|value| (USER_AGENT, value)));
    Client::try_from(config).map_err(RuntimeError::Connect)
}
