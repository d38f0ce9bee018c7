//! The control plane of the demo, and the processes on it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result};
use http::{Request, StatusCode};
use kube::{Client, Config};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::cluster::{ControllerOptions, ControllerProcess, Scope};
use test_support::control_plane::{ControlPlane, Programs};
use test_support::process::free_port;
use tokio::task::spawn_blocking;

use crate::console;
use crate::program::Program;

/// The controllers, in the order of the work.
pub(crate) const CONTROLLERS: [&str; 5] = [
    "registry-scanner",
    "policy-evaluator",
    "manifest-setter",
    "git-writer",
    RECEIVER,
];
/// The one that takes webhooks.
const RECEIVER: &str = "webhook-receiver";
/// Those that read repositories, and keep what they have read in the folder of their process.
const WITH_A_CACHE: [&str; 2] = ["manifest-setter", "git-writer"];
const NAMESPACE: &str = "flux-system";
/// How long the API server may take to serve definitions that have changed, and when it is asked again.
const AFTER_A_CHANGE: Duration = Duration::from_secs(30);
const TRY_AGAIN: Duration = Duration::from_millis(200);
/// How many of the last lines of each controller are shown when something went wrong.
const LAST_LINES: usize = 10;

/// What runs; it ends with this value.
pub(crate) struct Site {
    // They go before what they talk to.
    controllers: Vec<ControllerProcess>,
    plane: ControlPlane,
    kubectl: Kubectl,
    /// Where webhooks go: what a load balancer would have in the place of this port.
    hooks: String,
    /// Who sends them.
    sender: Client,
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
        let hooks = format!("127.0.0.1:{}", free_port());
        let url = format!("http://{hooks}").parse();
        let sender = Config::new(url.context("read the address of webhooks")?);
        Ok(Self {
            controllers: Vec::new(),
            plane,
            kubectl,
            hooks,
            sender: Client::try_from(sender).context("prepare the sender of webhooks")?,
        })
    }

    /// Starts the controllers and waits until they are ready.
    pub(crate) async fn run_controllers(&mut self) -> Result<()> {
        for name in CONTROLLERS {
            let options = ControllerOptions {
                scope: Scope::All,
                args: self.arguments(name),
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

    /// What a controller needs to know about this machine, where its Deployment has a Service or a volume.
    fn arguments(&self, name: &str) -> Vec<String> {
        if WITH_A_CACHE.contains(&name) {
            return vec!["--cache-dir=cache".to_owned()];
        }
        if name != RECEIVER {
            return Vec::new();
        }
        let conversion = format!("127.0.0.1:{}", free_port());
        vec![
            format!("--receiverAddr={}", self.hooks),
            format!("--conversion-addr={conversion}"),
            format!("--conversion-url=https://{conversion}"),
        ]
    }

    /// A client with every right.
    pub(crate) fn client(&self) -> Client {
        self.plane.client()
    }

    /// Applies objects as a user does. A moment after the conversion has begun the API server may not serve it yet.
    pub(crate) async fn apply(&self, objects: &[(String, String)]) -> Result<()> {
        let directory = TempDir::new().context("create a temporary directory")?;
        for (name, text) in objects {
            let path = directory.path().join(name);
            fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        }
        let path = directory.path().display().to_string();
        let started = Instant::now();
        loop {
            let applied = self.kubectl.apply(&["-f", &path]).await;
            if applied.is_ok() || started.elapsed() > AFTER_A_CHANGE {
                return applied;
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
    }

    /// Posts a webhook.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<()> {
        let posted = self.send(path, body).await?;
        posted.context("post a webhook")
    }

    /// Waits until webhooks for this path are taken, a moment after the status says so. What asks is nothing that Docker Hub
    /// sends, and is refused there.
    pub(crate) async fn until_taken(&self, path: &str) -> Result<()> {
        while let Err(kube::Error::Api(status)) = self.send(path, &json!([])).await? {
            if status.code != StatusCode::NOT_FOUND.as_u16() {
                break;
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
        Ok(())
    }

    async fn send(&self, path: &str, body: &Value) -> Result<kube::Result<()>> {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(body.to_string().into_bytes())
            .context("put a webhook together")?;
        Ok(self.sender.request_text(request).await.map(drop))
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
        shown("get imagerepositories,imagepolicies,imageupdateautomations,receivers");
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
