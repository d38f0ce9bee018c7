//! `git`: one known file of a repository of 20,000 is edited, committed and pushed over HTTP.
//!
//! Each run is a process of its own, from its start to its end.

use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::generate::{image_repository, path};
use crate::measure::{self, Cost, milliseconds};
use crate::report::{self, Unit};
use crate::stage::Stage;

const RUNS: usize = 9;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    cold(stage)?;
    warm(stage)
}

/// Each run has a new cache and finds the branch where it was at first.
fn cold(stage: &Stage) -> Result<()> {
    let mut costs = Vec::new();
    for run in 0..RUNS {
        stage.reset();
        costs.push(edit(stage, new_folder()?.path(), run)?);
    }
    let times: Vec<f64> = costs.iter().map(|cost| milliseconds(cost.wall)).collect();
    let peaks: Vec<f64> = costs.iter().map(Cost::peak_mb).collect();
    report::result("git_edit_cold_ms", &times, Unit::Milliseconds)?;
    report::result("git_edit_cold_mb", &peaks, Unit::Megabytes)
}

/// All runs share the cache of an edit before them, which each leaves at its own commit.
fn warm(stage: &Stage) -> Result<()> {
    stage.reset();
    let cache = new_folder()?;
    edit(stage, cache.path(), RUNS)?;
    let mut edits = Vec::new();
    for run in 0..RUNS {
        edits.push(milliseconds(edit(stage, cache.path(), run)?.wall));
    }
    report::result("git_edit_warm_ms", &edits, Unit::Milliseconds)?;

    let mut looks = Vec::new();
    for _ in 0..RUNS {
        let mut look = measure::worker("unchanged")?;
        look.arg(stage.url()).arg(cache.path());
        looks.push(milliseconds(measure::cost(&mut look)?.wall));
    }
    stage.reset();
    report::result("git_unchanged_ms", &looks, Unit::Milliseconds)
}

/// Sets the image of the first manifest to a tag that it has not had yet.
fn edit(stage: &Stage, cache: &Path, run: usize) -> Result<Cost> {
    let before = stage.tip();
    let image = format!("{}/{}", stage.registry.host(), image_repository(0));
    let mut edit = measure::worker("edit")?;
    edit.arg(stage.url()).arg(cache);
    edit.args([path(0), image, format!("0.1.{run}")]);
    let cost = measure::cost(&mut edit)?;
    stage.expect_commit(&before, 1)?;
    Ok(cost)
}

fn new_folder() -> Result<TempDir> {
    TempDir::new().context("make a temporary folder")
}
