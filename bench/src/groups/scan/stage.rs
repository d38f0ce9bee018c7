use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kube::Client;
use test_support::cluster::ControllerProcess;
use test_support::control_plane::ControlPlane;

use super::follow::Choices;
use super::objects;
use crate::controllers::{self, Cost};
use crate::report::progress;
use crate::servers::{A_MILLISECOND, RegistryProcess};

/// How long anything may take before the bench gives up.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// A control plane, both controllers at work on it, and the registry that they ask.
pub(super) struct Stage {
    pub(super) client: Client,
    pub(super) registry: RegistryProcess,
    pub(super) choices: Choices,
    pub(super) scanner: ControllerProcess,
    evaluator: ControllerProcess,
    // Last: it outlives the controllers.
    _control_plane: ControlPlane,
}

impl Stage {
    /// Starts everything and waits until both controllers are ready.
    pub(super) async fn start() -> Result<Self> {
        progress("starting a control plane and the two controllers");
        let registry = RegistryProcess::start(A_MILLISECOND)?;
        let control_plane = ControlPlane::start().await;
        let client = control_plane.client();
        controllers::create_namespaces(&client, &[objects::NAMESPACE]).await?;
        let cluster = control_plane.cluster();
        Ok(Self {
            choices: Choices::follow(&client),
            scanner: controllers::start(cluster, "registry-scanner", &[]).await?,
            evaluator: controllers::start(cluster, "policy-evaluator", &[]).await?,
            client,
            registry,
            _control_plane: control_plane,
        })
    }

    /// Kills the scanner as a crash does, starts it anew, and waits until it is ready.
    pub(super) async fn restart_scanner(&mut self) {
        self.scanner.restart();
        self.scanner.ready().await;
    }

    /// What both controllers have cost since they were started.
    pub(super) fn cost(&self) -> Result<Cost> {
        let [scanner, evaluator] = self.costs()?;
        Ok(scanner + evaluator)
    }

    /// What each of them has cost: the scanner, the evaluator.
    pub(super) fn costs(&self) -> Result<[Cost; 2]> {
        Ok([Cost::of(&self.scanner)?, Cost::of(&self.evaluator)?])
    }

    /// Waits until the controllers have used next to no CPU for two seconds.
    pub(super) async fn rest(&self) -> Result<()> {
        const WINDOW: Duration = Duration::from_secs(2);
        const QUIET: Duration = Duration::from_millis(40);
        let started = Instant::now();
        let mut before = self.cost()?.cpu;
        while started.elapsed() < PATIENCE {
            tokio::time::sleep(WINDOW).await;
            let now = self.cost()?.cpu;
            if now.saturating_sub(before) <= QUIET {
                return Ok(());
            }
            before = now;
        }
        bail!("the controllers do not come to rest within {PATIENCE:?}")
    }
}

/// Ends a wait that takes too long, with what was waited for.
pub(super) async fn patiently<T>(what: &str, wait: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, wait)
        .await
        .with_context(|| format!("waited {PATIENCE:?} for {what}"))?
}
