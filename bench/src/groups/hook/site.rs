use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use kube::Client;
use tempfile::TempDir;
use test_support::cluster::ControllerProcess;
use test_support::control_plane::ControlPlane;
use test_support::process::free_port;

use crate::controllers::{self, Cost};
use crate::generate::NAMESPACE;
use crate::report::progress;

/// Where the objects of the small repository are.
pub(super) const SMALL: &str = "bench";

/// A control plane, and the five controllers at work on it.
pub(super) struct Site {
    pub(super) client: Client,
    /// Where webhooks go.
    pub(super) hooks: SocketAddr,
    receiver: ControllerProcess,
    _others: Vec<ControllerProcess>,
    _caches: [TempDir; 2],
    // Last: it outlives the controllers.
    _control_plane: ControlPlane,
}

impl Site {
    /// Starts everything and waits until all controllers are ready.
    pub(super) async fn start() -> Result<Self> {
        progress("starting a control plane and the five controllers");
        let control_plane = ControlPlane::start().await;
        let client = control_plane.client();
        controllers::create_namespaces(&client, &[NAMESPACE, SMALL]).await?;
        let cluster = control_plane.cluster();
        let caches = [cache()?, cache()?];
        let with_cache =
            |number: usize| vec![format!("--cache-dir={}", caches[number].path().display())];
        let mut others = Vec::new();
        for (name, arguments) in [
            ("registry-scanner", Vec::new()),
            ("policy-evaluator", Vec::new()),
            ("manifest-setter", with_cache(0)),
            ("git-writer", with_cache(1)),
        ] {
            others.push(controllers::start(cluster, name, &arguments).await?);
        }
        let hooks = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let conversion = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let arguments = [
            format!("--receiverAddr={hooks}"),
            format!("--conversion-addr={conversion}"),
            format!("--conversion-url=https://{conversion}"),
        ];
        let receiver = controllers::start(cluster, "webhook-receiver", &arguments).await?;
        Ok(Self {
            client,
            hooks,
            receiver,
            _others: others,
            _caches: caches,
            _control_plane: control_plane,
        })
    }

    /// What webhook-receiver has cost since its start.
    pub(super) fn cost_of_receiver(&self) -> Result<Cost> {
        Cost::of(&self.receiver)
    }
}

fn cache() -> Result<TempDir> {
    TempDir::new().context("make a folder for a cache")
}
