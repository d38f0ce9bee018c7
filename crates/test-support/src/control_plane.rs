//! A real Kubernetes control plane on this machine: etcd, kube-apiserver and kube-controller-manager as child processes.
//!
//! Authorization is RBAC, service accounts get their tokens from the API, and the definitions of `crds/` are installed, with
//! that of GitRepository, which belongs to Flux, beside them.
//! Namespaces end and garbage is collected; there are no nodes, so nothing runs in it.
//! Each instance has a port and a folder of its own, in `target/control-plane/`, and leaves nothing behind:
//! also when the process that started it is killed.
//!
//! ```no_run
//! # async fn example() -> kube::Result<()> {
//! use k8s_openapi::api::core::v1::Secret;
//! use test_support::control_plane::ControlPlane;
//!
//! let mut plane = ControlPlane::start().await;
//! let secrets: kube::Api<Secret> = kube::Api::namespaced(plane.client(), "default");
//! plane.stop_api_server();
//! assert!(secrets.list(&Default::default()).await.is_err());
//! plane.start_api_server().await;
//! assert!(secrets.list(&Default::default()).await?.items.is_empty());
//! # Ok(())
//! # }
//! ```

pub(crate) mod access;
mod audit;
pub(crate) mod crds;
pub(crate) mod guard;
mod instance;
pub mod programs;
mod settings;
pub mod standing;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use kube::Client;

pub use self::audit::AuditEntry;
pub use self::programs::Programs;

use self::guard::Guard;
use self::instance::Instance;
use crate::cluster::Cluster;

/// What a control plane is started with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What it records of the requests it gets.
    pub audit: Audit,
}

/// What a control plane records of the requests it gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audit {
    /// Nothing.
    #[default]
    Off,
    /// Who asked for what, and the status of the answer: [`ControlPlane::audit`].
    Metadata,
}

/// A control plane of this process alone; it ends with this value.
///
/// Where a test neither stops the API server nor counts requests nor watches all namespaces,
/// [`Cluster::shared`] is there without a start.
#[derive(Debug)]
pub struct ControlPlane {
    instance: Instance,
    cluster: Cluster,
}

impl ControlPlane {
    /// Starts one and waits until it can be used: about three seconds of two cores.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// Starts one with options.
    pub async fn start_with(options: Options) -> Self {
        let started = Self::try_start(options).await;
        started.unwrap_or_else(|problem| unreachable!("{problem}"))
    }

    async fn try_start(options: Options) -> Result<Self, String> {
        let guard = Guard::for_this_process("plane")
            .map_err(|error| format!("guard the control plane: {error}"))?;
        let instance = Instance::start(guard, options).await?;
        let kubeconfig = instance.folder().join(instance::KUBECONFIG);
        let cluster = Cluster::at(&kubeconfig).await?;
        Ok(Self { instance, cluster })
    }

    /// A client with every right, of the runtime the control plane was started in.
    pub fn client(&self) -> Client {
        self.cluster.client()
    }

    /// This control plane as a cluster: namespaces for tests, objects from YAML, controllers.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The administrator's kubeconfig file.
    pub fn kubeconfig(&self) -> &Path {
        self.cluster.kubeconfig()
    }

    /// Kills the API server. What it stored stays; everybody's connections break.
    pub fn stop_api_server(&mut self) {
        self.instance.stop_api_server();
    }

    /// Starts the API server again, on the same port, and waits until it is ready.
    pub async fn start_api_server(&mut self) {
        let started = self.instance.start_api_server().await;
        started.unwrap_or_else(|problem| unreachable!("{problem}"));
    }

    /// The requests so far, in the order in which they were answered; none without [`Audit::Metadata`].
    ///
    /// A request is here before its answer arrives.
    pub fn audit(&self) -> Vec<AuditEntry> {
        audit::read(&self.instance.folder().join(settings::AUDIT_LOG))
    }
}

/// The folder of all control planes of this clone: two clones never meet.
fn home() -> PathBuf {
    programs::workspace().join("target/control-plane")
}

/// `NAME-PID-N`: no other process of this machine and no other call has it.
fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{}-{number}", std::process::id())
}

#[cfg(test)]
mod tests;
