//! The controllers that are measured, as processes: what they start with, and what they cost.

use std::ops::Add;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use nix::unistd::{SysconfVar, sysconf};
use serde_json::json;
use test_support::cluster::{Cluster, ControllerOptions, ControllerProcess, Scope};

use crate::measure::beside_this_program;

/// Where the controllers hold their leases.
const CONTROLLERS_NAMESPACE: &str = "flux-system";

/// Makes the namespace of the controllers and those of the objects; one that is there already is fine.
pub(crate) async fn create_namespaces(client: &Client, objects: &[&str]) -> Result<()> {
    let namespaces = Api::<Namespace>::all(client.clone());
    for name in [CONTROLLERS_NAMESPACE].iter().chain(objects) {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        namespaces
            .patch(
                name,
                &PatchParams::apply("bench"),
                &Patch::Apply(&namespace),
            )
            .await
            .with_context(|| format!("create namespace {name}"))?;
    }
    Ok(())
}

/// Starts the build that lies beside this program with the arguments of its Deployment and these, under its own
/// service account, and waits until it is ready.
///
/// Events go nowhere: there is no notification-controller.
pub(crate) async fn start(
    cluster: &Cluster,
    name: &str,
    arguments: &[String],
) -> Result<ControllerProcess> {
    beside_this_program(name)?;
    let common = [
        "--log-level=info",
        "--log-encoding=json",
        "--enable-leader-election",
    ];
    let options = ControllerOptions {
        scope: Scope::All,
        args: common
            .iter()
            .map(|&flag| flag.to_owned())
            .chain(arguments.iter().cloned())
            .collect(),
        ..ControllerOptions::default()
    };
    let mut process = ControllerProcess::start(cluster, CONTROLLERS_NAMESPACE, name, options).await;
    process.ready().await;
    Ok(process)
}

/// What processes have cost so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// User and system time of all threads.
    pub(crate) cpu: Duration,
    /// The greatest resident size so far, in bytes.
    pub(crate) peak_bytes: u64,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cpu: self.cpu + other.cpu,
            peak_bytes: self.peak_bytes + other.peak_bytes,
        }
    }
}

impl Cost {
    /// What a process has cost since its start.
    pub(crate) fn of(process: &ControllerProcess) -> Result<Self> {
        let read = |file: &str| {
            let path = format!("/proc/{}/{file}", process.id());
            std::fs::read_to_string(&path).with_context(|| format!("read {path}"))
        };
        let hertz = sysconf(SysconfVar::CLK_TCK).context("ask for the length of a tick")?;
        let hertz = hertz.context("the system names no length of a tick")?;
        let hertz = u32::try_from(hertz).context("ticks are counted per second")?;
        Ok(Self {
            cpu: cpu(&read("stat")?, hertz)?,
            peak_bytes: peak(&read("status")?)?,
        })
    }
}

/// User and system time from `/proc/<pid>/stat`. The second field, the program's name, may hold anything.
fn cpu(stat: &str, hertz: u32) -> Result<Duration> {
    let (_, fields) = stat
        .rsplit_once(") ")
        .context("expected the name of the program in brackets")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let [user, system] = fields.get(11..13).unwrap_or_default() else {
        bail!("expected the times of the process in {stat:?}");
    };
    let ticks = |field: &str| field.parse::<u64>().context("expected a number of ticks");
    Ok(Duration::from_secs(ticks(user)? + ticks(system)?) / hertz)
}

/// `VmHWM` from `/proc/<pid>/status`, which gives it in multiples of 1,024 bytes.
fn peak(status: &str) -> Result<u64> {
    let field = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let field = field.context("expected VmHWM: the process is gone")?;
    let number = field.trim().trim_end_matches(" kB");
    Ok(number.parse::<u64>().context("expected a size")? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_behind_any_name() {
        let stat = "71 (a) b (c) S 1 71 71 0 -1 4194560 8 9 10 11 250 150 7 7 20 0 3 0 100 8 9\n";
        assert_eq!(cpu(stat, 100).unwrap(), Duration::from_secs(4));
        assert!(cpu("71 (a", 100).is_err());
        assert!(cpu("71 (a) S 1", 100).is_err());
    }

    #[test]
    fn the_peak_is_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t   20000 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(peak(status).unwrap(), 20_480_000);
        assert!(peak("Name:\tx\nState:\tZ (zombie)\n").is_err());
    }
}
