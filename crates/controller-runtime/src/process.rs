//! A process from its first request to its last.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt as _;
use futures_util::future::join;
use kube::{Api, Client};
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::error::RuntimeError;
use crate::events::{Delivery, Events, Reporter};
use crate::identity::{Identity, host_name};
use crate::lease::{Claims, Election, Settings};
use crate::metrics::Metrics;
use crate::readiness::Readiness;
use crate::runtime::{Grace, Runtime};
use crate::schema::{self, Kind};
use crate::scope::Scope;
use crate::tasks::Tasks;
use crate::{admin, client, shutdown};

/// What `/readyz` calls the kinds that are awaited.
const DEFINITIONS: &str = "CustomResourceDefinitions";
/// How long the controller may take to finish what is in flight, at least.
const CONTROLLER_DEADLINE: Duration = Duration::from_secs(25);
/// How much longer it may take than its passes.
const AFTER_PASSES: Duration = Duration::from_secs(5);
/// How long the rest may take after it: events to deliver, the lease to give up.
const REST_DEADLINE: Duration = Duration::from_secs(3);

/// When the controller begins, where a lease is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Once the process holds the lease.
    Leading,
    /// At once: the controller itself waits for the kinds and the lease with what needs them.
    AtOnce,
}

/// A process that answers probes, and may have to wait before it works.
pub(crate) struct Process {
    runtime: Runtime,
    election: Option<Election>,
    tasks: Tasks,
    delivery: Delivery,
    /// Cancelled once the controller has ended: what it needed for that may end then.
    drained: CancellationToken,
}

impl Process {
    pub(crate) async fn start(identity: Identity, args: &Args) -> Result<Self, RuntimeError> {
        let scope = Scope::new(args);
        let wanted = args.enable_leader_election;
        let settings = wanted.then(|| Settings::new(&identity, args, &scope));
        let settings = settings.transpose()?;
        let client = client::connect(&identity).await?;
        let (shutdown, drained) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = Tasks::new(shutdown.clone());
        tasks.spawn("the signal handler", shutdown::on_signal(shutdown.clone()));
        let (metrics, readiness) = (Metrics::new(), Readiness::default());
        // Before anybody asks: a process that has not begun is not ready.
        drop(readiness.awaits(DEFINITIONS));
        serve_metrics(args, &metrics, &drained, &mut tasks).await?;
        serve_probes(args, &readiness, &drained, &mut tasks).await?;
        let reporter = Reporter {
            controller: identity.name,
            instance: host_name(),
        };
        let address = args.events_address()?;
        let (events, delivery) = Events::new(client.clone(), &reporter, address, &metrics)
            .map_err(RuntimeError::Events)?;
        let election = settings.map(|settings| {
            let api = Api::namespaced(client.clone(), lease_namespace(args, &client));
            Election::new(api, settings, metrics.clone())
        });
        let claims = election
            .as_ref()
            .map_or_else(Claims::always, Election::claims);
        let runtime = Runtime {
            identity,
            args: Arc::new(args.clone()),
            client,
            shutdown,
            metrics,
            readiness,
            events,
            claims,
            scope,
            grace: Grace::default(),
        };
        Ok(Self {
            runtime,
            election,
            tasks,
            delivery,
            drained,
        })
    }

    /// Works until the process has to end, and ends everything.
    pub(crate) async fn work<F>(
        self,
        begin: Begin,
        controller: impl FnOnce(Runtime) -> F,
    ) -> Result<(), RuntimeError>
    where
        F: Future<Output = Result<(), RuntimeError>>,
    {
        let Self {
            runtime,
            election,
            mut tasks,
            delivery,
            drained,
        } = self;
        let delivering = delivery.run(drained.clone());
        let working = async {
            let shutdown = &runtime.shutdown;
            let prepared = Box::pin(prepare(&runtime, (begin, election), &drained, &mut tasks));
            let ended = match shutdown.run_until_cancelled(prepared).await {
                Some(Ok(())) => supervise(&runtime, controller, &mut tasks).await,
                Some(Err(error)) => Err(error),
                None => Ok(()),
            };
            shutdown.cancel();
            drained.cancel();
            ended.and(tasks.ended(REST_DEADLINE).await)
        };
        join(working, delivering).await.0
    }
}

