//! Why a controller ends.

use std::io;
use std::time::Duration;

use crate::args::ArgsError;
use crate::lease::{LeaseLost, SettingsError};

/// Why a controller lacks what it works with: an error of its own.
pub type SetUpError = Box<dyn std::error::Error + Send + Sync>;

/// Why a process could not start, or ended without being asked to.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The flags contradict themselves.
    #[error(transparent)]
    Args(#[from] ArgsError),
    /// The flags of the lease contradict each other.
    #[error(transparent)]
    Lease(#[from] SettingsError),
    /// The controller cannot be made.
    #[error(transparent)]
    SetUp(SetUpError),
    /// Traces cannot be sent where they should go.
    #[error("--otlp-endpoint: {0}")]
    Traces(#[source] opentelemetry_otlp::ExporterBuildError),
    /// Neither a kubeconfig nor the files of a pod are there.
    #[error("no cluster found: {0}")]
    FindCluster(#[source] kube::config::InferConfigError),
    /// The configuration of the client cannot be used.
    #[error("client of the API server: {0}")]
    Connect(#[source] kube::Error),
    /// An address cannot be listened on.
    #[error("listen on {address}: {source}")]
    Listen {
        /// The address as the flag says.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// A server ended.
    #[error("server on {address}: {source}")]
    Serve {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Signals cannot be received.
    #[error("signals cannot be handled: {0}")]
    Signals(#[source] io::Error),
    /// Events cannot be sent over HTTP.
    #[error("client for --events-addr: {0}")]
    Events(#[source] reqwest::Error),
    /// The lease is not this instance's any more.
    #[error(transparent)]
    LeaseLost(LeaseLost),
    /// A part of the process ended by itself.
    #[error("{task} ended unexpectedly")]
    TaskEnded {
        /// The part.
        task: &'static str,
    },
    /// A part of the process panicked; the standard error stream says where.
    #[error("a part of the process panicked: {0}")]
    Panicked(#[source] tokio::task::JoinError),
    /// The controller did not finish what was in flight.
    #[error("the controller did not end within {} seconds", deadline.as_secs())]
    Drain {
        /// The time it had.
        deadline: Duration,
    },
}
