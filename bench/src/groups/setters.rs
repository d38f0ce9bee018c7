//! `setters`: 20,000 manifests in memory and on disk.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use yaml_setter::{LatestImage, Setters};

use crate::generate::{
    FILES, NAMESPACE, POLICIES, image_repository, manifest, marked_files, path, policy_name,
};
use crate::measure;
use crate::report::{self, Unit, progress};

const RUNS: usize = 9;
/// Nothing listens there: here the name of the registry is only text.
const REGISTRY: &str = "127.0.0.1:5000";

pub(super) fn run() -> Result<()> {
    let repin = measure::beside_this_program("repin")?;
    let files: Vec<String> = (0..FILES)
        .map(|number| manifest(number, REGISTRY))
        .collect();
    edit_in_memory(&files)?;
    let tree = TempDir::new().context("make a temporary folder")?;
    progress("writing 20,000 files");
    write_tree(tree.path(), &files)?;
    drop(files);
    lint(&repin, tree.path())
}

fn edit_in_memory(files: &[String]) -> Result<()> {
    let setters = moved_policies();
    let marked: usize = (0..POLICIES).map(marked_files).sum();
    let runs = measure::repeat(RUNS, || {
        let edits: usize = files
            .iter()
            .map(|file| {
                black_box(yaml_setter::edit(file.as_bytes(), &setters))
                    .edits
                    .len()
            })
            .sum();
        ensure!(edits == marked, "expected {marked} edits, found {edits}");
        Ok(())
    })?;
    report::result("setters_20k_memory_ms", &runs, Unit::Milliseconds)
}

/// All policies, each with a newer tag than the manifests.
fn moved_policies() -> Setters {
    let mut setters = Setters::new();
    for policy in 0..POLICIES {
        let name = format!("{REGISTRY}/{}", image_repository(policy));
        let image = LatestImage {
            name: &name,
            tag: "0.0.2",
            digest: None,
        };
        setters.policy(NAMESPACE, &policy_name(policy), &image);
    }
    setters
}

fn write_tree(root: &Path, files: &[String]) -> Result<()> {
    for (number, content) in files.iter().enumerate() {
        let file = root.join(path(number));
        let folder = file.parent().context("a manifest lies in a folder")?;
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&file, content))
            .with_context(|| format!("write {}", file.display()))?;
    }
    Ok(())
}

/// The first run warms the page cache and does not count.
fn lint(repin: &Path, tree: &Path) -> Result<()> {
    let mut runs = Vec::new();
    for _ in 0..=RUNS {
        let cost = measure::cost(measure::program(repin)?.arg("lint").arg(tree))?;
        runs.push(cost.wall.as_secs_f64());
    }
    report::result("lint_20k_s", &runs[1..], Unit::Seconds)
}
