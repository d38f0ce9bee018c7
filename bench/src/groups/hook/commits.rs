//! A new tag and the webhook that tells of it: from the webhook to the commit on the branch.

use std::time::Instant;

use anyhow::Result;
use test_support::git_repo::TempRepo;
use test_support::nginx_git::NginxGit;

use super::fleet::Fleet;
use super::site::{SMALL, Site};
use crate::generate::{NAMESPACE, POLICIES, image_repository, marked_files, small_repository};
use crate::measure::milliseconds;
use crate::report::{self, Unit, progress};
use crate::servers::{A_MILLISECOND, RegistryProcess};
use crate::stage::Stage;
use crate::updates::{Branch, settle};

const SMALL_RUNS: usize = 100;
const MONOREPO_RUNS: usize = 20;

/// A repository of 50 files, with its servers.
pub(super) struct Small<'a> {
    pub(super) fleet: Fleet<'a>,
    _registry: RegistryProcess,
    _server: NginxGit,
    _repo: TempRepo,
}

/// A repository of 50 files, ten of them marked: each webhook changes one.
pub(super) async fn small(site: &Site) -> Result<Small<'_>> {
    progress("automating the small repository");
    let mut registry = RegistryProcess::start(A_MILLISECOND)?;
    let repo = small_repository(SMALL, registry.host());
    let server = NginxGit::builder(repo.root()).start();
    let (url, branch) = (server.url(repo.name()), Branch::of(repo.path()));
    let fleet = Fleet::start(site, (SMALL, "./apps"), &mut registry, (&url, branch)).await?;
    let mut times = Vec::new();
    for run in 0..SMALL_RUNS {
        times.push(commit(&fleet, &mut registry, run).await?);
    }
    report::quantile("hook_commit_p50_ms", &times, 0.5, Unit::Milliseconds)?;
    report::quantile("hook_commit_p95_ms", &times, 0.95, Unit::Milliseconds)?;
    Ok(Small {
        fleet,
        _registry: registry,
        _server: server,
        _repo: repo,
    })
}

/// The large repository, where each webhook changes 47 or 48 files.
pub(super) async fn monorepo(site: &Site, stage: &mut Stage) -> Result<()> {
    progress("automating the large repository");
    let (url, branch) = (stage.url(), Branch::of(stage.path()));
    let place = (NAMESPACE, "./clusters");
    let fleet = Fleet::start(site, place, &mut stage.registry, (&url, branch)).await?;
    let mut times = Vec::new();
    for run in 0..MONOREPO_RUNS {
        let before = fleet.branch.tip()?;
        times.push(commit(&fleet, &mut stage.registry, run).await?);
        stage.expect_commit(&before, marked_files(run % POLICIES))?;
    }
    report::quantile("hook_commit_mono_p95_ms", &times, 0.95, Unit::Milliseconds)
}

/// The milliseconds from the webhook to its commit; returns when all controllers are done with it.
async fn commit(fleet: &Fleet<'_>, registry: &mut RegistryProcess, run: usize) -> Result<f64> {
    let (policy, tag) = (run % POLICIES, format!("0.1.{run}"));
    registry.push_tag(&image_repository(policy), &tag)?;
    let hook = fleet.docker_hub(policy, &tag);
    let before = fleet.branch.tip()?;
    let started = Instant::now();
    hook.send().await?;
    let pushed = fleet.branch.until_moved(&before).await?;
    settle(&fleet.objects, &fleet.branch).await?;
    Ok(milliseconds(pushed.duration_since(started)))
}
