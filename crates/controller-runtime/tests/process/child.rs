//! A controller that does nothing, as a process of its own.

use std::path::Path;
use std::process::Command;

use clap::Parser;
use controller_runtime::{Args, Identity, Runtime, RuntimeError, run_on_every_replica};
use futures_util::future::join;
use test_support::cluster::eventually;
use test_support::process::{Server, free_port};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tracing::Instrument as _;

/// The Lease of the controller.
pub(crate) const LEASE: &str = "idle-controller-leader-election";

/// Says to this program that it is a controller, and what it does.
const BEHAVIOUR: &str = "REPIN_TEST_BEHAVIOUR";
/// The flags of the controller, one a line.
const FLAGS: &str = "REPIN_TEST_FLAGS";

const IDENTITY: Identity = Identity {
    name: "idle-controller",
    field_manager: "idle-controller",
    kinds: &["ImagePolicy", "ImageRepository", "ImageTagSlice"],
};

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    args: Args,
}

/// What the controller does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behaviour {
    /// It works until it is to end.
    Works,
    /// It works without the lease, and does something else while it has it.
    WorksEverywhere,
    /// It returns before it is to end.
    EndsEarly,
    /// It returns an error.
    Fails,
    /// What it works with is not there.
    CannotBeMade,
}

impl Behaviour {
    /// What this process is to do, where it was started by [`Controller::start`].
    pub(crate) fn of_this_process() -> Option<Self> {
        let all = [
            Self::Works,
            Self::WorksEverywhere,
            Self::EndsEarly,
            Self::Fails,
            Self::CannotBeMade,
        ];
        let named = std::env::var(BEHAVIOUR).ok()?;
        all.into_iter()
            .find(|behaviour| format!("{behaviour:?}") == named)
    }
}

/// Is the controller, until it ends.
pub(crate) async fn run(behaviour: Behaviour) -> Result<(), RuntimeError> {
    let flags = std::env::var(FLAGS).unwrap_or_default();
    let args = Program::parse_from(["controller"].into_iter().chain(flags.lines())).args;
    let controller = async |runtime: Runtime| match behaviour {
        Behaviour::Works => {
            let span = tracing::info_span!("the work");
            work(&runtime).instrument(span).await;
            Ok(())
        }
        Behaviour::WorksEverywhere => {
            join(everywhere(&runtime), leading(&runtime)).await;
            Ok(())
        }
        Behaviour::EndsEarly => Ok(()),
        Behaviour::Fails => Err(RuntimeError::TaskEnded { task: "the watch" }),
        Behaviour::CannotBeMade => unreachable!("it is not made"),
    };
    let set_up = || match behaviour {
        Behaviour::CannotBeMade => Err("the tools are missing".into()),
        Behaviour::Works | Behaviour::WorksEverywhere | Behaviour::EndsEarly | Behaviour::Fails => {
            Ok(controller)
        }
    };
    if matches!(behaviour, Behaviour::WorksEverywhere) {
        Box::pin(run_on_every_replica(IDENTITY, &args, set_up)).await
    } else {
        Box::pin(controller_runtime::run(IDENTITY, &args, set_up)).await
    }
}

async fn everywhere(runtime: &Runtime) {
    controller_runtime::until_served(runtime).await;
    tracing::info!("work begins");
    runtime.shutdown.cancelled().await;
    tokio::task::yield_now().await;
    tracing::info!("in flight, and finished");
}

async fn leading(runtime: &Runtime) {
    let acquired = runtime.claims.acquired();
    if runtime
        .shutdown
        .run_until_cancelled(acquired)
        .await
        .is_some()
    {
        assert!(runtime.claims.is_current());
        tracing::info!("leading begins");
    }
}

async fn work(runtime: &Runtime) {
    assert!(runtime.claims.is_current());
    tracing::info!("work begins");
    runtime.shutdown.cancelled().await;
    tokio::task::yield_now().await;
    tracing::info!("in flight, and finished");
}

/// A running controller, killed when this value is dropped.
pub(crate) struct Controller {
    server: Server,
    health_port: u16,
    metrics_port: u16,
}

impl Controller {
    pub(crate) fn start(kubeconfig: &Path, behaviour: Behaviour, flags: &[&str]) -> Self {
        let (health_port, metrics_port) = (free_port(), free_port());
        let mut all = vec![
            format!("--health-addr=127.0.0.1:{health_port}"),
            format!("--metrics-addr=127.0.0.1:{metrics_port}"),
        ];
        all.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "controller", "--nocapture"])
            .env(BEHAVIOUR, format!("{behaviour:?}"))
            .env(FLAGS, all.join("\n"))
            .env("KUBECONFIG", kubeconfig)
            .env_remove("RUST_LOG");
        Self {
            server: Server::spawn(&mut command),
            health_port,
            metrics_port,
        }
    }

    /// Waits until the controller was allowed to begin.
    pub(crate) async fn works(&self) {
        self.says("work begins").await;
    }

    /// Waits until it has printed this.
    pub(crate) async fn says(&self, text: &str) {
        eventually(text, async || {
            self.server.output().contains(text).then_some(())
        })
        .await;
    }

    /// What it printed.
    pub(crate) fn output(&self) -> String {
        self.server.output()
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        let id = self.server.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end, expects it to be `status`, and returns what it printed.
    pub(crate) fn ended(&mut self, status: &str) -> String {
        let end = self.server.wait_for("its end", || false).unwrap_err();
        assert!(end.contains(&format!("ended with {status}")), "{end}");
        self.output()
    }

    /// Status and body of an answer of the probes' server; none while it does not answer.
    pub(crate) async fn probe(&self, path: &str) -> Option<(u16, String)> {
        get(self.health_port, path).await
    }

    /// All metrics.
    pub(crate) async fn metrics(&self) -> String {
        let (code, text) = get(self.metrics_port, "/metrics").await.unwrap();
        assert_eq!(code, 200);
        text
    }
}

async fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    connection.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let code = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((code, body.to_owned()))
}
