//! The guide's demo: a registry with podinfo, a Git server with its manifests, a folder with the objects.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use tempfile::TempDir;
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;
use test_support::registry::Registry;
use tokio::runtime::Runtime;

pub(crate) const DEPLOYMENT: &str = "clusters/my-cluster/podinfo-deployment.yaml";

/// The servers, and what `repin` reads.
pub(crate) struct Stage {
    pub repository: Arc<TempRepo>,
    pub registry: Registry,
    pub git: GitHttp,
    pub folder: TempDir,
    /// Keeps the registry running.
    _runtime: Runtime,
}

/// What a run of `repin` gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The run, which must have ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\nstdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).expect(&self.stdout)
    }
}

impl Stage {
    /// A repository with the guide's deployment at 5.0.0, and a registry with releases of podinfo up to 5.0.3 and 5.1.0.
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let registry = runtime.block_on(Registry::start());
        registry.set_tags(
            "stefanprodan/podinfo",
            [
                "4.0.6",
                "5.0.0",
                "5.0.1",
                "5.0.2",
                "5.0.3",
                "5.1.0-rc.1",
                "latest",
            ],
        );
        let repository = Arc::new(TempRepo::named("fleet.git"));
        let git = GitHttp::start(repository.root());
        let stage = Self {
            repository,
            registry,
            git,
            folder: tempfile::tempdir().unwrap(),
            _runtime: runtime,
        };
        stage
            .repository
            .commit("main")
            .file(DEPLOYMENT, stage.deployment("5.0.0"))
            .done();
        stage
    }

    /// The stage with the guide's objects in their v1alpha1 form, written to the folder.
    pub(crate) fn with_guide_objects() -> Self {
        let stage = Self::new();
        stage.write("objects.yaml", &stage.guide_objects());
        stage
    }

    pub(crate) fn image(&self) -> String {
        self.registry.image("stefanprodan/podinfo")
    }

    /// The guide's deployment, with its marker.
    pub(crate) fn deployment(&self, tag: &str) -> String {
        include_str!("../fixtures/podinfo-deployment.yaml")
            .replace("IMAGE", &format!("{}:{tag}", self.image()))
    }

    /// The manifests of the guide, only pointed at the local servers.
    pub(crate) fn guide_objects(&self) -> String {
        include_str!("../fixtures/guide-objects.yaml")
            .replace("ghcr.io/stefanprodan/podinfo", &self.image())
            .replace("GIT_URL", &self.git.url("fleet.git"))
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Rewrites the objects by text.
    pub(crate) fn edit_objects(&self, old: &str, new: &str) {
        let path = self.folder.path().join("objects.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{old} is not in {text}");
        std::fs::write(path, text.replace(old, new)).unwrap();
    }

    /// Runs `repin` over the objects of the folder.
    pub(crate) fn repin<S: AsRef<OsStr>>(
        &self,
        command: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Ran {
        let mut all = vec![
            "-f".into(),
            self.folder.path().join("objects.yaml").into_os_string(),
        ];
        all.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self.repin_with(command, all, &[])
    }

    /// Runs `repin` with these arguments and variables, and nothing of the surroundings.
    pub(crate) fn repin_with<S: AsRef<OsStr>>(
        &self,
        command: &str,
        arguments: impl IntoIterator<Item = S>,
        variables: &[(&str, &str)],
    ) -> Ran {
        let output = repin(self.folder.path())
            .arg(command)
            .args(arguments)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Ran::of(&output)
    }

    /// The image line of the deployment on a branch.
    #[track_caller]
    pub(crate) fn deployed(&self, branch: &str) -> String {
        let text = self.repository.show_text(branch, DEPLOYMENT);
        let line = text.lines().find(|line| line.contains("image:")).unwrap();
        line.split_once("image: ")
            .unwrap()
            .1
            .replace(&self.image(), "podinfo")
    }
}

/// The binary, with a home and a cache of its own.
pub(crate) fn repin(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_repin"));
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"));
    command
}

/// Runs the binary over files alone.
pub(crate) fn repin_in(home: &Path, arguments: &[&str]) -> Ran {
    Ran::of(&repin(home).args(arguments).output().unwrap())
}
