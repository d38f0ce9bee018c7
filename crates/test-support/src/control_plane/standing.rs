//! Control planes that outlive the process that starts them.
//!
//! The tests of a run share one: the first test process starts it, the others join, and it ends some seconds after the
//! last of them is gone, whatever became of it. A developer's own one runs from [`up`] to [`down`].

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::guard::{self, Guard, Keeper};
use super::instance::{self, Instance, KUBECONFIG};
use super::settings::ADMIN;
use super::{Options, access, home};
use crate::cluster::Cluster;

/// The name of the one that tests share.
const SHARED: &str = "shared";
/// The name of the developer's own one.
const OWN: &str = "up";
/// Where a developer's objects go, as in a cluster with Flux.
const NAMESPACE: &str = "{ apiVersion: v1, kind: Namespace, metadata: { name: flux-system } }";
/// How long the shared one waits for another user: longer than the pause between two test processes.
const GRACE_SECONDS: u32 = 10;
/// How long one that runs may take to answer before it counts as broken.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Keeps the shared control plane from ending; who holds one need not have started it.
#[derive(Debug)]
pub struct Hold {
    _lock: File,
}

/// A control plane that runs.
#[derive(Debug)]
pub struct Running {
    /// `up`, `shared`, or `plane-PID-N` for one that a single test has.
    pub name: String,
    /// The administrator's kubeconfig; none while it is being started.
    pub kubeconfig: Option<PathBuf>,
}

/// Where tests meet and what they wait for.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    home: PathBuf,
    grace_seconds: u32,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            home: home(),
            grace_seconds: GRACE_SECONDS,
        }
    }
}

impl Place {
    /// Joins the shared control plane, or starts it. Returns its kubeconfig.
    pub(crate) async fn join(&self) -> Result<(Hold, PathBuf), String> {
        let hold = self.hold()?;
        let keeper = Keeper::Users(&self.users(), self.grace_seconds);
        let kubeconfig = find_or_start(&self.home.join(SHARED), keeper).await?;
        Ok((hold, kubeconfig))
    }

    fn hold(&self) -> Result<Hold, String> {
        let lock = fs::create_dir_all(&self.home).and_then(|()| guard::lock_shared(&self.users()));
        let lock = lock.map_err(|error| failed("hold the shared control plane", &error))?;
        Ok(Hold { _lock: lock })
    }

    fn users(&self) -> PathBuf {
        self.home.join("shared.users")
    }
}

/// Keeps the shared control plane, once some test has started it, until the returned value is dropped.
pub fn hold() -> Result<Hold, String> {
    Place::default().hold()
}

/// Starts the developer's own control plane, unless it runs, with the namespace `flux-system`.
/// Returns the administrator's kubeconfig.
pub async fn up() -> Result<PathBuf, String> {
    let kubeconfig = find_or_start(&home().join(OWN), Keeper::Nobody).await?;
    let cluster = Cluster::at(&kubeconfig).await?;
    cluster.apply(NAMESPACE).await;
    Ok(kubeconfig)
}

/// Ends the developer's own control plane and removes what it stored; whether there was one.
pub fn down() -> bool {
    let folder = home().join(OWN);
    let runs = guard::is_guarded(&folder);
    guard::end(&folder);
    runs
}

/// The control planes of this clone that run, in the order of their names.
pub fn running() -> Vec<Running> {
    let entries = fs::read_dir(home()).into_iter().flatten().flatten();
    let mut running: Vec<_> = entries
        // Controllers have guarded folders here, too.
        .filter(|entry| guard::is_guarded(&entry.path()) && entry.path().join(ADMIN).is_file())
        .map(|entry| Running {
            name: entry.file_name().to_string_lossy().into_owned(),
            kubeconfig: Some(entry.path().join(KUBECONFIG)).filter(|path| path.is_file()),
        })
        .collect();
    running.sort_by(|a, b| a.name.cmp(&b.name));
    running
}

/// One process at a time looks whether the control plane of `folder` runs, and starts it otherwise.
async fn find_or_start(folder: &Path, keeper: Keeper<'_>) -> Result<PathBuf, String> {
    let path = folder.with_extension("start");
    let starting = tokio::task::spawn_blocking(move || {
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        guard::lock(&path)
    });
    let _starting = starting
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(|error| failed("wait for the start of a control plane", &error))?;
    let kubeconfig = folder.join(KUBECONFIG);
    if guard::is_guarded(folder) && answers(&kubeconfig).await {
        return Ok(kubeconfig);
    }
    guard::end(folder);
    let guard = Guard::set(folder, keeper).map_err(|error| failed("guard it", &error))?;
    Instance::start(guard, Options::default()).await?.detach();
    Ok(kubeconfig)
}

/// Whether the control plane of a kubeconfig is ready, with patience for a busy machine.
/// Without a kubeconfig it was never ready: who started it is gone.
async fn answers(kubeconfig: &Path) -> bool {
    let Ok(text) = fs::read_to_string(kubeconfig) else {
        return false;
    };
    let Ok(client) = access::client_of(&text).await else {
        return false;
    };
    let start = Instant::now();
    while start.elapsed() < ANSWER_TIMEOUT {
        if instance::is_ready(&client).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

fn failed(what: &str, error: &io::Error) -> String {
    format!("{what}: {error}")
}

#[cfg(test)]
mod tests;
