//! One policy moves: from the write of its choice to the commit on the branch.

use std::time::Instant;

use anyhow::Result;
use test_support::git_repo::TempRepo;
use test_support::nginx_git::NginxGit;

use super::site::{SMALL, Site};
use crate::generate::{POLICIES, marked_files, small_repository};
use crate::measure::milliseconds;
use crate::report::{self, Unit, progress};
use crate::stage::Stage;
use crate::updates::{Branch, Objects, settle};

/// Each takes one policy that has not moved before.
const MONOREPO_RUNS: usize = 5;
const SMALL_RUNS: usize = 50;
/// The registry that the images of the small repository name; nobody asks it.
const REGISTRY: &str = "127.0.0.1:5000";

/// The large repository, where each change is one of 47 or 48 files.
pub(super) async fn monorepo(site: &Site, stage: &Stage) -> Result<()> {
    let branch = Branch::of(stage.path());
    let mut times = Vec::new();
    for policy in 1..=MONOREPO_RUNS {
        let before = branch.tip()?;
        times.push(commit(&site.objects, &branch, policy, "0.0.2").await?);
        stage.expect_commit(&before, marked_files(policy))?;
    }
    report::result("commit_mono_ms", &times, Unit::Milliseconds)
}

/// A repository of 50 files, ten of them marked, and its objects.
pub(super) struct Small {
    pub(super) objects: Objects,
    pub(super) branch: Branch,
    pub(super) repo: TempRepo,
    server: NginxGit,
}

impl Small {
    /// Where the repository is.
    pub(super) fn url(&self) -> String {
        self.server.url(self.repo.name())
    }
}

/// The small repository, each time another policy.
pub(super) async fn small(site: &Site) -> Result<Small> {
    progress("automating the small repository");
    let small = set_up(site).await?;
    let mut times = Vec::new();
    for run in 0..SMALL_RUNS {
        let tag = format!("0.1.{run}");
        times.push(commit(&small.objects, &small.branch, run % POLICIES, &tag).await?);
    }
    report::quantile("commit_small_p50_ms", &times, 0.5, Unit::Milliseconds)?;
    report::quantile("commit_small_p95_ms", &times, 0.95, Unit::Milliseconds)?;
    Ok(small)
}

async fn set_up(site: &Site) -> Result<Small> {
    let repo = small_repository(SMALL, REGISTRY);
    let small = Small {
        objects: Objects::new(&site.client, SMALL, REGISTRY),
        branch: Branch::of(repo.path()),
        server: NginxGit::builder(repo.root()).start(),
        repo,
    };
    small.objects.create_policies().await?;
    let before = small.branch.tip()?;
    small.objects.choose(0, "0.0.2").await?;
    small.objects.automate(&small.url(), "./apps", "1h").await?;
    small.branch.until_moved(&before).await?;
    settle(&small.objects, &small.branch).await?;
    Ok(small)
}

/// The milliseconds from the write of a choice to its commit; returns when both controllers are done with it.
async fn commit(objects: &Objects, branch: &Branch, policy: usize, tag: &str) -> Result<f64> {
    let before = branch.tip()?;
    let started = Instant::now();
    objects.choose(policy, tag).await?;
    let pushed = branch.until_moved(&before).await?;
    settle(objects, branch).await?;
    Ok(milliseconds(pushed.duration_since(started)))
}
