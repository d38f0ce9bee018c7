//! A controller as it runs in a cluster: its own process, its service account's token, the roles it ships with.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::roles::{self, Scope};
use super::{Cluster, eventually, probe};
use crate::control_plane::access;
use crate::control_plane::guard::Guard;
use crate::process::free_port;

/// How long a controller may take to end: longer than it may take to finish what it is at.
const END_TIMEOUT: Duration = Duration::from_secs(60);

/// How a controller is started.
#[derive(Clone, Debug, Default)]
pub struct ControllerOptions {
    /// Which namespaces it watches.
    pub scope: Scope,
    /// Arguments after those that every controller gets.
    pub args: Vec<String>,
    /// Variables besides those of the test.
    pub environment: Vec<(String, String)>,
    /// `https://HOST:PORT` of what stands between it and the API server; directly without.
    pub api_server: Option<String>,
}

/// A controller's process; killed when this value is dropped, or when the test is.
#[derive(Debug)]
pub struct ControllerProcess {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    user: String,
    metrics_port: u16,
    health_port: u16,
    child: Option<Child>,
    guard: Guard,
}

impl ControllerProcess {
    /// Starts the controller `name` (`registry-scanner`), which must be built, in a namespace that exists.
    ///
    /// It runs under the service account of `deploy/base/NAME/` with the roles there and nothing else.
    pub async fn start(
        cluster: &Cluster,
        namespace: &str,
        name: &str,
        options: ControllerOptions,
    ) -> Self {
        let account = roles::grant(cluster, namespace, name, options.scope).await;
        let token = cluster.token_for(namespace, &account).await;
        let server = options.api_server.as_deref();
        let kubeconfig = access::for_user(&cluster.kubeconfig, &token, server);
        let user = format!("system:serviceaccount:{namespace}:{account}");
        let mut controller = Self::prepare(&binary(name), user, &kubeconfig, options);
        controller.set("RUNTIME_NAMESPACE", namespace);
        controller.spawn();
        controller
    }

    fn prepare(program: &Path, user: String, kubeconfig: &str, options: ControllerOptions) -> Self {
        let guard = Guard::for_this_process("controller").expect("a process can be guarded");
        let path = guard.folder().join("kubeconfig");
        fs::write(&path, kubeconfig).expect("the folder is writable");
        let (metrics_port, health_port) = (free_port(), free_port());
        let all = options.scope == Scope::All;
        let mut arguments = vec![
            format!("--watch-all-namespaces={all}"),
            format!("--metrics-addr=127.0.0.1:{metrics_port}"),
            format!("--health-addr=127.0.0.1:{health_port}"),
            "--log-encoding=console".to_owned(),
        ];
        arguments.extend(options.args);
        let mut controller = Self {
            program: program.to_owned(),
            arguments,
            environment: options.environment,
            user,
            metrics_port,
            health_port,
            child: None,
            guard,
        };
        controller.set("KUBECONFIG", &path.to_string_lossy());
        controller
    }

    fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    fn spawn(&mut self) {
        let spawned = File::options()
            .create(true)
            .append(true)
            .open(self.output_file())
            .and_then(|output| {
                let mut command = Command::new(&self.program);
                command
                    .args(&self.arguments)
                    .envs(self.environment.iter().map(|(name, value)| (name, value)))
                    .current_dir(self.guard.folder())
                    .stdin(Stdio::null())
                    .stdout(output.try_clone()?)
                    .stderr(output);
                self.guard.adopt(&mut command);
                command.spawn()
            });
        let program = self.program.display();
        self.child =
            Some(spawned.unwrap_or_else(|error| unreachable!("{program} does not start: {error}")));
    }

    /// Waits until `/readyz` says so; panics with its output when it ends before.
    pub async fn ready(&mut self) {
        let deadline = Instant::now() + END_TIMEOUT;
        loop {
            if let Ok((200, _)) = probe::get(self.health_port, "/readyz").await {
                return;
            }
            let ended = self.try_wait().expect("a child can be waited for");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "the controller does not get ready, {}:\n{}",
                ended.map_or_else(|| "it runs".to_owned(), |status| status.to_string()),
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Kills it at once (SIGKILL), wherever it is.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Starts it again with the same arguments, token and ports; kills it before if it runs.
    pub fn restart(&mut self) {
        self.kill9();
        self.spawn();
    }

    /// Asks it to end (SIGTERM), as the kubelet does, and waits for that.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.ended().await
    }

    /// Stops it where it is (SIGSTOP), as a machine that hangs does, until [`resume()`](Self::resume).
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).expect("Linux has no larger ids");
        kill(Pid::from_raw(id), signal).expect("a child that was not waited for exists");
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        eventually("the end of the controller", async || {
            self.try_wait().expect("a child can be waited for")
        })
        .await
    }

    fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.as_mut().map_or(Ok(None), Child::try_wait)
    }

    /// Its process id; panics when it was killed and not started again.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("the controller runs").id()
    }

    /// The user that the API server knows it as: `system:serviceaccount:NAMESPACE:NAME`.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What it printed so far, in all its lives.
    pub fn output(&self) -> String {
        let bytes = fs::read(self.output_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn output_file(&self) -> PathBuf {
        self.guard.folder().join("output")
    }

    /// The text of its metrics.
    pub async fn metrics(&self) -> String {
        let answer = probe::get(self.metrics_port, "/metrics").await;
        let (status, text) = answer.expect("the controller serves metrics");
        assert_eq!(status, 200, "{text}");
        text
    }
}

impl Drop for ControllerProcess {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            let (name, output) = (self.program.display(), self.output());
            #[expect(clippy::print_stderr, reason = "shown with the failure of the test")]
            {
                eprintln!("--- {name} printed:\n{output}---");
            }
        }
    }
}

/// The program beside the tests: `target/PROFILE/NAME`.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a process has an executable");
    let folder = test.ancestors().skip(1);
    let folder = folder.skip_while(|folder| folder.ends_with("deps"));
    let path = folder.map(|folder| folder.join(name)).next();
    let path = path.expect("an executable lies in a folder");
    assert!(
        path.is_file(),
        "{} is missing: `cargo build -p {name}`",
        path.display()
    );
    path
}

#[cfg(test)]
mod tests;
