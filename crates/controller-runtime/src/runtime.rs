//! What a controller works with, and how it is run.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::error::{RuntimeError, SetUpError};
use crate::events::Events;
use crate::identity::Identity;
use crate::lease::Claims;
use crate::metrics::Metrics;
use crate::process::{Begin, Process};
use crate::readiness::Readiness;
use crate::scope::Scope;
use crate::telemetry;

/// What a controller works with. Clones share everything.
#[derive(Clone)]
pub struct Runtime {
    /// Who the controller is.
    pub identity: Identity,
    /// The flags it was started with.
    pub args: Arc<Args>,
    /// The client of the API server.
    pub client: Client,
    /// Cancelled when the process is to end: take nothing new, finish what is in flight, return.
    pub shutdown: CancellationToken,
    /// What is counted and measured.
    pub metrics: Metrics,
    /// What `/readyz` tells.
    pub readiness: Readiness,
    /// What tells people what happened.
    pub events: Events,
    /// The right to write; to be asked before each write.
    pub claims: Claims,
    /// Which objects the controller looks at.
    pub scope: Scope,
    /// How long what is in flight may go on once the process is to end.
    pub grace: Grace,
}

/// The longest time that anything in the process may go on once that is to end. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Grace {
    longest: Arc<Mutex<Duration>>,
}

impl Grace {
    /// Something needs this much.
    pub(crate) fn at_least(&self, time: Duration) {
        let mut longest = self.longest.lock();
        *longest = time.max(*longest);
    }

    pub(crate) fn longest(&self) -> Duration {
        *self.longest.lock()
    }
}

/// As [`run()`], for a controller of which a part works on every replica: it begins without the lease and the kinds, and waits
/// with what needs them for [`until_served`](crate::until_served) and [`Claims::acquired`]. A process that loses its lease ends,
/// all parts of it.
pub async fn run_on_every_replica<C, F>(
    identity: Identity,
    args: &Args,
    set_up: impl FnOnce() -> Result<C, SetUpError>,
) -> Result<(), RuntimeError>
where
    C: FnOnce(Runtime) -> F,
    F: Future<Output = Result<(), RuntimeError>>,
{
    begin_and_work(identity, args, Begin::AtOnce, set_up).await
}

/// Runs a controller from its flags to the end of the process; returns once that has to end, having logged why.
///
/// In this order: logs and traces; the flags against each other; `set_up`, which makes the controller of what does not need
/// the cluster; the client; the servers of metrics and probes; the kinds that have to be served; the lease, where one is
/// needed; then the controller, until SIGTERM or SIGINT. What is in flight is finished then, events are delivered, and the
/// lease is given up.
///
/// An error says that the process has to end with an exit code other than zero, to be started again: it could not start, it
/// lost its lease, or a part of it ended by itself, `controller` included. The error is in the log already: `main` need not
/// print it.
pub async fn run<C, F>(
    identity: Identity,
    args: &Args,
    set_up: impl FnOnce() -> Result<C, SetUpError>,
) -> Result<(), RuntimeError>
where
    C: FnOnce(Runtime) -> F,
    F: Future<Output = Result<(), RuntimeError>>,
{
    begin_and_work(identity, args, Begin::Leading, set_up).await
}

async fn begin_and_work<C, F>(
    identity: Identity,
    args: &Args,
    begin: Begin,
    set_up: impl FnOnce() -> Result<C, SetUpError>,
) -> Result<(), RuntimeError>
where
    C: FnOnce(Runtime) -> F,
    F: Future<Output = Result<(), RuntimeError>>,
{
    // An error says that a provider is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let (telemetry, unusable) = telemetry::init(&identity, args);
    let ended = match unusable {
        Some(error) => Err(RuntimeError::Traces(error)),
        None => start_and_work(identity, args, begin, set_up).await,
    };
    match &ended {
        Ok(()) => tracing::info!("{} has ended", identity.name),
        Err(error) => tracing::error!(%error, "{} has ended", identity.name),
    }
    telemetry.flush().await;
    ended
}

async fn start_and_work<C, F>(
    identity: Identity,
    args: &Args,
    begin: Begin,
    set_up: impl FnOnce() -> Result<C, SetUpError>,
) -> Result<(), RuntimeError>
where
    C: FnOnce(Runtime) -> F,
    F: Future<Output = Result<(), RuntimeError>>,
{
    args.check()?;
    for notice in args.without_effect() {
        tracing::warn!("{notice}");
    }
    let controller = set_up().map_err(RuntimeError::SetUp)?;
    let process = Process::start(identity, args).await?;
    process.work(begin, controller).await
}
