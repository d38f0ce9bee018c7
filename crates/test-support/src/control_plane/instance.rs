//! The processes of one control plane.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kube::Client;
use tokio::time::Instant;

use super::Options;
use super::access;
use super::crds;
use super::guard::Guard;
use super::programs::Programs;
use super::settings::{self, Settings};

/// How long a control plane may take to answer; it takes three seconds on a machine with nothing else to do.
const START_TIMEOUT: Duration = Duration::from_secs(90);
/// Between two questions whether it answers.
const PAUSE: Duration = Duration::from_millis(50);
/// How often the port may be taken by somebody else between finding and using it.
const MOST_STARTS: usize = 3;
/// The admin's kubeconfig; it appears when the control plane can be used.
pub(super) const KUBECONFIG: &str = "kubeconfig";

/// A running control plane; it ends with this value.
#[derive(Debug)]
pub(super) struct Instance {
    guard: Guard,
    programs: Programs,
    settings: Settings,
    api_server: Option<Child>,
    others: Vec<Child>,
}

impl Instance {
    /// Starts the programs under `guard` and installs the definitions of `crds/`.
    pub(super) async fn start(guard: Guard, options: Options) -> Result<Self, String> {
        let settings = Settings::write(guard.folder(), options.audit);
        let mut instance = Self {
            programs: Programs::locate()?,
            settings: settings.map_err(|error| format!("write the settings: {error}"))?,
            guard,
            api_server: None,
            others: Vec::new(),
        };
        let etcd = instance.spawn("etcd", &settings::etcd())?;
        instance.others.push(etcd);
        instance.start_on_a_free_port(options).await?;
        let manager = instance.spawn("kube-controller-manager", &settings::controller_manager())?;
        instance.others.push(manager);
        let client = access::client_of(&instance.settings.kubeconfig).await?;
        crds::install(&client).await?;
        instance.publish()?;
        Ok(instance)
    }

    /// Somebody else may take the port between finding and using it; then another one has to do.
    async fn start_on_a_free_port(&mut self, options: Options) -> Result<(), String> {
        for _ in 1..MOST_STARTS {
            match self.start_api_server().await {
                Err(problem) if problem.contains("address already in use") => {
                    let settings = Settings::write(self.folder(), options.audit);
                    self.settings =
                        settings.map_err(|error| format!("write the settings: {error}"))?;
                }
                done => return done,
            }
        }
        self.start_api_server().await
    }

    /// Starts the API server and waits until it is ready.
    pub(super) async fn start_api_server(&mut self) -> Result<(), String> {
        self.stop_api_server();
        self.api_server = Some(self.spawn("kube-apiserver", &self.settings.api_server())?);
        self.wait_until_ready().await
    }

    /// Kills the API server; its port is free afterwards.
    pub(super) fn stop_api_server(&mut self) {
        if let Some(mut child) = self.api_server.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// The folder of its files.
    pub(super) fn folder(&self) -> &Path {
        self.guard.folder()
    }

    /// Leaves it to the keeper of its guard.
    pub(super) fn detach(mut self) {
        self.guard.detach();
        self.others.clear();
        self.api_server = None;
    }

    fn spawn(&self, program: &str, arguments: &[String]) -> Result<Child, String> {
        let start = || {
            let log = File::create(self.log(program))?;
            let mut command = Command::new(self.programs.path(program));
            command
                .args(arguments)
                .current_dir(self.folder())
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log);
            self.guard.adopt(&mut command);
            command.spawn()
        };
        start().map_err(|error: io::Error| format!("start {program}: {error}"))
    }

    fn log(&self, program: &str) -> PathBuf {
        self.folder().join(format!("{program}.log"))
    }

    /// Asks until the API server says it is ready; an error that ends with what the programs printed last when one of
    /// them ends before or the time is over.
    async fn wait_until_ready(&mut self) -> Result<(), String> {
        let client = access::client_of(&self.settings.kubeconfig).await?;
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if is_ready(&client).await {
                return Ok(());
            }
            let mut children = self.others.iter_mut().chain(&mut self.api_server);
            if children.any(|child| matches!(child.try_wait(), Ok(Some(_)))) {
                return Err(self.last_words("a program of the control plane ended"));
            }
            if Instant::now() > deadline {
                return Err(self.last_words("the control plane does not get ready"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn last_words(&self, problem: &str) -> String {
        let last = |program| {
            let log = fs::read_to_string(self.log(program)).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            lines[lines.len().saturating_sub(5)..].join("\n")
        };
        let (etcd, api_server) = (last("etcd"), last("kube-apiserver"));
        format!("{problem}\netcd:\n{etcd}\nkube-apiserver:\n{api_server}")
    }

    /// The kubeconfig appears at once and whole: who sees it can use it.
    fn publish(&self) -> Result<(), String> {
        let (draft, published) = (self.folder().join("draft"), self.folder().join(KUBECONFIG));
        fs::write(&draft, &self.settings.kubeconfig)
            .and_then(|()| fs::rename(draft, published))
            .map_err(|error| format!("write the kubeconfig: {error}"))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.guard.kill();
        for child in self.others.iter_mut().chain(&mut self.api_server) {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Whether the API server answers and says that it is ready.
pub(super) async fn is_ready(client: &Client) -> bool {
    let request = http::Request::get("/readyz").body(Vec::new());
    let answer = client.request_text(request.expect("the path is one"));
    let answer = tokio::time::timeout(Duration::from_secs(10), answer).await;
    matches!(answer, Ok(Ok(text)) if text == "ok")
}
