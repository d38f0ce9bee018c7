//! The control plane of the demo, and the processes on it.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Error, Result};
use api::annotations::RECONCILE_REQUESTED;
use api::image::v1::ImageRepository;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;
use tempfile::TempDir;
use test_support::cluster::{ControllerOptions, ControllerProcess, Scope};
use test_support::control_plane::{ControlPlane, Programs};
use tokio::task::spawn_blocking;

use crate::console;
use crate::program::Program;

/// The controllers, in the order of the work.
pub(crate) const CONTROLLERS: [&str; 4] = [
    "registry-scanner",
    "policy-evaluator",
    "manifest-setter",
    "git-writer",
];
/// Those that read repositories, and keep what they have read in the folder of their process.
const WITH_A_CACHE: [&str; 2] = ["manifest-setter", "git-writer"];
const NAMESPACE: &str = "flux-system";
/// How many of the last lines of each controller are shown when something went wrong.
const LAST_LINES: usize = 10;

/// What runs; it ends with this value.
pub(crate) struct Site {
    // They go before what they talk to.
    controllers: Vec<ControllerProcess>,
    plane: ControlPlane,
    kubectl: Kubectl,
    requests: AtomicU32,
}

impl Site {
    /// Starts a control plane with the namespace and the admission policies of `deploy/base`.
    pub(crate) async fn start() -> Result<Self> {
        let programs = Programs::locate().map_err(Error::msg)?;
        let plane = ControlPlane::start().await;
        let kubectl = Kubectl {
            program: programs.kubectl().display().to_string(),
            kubeconfig: plane.kubeconfig().display().to_string(),
        };
        console::line(format_args!("KUBECONFIG  {}", kubectl.kubeconfig));
        kubectl.apply(&["-f", "deploy/base/namespace.yaml"]).await?;
        kubectl.apply(&["-k", "deploy/base/admission"]).await?;
        Ok(Self {
            controllers: Vec::new(),
            plane,
            kubectl,
            requests: AtomicU32::new(0),
        })
    }

    /// Starts the controllers and waits until they are ready.
    pub(crate) async fn run_controllers(&mut self) -> Result<()> {
        for name in CONTROLLERS {
            let cache = WITH_A_CACHE.contains(&name);
            let options = ControllerOptions {
                scope: Scope::All,
                args: cache
                    .then(|| "--cache-dir=cache".to_owned())
                    .into_iter()
                    .collect(),
                ..ControllerOptions::default()
            };
            let cluster = self.plane.cluster();
            let controller = ControllerProcess::start(cluster, NAMESPACE, name, options).await;
            self.controllers.push(controller);
        }
        for (name, controller) in CONTROLLERS.iter().zip(&mut self.controllers) {
            controller.ready().await;
            console::line(format_args!("{name:<17} runs as {}", controller.user()));
        }
        Ok(())
    }

    /// A client with every right.
    pub(crate) fn client(&self) -> Client {
        self.plane.client()
    }

    /// Applies objects as a user does.
    pub(crate) async fn apply(&self, objects: &[(String, String)]) -> Result<()> {
        let directory = TempDir::new().context("create a temporary directory")?;
        for (name, text) in objects {
            let path = directory.path().join(name);
            fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        }
        let path = directory.path().display().to_string();
        self.kubectl.apply(&["-f", &path]).await
    }

    /// Asks for a scan, as webhooks of registries do.
    pub(crate) async fn request_scan(&self) -> Result<()> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let request = json!({RECONCILE_REQUESTED: format!("demo-{number}")});
        let request = Patch::Merge(json!({"metadata": {"annotations": request}}));
        let api: Api<ImageRepository> = Api::namespaced(self.client(), NAMESPACE);
        let params = PatchParams::default();
        let asked = api.patch("podinfo", &params, &request).await;
        asked.map(drop).context("ask for a scan of podinfo")
    }

    /// Prints commands to type in another terminal.
    pub(crate) fn tell_how_to_look(&self) {
        let Kubectl {
            program,
            kubeconfig,
        } = &self.kubectl;
        console::line(format_args!("  export KUBECONFIG={kubeconfig}"));
        let shown = |words: &str| {
            console::line(format_args!("  {program} -n {NAMESPACE} {words}"));
        };
        shown("get imagerepositories,imagepolicies,imageupdateautomations");
        shown("get imageupdateplans");
        shown("describe imageupdateautomation flux-system");
    }

    /// The last lines that each controller printed.
    pub(crate) fn logs(&self) -> String {
        let logs = CONTROLLERS.iter().zip(&self.controllers);
        let logs = logs.map(|(name, controller)| {
            let output = controller.output();
            let lines: Vec<_> = output.lines().collect();
            let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
            format!("--- {name}\n{}\n", last.join("\n"))
        });
        logs.collect()
    }

    /// Ends the controllers as the kubelet does, then the control plane.
    pub(crate) async fn end(mut self) {
        for (name, controller) in CONTROLLERS.iter().zip(&mut self.controllers).rev() {
            let status = controller.terminate().await;
            console::line(format_args!("{name:<17} ended with {status}"));
        }
    }
}

/// The real `kubectl`.
#[derive(Clone)]
struct Kubectl {
    program: String,
    kubeconfig: String,
}

impl Kubectl {
    async fn apply(&self, what: &[&str]) -> Result<()> {
        let words = [&["apply", "--server-side"], what].concat();
        let printed = self.output(&words).await?;
        for line in printed.lines() {
            console::line(format_args!("  {line}"));
        }
        Ok(())
    }

    /// Runs it beside the other tasks, and returns what it prints.
    async fn output(&self, arguments: &[&str]) -> Result<String> {
        let program = Program::new(Path::new(&self.program))
            .args(["--kubeconfig", &self.kubeconfig, "--namespace", NAMESPACE])
            .args(arguments);
        let output = spawn_blocking(move || program.output()).await;
        output.context("wait for kubectl")?
    }
}
