use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kube::Client;
use tempfile::TempDir;
use test_support::cluster::ControllerProcess;
use test_support::control_plane::ControlPlane;

use super::branch::Branch;
use super::objects::Objects;
use crate::controllers::{self, Cost};
use crate::generate::NAMESPACE;
use crate::report::progress;
use crate::stage::Stage;

/// How long anything may take before the bench gives up.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);
/// Longer than the controllers gather changes after a push.
const REST: Duration = Duration::from_millis(1300);
/// Where the objects of the small repository are.
pub(super) const SMALL: &str = "bench";

/// A control plane, and both controllers with their caches.
pub(super) struct Site {
    pub(super) client: Client,
    /// The objects of the large repository.
    pub(super) objects: Objects,
    running: Option<Running>,
    // Last: it outlives the controllers.
    control_plane: ControlPlane,
}

struct Running {
    setter: ControllerProcess,
    writer: ControllerProcess,
    _caches: [TempDir; 2],
}

impl Site {
    /// A control plane with the policies of the large repository; no controller runs yet.
    pub(super) async fn start(stage: &Stage) -> Result<Self> {
        progress("starting a control plane");
        let control_plane = ControlPlane::start().await;
        let client = control_plane.client();
        controllers::create_namespaces(&client, &[NAMESPACE, SMALL]).await?;
        let objects = Objects::new(&client, NAMESPACE, stage.registry.host());
        objects.create_policies().await?;
        Ok(Self {
            client,
            objects,
            running: None,
            control_plane,
        })
    }

    /// Starts both controllers with empty caches, in the place of those that run.
    pub(super) async fn begin_anew(&mut self) -> Result<()> {
        if let Some(mut before) = self.running.take() {
            // Their leases are given up, so that the next ones need not wait for them.
            before.setter.terminate().await;
            before.writer.terminate().await;
        }
        let caches = [cache()?, cache()?];
        let cluster = self.control_plane.cluster();
        let arguments = |cache: &TempDir| [format!("--cache-dir={}", cache.path().display())];
        let setter = controllers::start(cluster, "manifest-setter", &arguments(&caches[0])).await?;
        let writer = controllers::start(cluster, "git-writer", &arguments(&caches[1])).await?;
        self.running = Some(Running {
            setter,
            writer,
            _caches: caches,
        });
        Ok(())
    }

    /// Ends both controllers as the kubelet does, which gives their leases up, starts them with the caches that they had, and
    /// waits until they are ready.
    pub(super) async fn restart(&mut self) -> Result<()> {
        let running = self.running.as_mut().context("no controller runs")?;
        for controller in [&mut running.setter, &mut running.writer] {
            controller.terminate().await;
            controller.restart();
            controller.ready().await;
        }
        Ok(())
    }

    /// What each controller has cost since its start: the setter, the writer.
    pub(super) fn costs(&self) -> Result<[Cost; 2]> {
        let running = self.running.as_ref().context("no controller runs")?;
        Ok([Cost::of(&running.setter)?, Cost::of(&running.writer)?])
    }
}

fn cache() -> Result<TempDir> {
    TempDir::new().context("make a folder for a cache")
}

/// Waits until the automation says that the head of the branch is its push, and until changes are no longer gathered.
pub(super) async fn settle(objects: &Objects, branch: &Branch) -> Result<()> {
    let tip = branch.tip()?;
    until("the automation to tell of its push", async || {
        let status = objects.automation().await?.status.unwrap_or_default();
        Ok(status.last_push_commit.as_deref() == Some(&tip))
    })
    .await?;
    tokio::time::sleep(REST).await;
    Ok(())
}

/// Asks every ten milliseconds until the answer is yes.
pub(super) async fn until(
    what: &str,
    condition: impl AsyncFn() -> Result<bool>,
) -> Result<Instant> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if condition().await? {
            return Ok(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("waited {PATIENCE:?} for {what}")
}
