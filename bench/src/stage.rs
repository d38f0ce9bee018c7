//! Where Git is measured: the large repository, the server in front of it, and a registry for its images.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use test_support::git_repo::{TempRepo, git_command};
use test_support::nginx_git::NginxGit;

use crate::generate::{self, Shape};
use crate::measure::{self, Cost};
use crate::report::progress;
use crate::servers::RegistryProcess;

/// The repository of 20,000 files and 5,000 commits behind nginx and `git http-backend`, plain HTTP on 127.0.0.1.
///
/// It is made once in a run of this program; measurements that push put the branch back.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The registry that the marked images name.
    pub(crate) registry: RegistryProcess,
    repo: TempRepo,
    server: NginxGit,
    first_tip: String,
}

impl Stage {
    /// Makes the repository and starts the servers.
    pub(crate) fn build() -> Result<Self> {
        let registry = RegistryProcess::start(Duration::ZERO)?;
        let repo = TempRepo::named("monorepo.git");
        for (key, value) in [
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("http.receivepack", "true"),
            // No housekeeping of the server in the middle of a measurement.
            ("receive.autogc", "false"),
            ("gc.auto", "0"),
        ] {
            repo.config(key, value);
        }
        progress("making the repository: 20,000 files, 5,000 commits");
        import(&repo, Shape::MONOREPO, registry.host())?;
        let server = NginxGit::builder(repo.root()).start();
        Ok(Self {
            first_tip: repo.rev_parse("main"),
            registry,
            repo,
            server,
        })
    }

    /// The URL of the repository.
    pub(crate) fn url(&self) -> String {
        self.server.url(self.repo.name())
    }

    /// Where the repository lies.
    pub(crate) fn path(&self) -> &Path {
        self.repo.path()
    }

    /// Clones it as shallow as Git can, and takes the clone away.
    pub(crate) fn clone_shallow(&self) -> Result<Cost> {
        let target = TempDir::new().context("make a temporary folder")?;
        let mut git = measure::program("git")?;
        git.args(["clone", "--bare", "--quiet", "--depth", "1"])
            .arg(self.url())
            .arg(target.path().join("clone.git"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        measure::cost(&mut git)
    }

    /// Puts the branch back to where it was when the repository was made.
    pub(crate) fn reset(&self) {
        self.repo.branch("main", &self.first_tip);
    }

    /// Where the branch is.
    pub(crate) fn tip(&self) -> String {
        self.repo.rev_parse("main")
    }

    /// Fails unless the branch is one commit after `before` that changes so many files.
    pub(crate) fn expect_commit(&self, before: &str, files: usize) -> Result<()> {
        let parent = self.repo.rev_parse("main^");
        ensure!(
            parent == before,
            "expected one commit after {before}, found one after {parent}"
        );
        let changed = self.repo.git(&["diff", "--name-only", before, "main"]);
        let changed = changed.lines().count();
        ensure!(
            changed == files,
            "expected a commit that changes {files} files, found one that changes {changed}"
        );
        Ok(())
    }
}

/// Fills an empty repository with a generated history.
pub(crate) fn import(repo: &TempRepo, shape: Shape, registry: &str) -> Result<()> {
    let mut git = git_command(repo.path())
        .args(["fast-import", "--quiet", "--done"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("start git fast-import")?;
    let input = git.stdin.take().expect("its input is piped");
    let mut input = BufWriter::with_capacity(1 << 20, input);
    let written = generate::write_history(&mut input, shape, registry).and_then(|()| input.flush());
    drop(input);
    let status = git.wait().context("wait for git fast-import")?;
    ensure!(status.success(), "git fast-import ended with {status}");
    written.context("write to git fast-import")
}
