//! `cargo xtask demo`: the main job from scan to commit, on an embedded default.
//!
//! An OCI registry and a smart-HTTP Git server run in this process, seeded with a small fleet repository.
//! The real `repin` binary explains, plans and pushes; the commit is then judged byte for byte.
//! With `--cluster` the controllers do the work instead, on a control plane of their own.

mod cluster;
mod judge;
mod neighbours;
mod seed;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::MetadataCommand;

use crate::program::{Program, cargo};
use crate::{console, workspace};
use neighbours::Neighbours;

/// What `cargo xtask demo` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave the repository and the objects in this directory, which must be empty or absent.
    #[arg(long, value_name = "DIR", conflicts_with = "cluster")]
    keep: Option<PathBuf>,
    /// Run the five controllers on a control plane of their own instead, until Ctrl-C.
    #[arg(long)]
    cluster: bool,
    #[command(flatten)]
    in_cluster: cluster::Args,
}

/// Runs the demo; an error when anything is not as it should be.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.cluster {
        return cluster::run(&args.in_cluster);
    }
    let started = Instant::now();
    let temporary = tempfile::tempdir().context("create a temporary directory")?;
    let home = match &args.keep {
        Some(keep) => empty_directory(keep)?,
        None => temporary.path().to_owned(),
    };
    let repin = stage("build the repin binary", build)?;
    let neighbours = stage("start a registry and a Git server, seed both", || {
        Neighbours::start(&home)
    })?;
    let repin = Repin {
        program: repin,
        home: &home,
        scratch: temporary.path(),
    };

    stage("explain: why these tags?", || {
        repin.run(&["explain", "--filename", "objects", "flux-system/podinfo"])?;
        repin.run(&[
            "explain",
            "--filename",
            "objects",
            "flux-system/podinfo-staging",
        ])
    })?;
    stage("plan: what would change? Nothing is written", || {
        repin.run(&["plan", "--filename", "objects"])
    })?;
    judge::is_untouched(&neighbours)?;
    stage("run: commit and push it", || {
        repin.run(&[
            "run",
            "--filename",
            "objects",
            "--automation",
            "flux-system/flux-system",
        ])
    })?;
    stage("judge the commit", || {
        judge::show(&neighbours)?;
        judge::is_as_expected(&neighbours)
    })?;
    stage("run again: nothing is left to do", || {
        repin.run(&["run", "--filename", "objects"])?;
        judge::is_as_expected(&neighbours)
    })?;

    console::heading(format_args!(
        "done in {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    if args.keep.is_some() {
        console::line(format_args!(
            "The repository and the objects are in {}. To look at them:",
            home.display()
        ));
        console::line(format_args!(
            "  git -C {} log -p main",
            neighbours.repository().path().display()
        ));
        console::line(format_args!(
            "  git clone {}",
            neighbours.repository().path().display()
        ));
    }
    Ok(())
}

/// The `repin` binary in the directory of the demo, apart from the user's own configuration.
struct Repin<'a> {
    program: PathBuf,
    home: &'a Path,
    scratch: &'a Path,
}

impl Repin<'_> {
    fn run(&self, arguments: &[&str]) -> Result<()> {
        console::line(format_args!("$ repin {}", arguments.join(" ")));
        Program::new(&self.program)
            .args(arguments)
            .arg("--cache-dir")
            .arg(self.scratch.join("cache"))
            .env("DOCKER_CONFIG", self.scratch)
            .directory(self.home)
            .run()
    }
}

fn stage<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    console::heading(name);
    let started = Instant::now();
    let done = work().with_context(|| name.to_owned())?;
    console::line(format_args!("({:.1} s)", started.elapsed().as_secs_f64()));
    Ok(done)
}

fn build() -> Result<PathBuf> {
    cargo(["build", "--locked", "--package", "repin"]).run()?;
    let metadata = MetadataCommand::new()
        .manifest_path(workspace::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("ask cargo for the target directory")?;
    let program = metadata
        .target_directory
        .join("debug/repin")
        .into_std_path_buf();
    ensure!(program.is_file(), "cargo built no {}", program.display());
    Ok(program)
}

fn empty_directory(path: &Path) -> Result<PathBuf> {
    fs::create_dir_all(path).with_context(|| format!("create directory {}", path.display()))?;
    let mut entries =
        fs::read_dir(path).with_context(|| format!("read directory {}", path.display()))?;
    ensure!(
        entries.next().is_none(),
        "{} is not empty: name a directory that is empty or absent",
        path.display()
    );
    path.canonicalize()
        .with_context(|| format!("resolve {}", path.display()))
}

/// The objects of the demo as files that `repin --filename` reads.
fn write_objects(objects: &[(String, String)], home: &Path) -> Result<()> {
    let directory = home.join("objects");
    fs::create_dir_all(&directory)
        .with_context(|| format!("create directory {}", directory.display()))?;
    for (name, text) in objects {
        let path = directory.join(name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_files_is_not_taken() {
        let directory = tempfile::tempdir().unwrap();
        assert!(empty_directory(&directory.path().join("new")).is_ok());
        assert!(
            empty_directory(directory.path())
                .unwrap_err()
                .to_string()
                .contains("is not empty")
        );
    }
}
