//! `run`: whole runs of `repin run` on the repository of 20,000 files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::generate::{NAMESPACE, POLICIES, image_repository, marked_files, policy_name};
use crate::measure::{self, Cost};
use crate::report::{self, Unit, progress};
use crate::stage::Stage;

const FIRST_RUNS: usize = 3;
/// Each takes one policy that has not moved before, so there can be no more than policies.
const NEXT_RUNS: usize = 5;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let mut bench = Bench::new(stage)?;
    bench.first()?;
    bench.next()
}

struct Bench<'a> {
    stage: &'a mut Stage,
    repin: PathBuf,
    /// Holds the objects, and a folder without registry credentials.
    folder: TempDir,
    /// The cache of the latest first run.
    cache: TempDir,
}

impl<'a> Bench<'a> {
    fn new(stage: &'a mut Stage) -> Result<Self> {
        let bench = Self {
            repin: measure::beside_this_program("repin")?,
            folder: new_folder()?,
            cache: new_folder()?,
            stage,
        };
        let objects = objects(&bench.stage.url(), bench.stage.registry.host());
        fs::write(bench.objects(), objects).context("write the objects")?;
        Ok(bench)
    }

    /// Runs with an empty cache and one new tag, each in turn with a clone.
    fn first(&mut self) -> Result<()> {
        let (mut ratios, mut peaks) = (Vec::new(), Vec::new());
        for policy in 0..POLICIES {
            self.set_tag(policy, 1)?;
        }
        self.set_tag(0, 2)?;
        for _ in 0..FIRST_RUNS {
            self.stage.reset();
            self.cache = new_folder()?;
            let clone = self.stage.clone_shallow()?.wall.as_secs_f64();
            let cost = self.repin_run(0)?;
            let run = cost.wall.as_secs_f64();
            progress(format_args!("git clone {clone:.2} s, repin run {run:.2} s"));
            ratios.push(run / clone);
            peaks.push(cost.peak_mb());
        }
        report::result("run_first_ratio", &ratios, Unit::Ratio)?;
        report::result("run_first_mb", &peaks, Unit::Megabytes)
    }

    /// Runs with the cache of the runs before, after one more policy has moved.
    fn next(&mut self) -> Result<()> {
        let mut costs = Vec::new();
        for policy in 1..=NEXT_RUNS {
            self.set_tag(policy, 2)?;
            costs.push(self.repin_run(policy)?);
        }
        self.stage.reset();
        let times: Vec<f64> = costs.iter().map(|cost| cost.wall.as_secs_f64()).collect();
        let peaks: Vec<f64> = costs.iter().map(Cost::peak_mb).collect();
        report::result("run_next_s", &times, Unit::Seconds)?;
        report::result("run_next_mb", &peaks, Unit::Megabytes)
    }

    /// Gives the image of a policy the tags `0.0.1` to `0.0.<newest>`.
    fn set_tag(&mut self, policy: usize, newest: usize) -> Result<()> {
        let tags: Vec<String> = (1..=newest).map(|patch| format!("0.0.{patch}")).collect();
        let repository = image_repository(policy);
        self.stage.registry.set_tags(&repository, &tags)
    }

    /// A run that sets the files of one policy.
    fn repin_run(&self, policy: usize) -> Result<Cost> {
        let before = self.stage.tip();
        let mut repin = measure::program(&self.repin)?;
        repin
            .args(["run", "--filename"])
            .arg(self.objects())
            .arg("--cache-dir")
            .arg(self.cache.path())
            .env("DOCKER_CONFIG", self.folder.path());
        let cost = measure::cost(&mut repin)?;
        self.stage.expect_commit(&before, marked_files(policy))?;
        Ok(cost)
    }

    fn objects(&self) -> PathBuf {
        objects_path(self.folder.path())
    }
}

fn objects_path(folder: &Path) -> PathBuf {
    folder.join("objects.yaml")
}

fn new_folder() -> Result<TempDir> {
    TempDir::new().context("make a temporary folder")
}

/// The objects of ten images, the repository and its automation.
fn objects(url: &str, registry: &str) -> String {
    let mut text = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: monorepo, namespace: {NAMESPACE}}}
spec:
  interval: 1h
  url: {url}
  ref: {{branch: main}}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {{name: monorepo, namespace: {NAMESPACE}}}
spec:
  interval: 1h
  sourceRef: {{kind: GitRepository, name: monorepo}}
  git:
    commit:
      author: {{name: Bench, email: bench@example.com}}
  update: {{path: ./clusters, strategy: Setters}}
"
    );
    for policy in 0..POLICIES {
        let (name, repository) = (policy_name(policy), image_repository(policy));
        let _ = write!(
            text,
            "---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {{name: {name}, namespace: {NAMESPACE}}}
spec:
  interval: 1h
  image: {registry}/{repository}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {{name: {name}, namespace: {NAMESPACE}}}
spec:
  imageRepositoryRef: {{name: {name}}}
  policy: {{semver: {{range: 0.0.x}}}}
"
        );
    }
    text
}