/// Waits for the kinds and for the lease, where the controller does not do so itself.
async fn prepare(
    runtime: &Runtime,
    (begin, election): (Begin, Option<Election>),
    drained: &CancellationToken,
    tasks: &mut Tasks,
) -> Result<(), RuntimeError> {
    if begin == Begin::Leading {
        tokio::select! {
            () = until_served(runtime) => {}
            error = tasks.failed() => return Err(error),
        }
    }
    report_schemas(runtime, tasks);
    let Some(mut election) = election else {
        runtime.metrics.leads();
        return Ok(());
    };
    if begin == Begin::AtOnce {
        let leading = lead(election, runtime.shutdown.clone(), drained.clone());
        tasks.spawn("the leader election", leading);
        return Ok(());
    }
    tokio::select! {
        () = election.acquire() => {}
        error = tasks.failed() => return Err(error),
    }
    let holding = election
        .hold(drained.clone())
        .map_err(RuntimeError::LeaseLost);
    tasks.spawn("the leader election", holding);
    Ok(())
}

/// Asks for the lease while the controller works, and holds it until what needed it is `drained`.
async fn lead(
    mut election: Election,
    shutdown: CancellationToken,
    drained: CancellationToken,
) -> Result<(), RuntimeError> {
    let asked = shutdown.run_until_cancelled(election.acquire()).await;
    if asked.is_none() {
        return Ok(());
    }
    election
        .hold(drained)
        .await
        .map_err(RuntimeError::LeaseLost)
}

/// Resolves once the API server serves every kind that the controller cannot work without.
pub async fn until_served(runtime: &Runtime) {
    let kinds = Kind::named(runtime.identity.kinds);
    let awaited = runtime.readiness.awaits(DEFINITIONS);
    schema::served(&runtime.client, &kinds, &awaited).await;
}

fn report_schemas(runtime: &Runtime, tasks: &mut Tasks) {
    let kinds = Kind::named(runtime.identity.kinds);
    let (metrics, readiness) = (runtime.metrics.clone(), runtime.readiness.clone());
    let report = schema::report(runtime.client.clone(), kinds, metrics, readiness);
    let shutdown = runtime.shutdown.clone();
    tasks.spawn("the report of schemas", async move {
        shutdown.run_until_cancelled(report).await;
        Ok(())
    });
}

/// Runs the controller until it ends or has to.
async fn supervise<F>(
    runtime: &Runtime,
    controller: impl FnOnce(Runtime) -> F,
    tasks: &mut Tasks,
) -> Result<(), RuntimeError>
where
    F: Future<Output = Result<(), RuntimeError>>,
{
    let shutdown = &runtime.shutdown;
    let mut working = pin!(controller(runtime.clone()));
    let failed = tokio::select! {
        ended = &mut working => return ended.and_then(|()| expected_end(shutdown)),
        error = tasks.failed() => Err(error),
        () = shutdown.cancelled() => Ok(()),
    };
    shutdown.cancel();
    let deadline = CONTROLLER_DEADLINE.max(runtime.grace.longest() + AFTER_PASSES);
    let ended = match tokio::time::timeout(deadline, working).await {
        Ok(ended) => ended,
        Err(_) => Err(RuntimeError::Drain { deadline }),
    };
    failed.and(ended)
}

fn expected_end(shutdown: &CancellationToken) -> Result<(), RuntimeError> {
    if shutdown.is_cancelled() {
        return Ok(());
    }
    Err(RuntimeError::TaskEnded {
        task: "the controller",
    })
}

async fn serve_metrics(
    args: &Args,
    metrics: &Metrics,
    drained: &CancellationToken,
    tasks: &mut Tasks,
) -> Result<(), RuntimeError> {
    if let Some(listener) = admin::listen(&args.metrics_addr).await? {
        let server = admin::serve(listener, admin::metrics(metrics.clone()), drained.clone());
        tasks.spawn("the server of metrics", server);
    }
    Ok(())
}

async fn serve_probes(
    args: &Args,
    readiness: &Readiness,
    drained: &CancellationToken,
    tasks: &mut Tasks,
) -> Result<(), RuntimeError> {
    if let Some(listener) = admin::listen(&args.health_addr).await? {
        let server = admin::serve(listener, admin::probes(readiness.clone()), drained.clone());
        tasks.spawn("the server of probes", server);
    }
    Ok(())
}

/// Where the lease lies: beside the controller.
fn lease_namespace<'a>(args: &'a Args, client: &'a Client) -> &'a str {
    if args.runtime_namespace.is_empty() {
        client.default_namespace()
    } else {
        &args.runtime_namespace
    }
}
