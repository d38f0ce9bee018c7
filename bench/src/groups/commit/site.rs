use anyhow::{Context as _, Result};
use kube::Client;
use tempfile::TempDir;
use test_support::cluster::ControllerProcess;
use test_support::control_plane::ControlPlane;

use crate::controllers::{self, Cost};
use crate::generate::NAMESPACE;
use crate::report::progress;
use crate::stage::Stage;
use crate::updates::Objects;

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
