//! The servers of the demo: both in this process, both on free ports of 127.0.0.1.

use std::path::Path;

use anyhow::{Context as _, Result};
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;
use test_support::registry::Registry;
use tokio::runtime::{Builder, Runtime};

use super::seed::{CREDENTIALS, IMAGE, Seed, TAGS};
use super::write_objects;
use crate::console;

/// The path of the repository on the Git server.
const REPOSITORY: &str = "flux-image-updates.git";

/// The running servers and what was put on them; dropping it stops them.
pub(crate) struct Neighbours {
    seed: Seed,
    repository: TempRepo,
    first_commit: String,
    registry: Registry,
    // Held until the end: the servers stop when they are dropped.
    _git: GitHttp,
    _runtime: Runtime,
}

impl Neighbours {
    /// Starts both servers, pushes the tags and the first commit, and writes the objects to `home`.
    pub(crate) fn start(home: &Path) -> Result<Self> {
        let neighbours = Self::serve(home)?;
        write_objects(&neighbours.seed.objects, home)?;
        console::line(format_args!(
            "objects     {}",
            home.join("objects").display()
        ));
        Ok(neighbours)
    }

    /// The same without the objects.
    pub(crate) fn serve(home: &Path) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("start a runtime")?;
        let registry = runtime.block_on(Registry::start());
        registry.set_tags(IMAGE, TAGS.iter().copied());

        let repository = TempRepo::create_in(home, REPOSITORY);
        let git = GitHttp::builder(repository.root())
            .basic(CREDENTIALS.0, CREDENTIALS.1)
            .start();
        let seed = Seed::new(&registry.host(), &git.url(REPOSITORY));
        let first = repository
            .commit("main")
            .message("add podinfo\n")
            .files(seed.manifests.iter().map(|(path, text)| (path, text)));
        let first_commit = first.done();

        console::line(format_args!(
            "registry    {} with {} tags",
            registry.image(IMAGE),
            TAGS.len()
        ));
        console::line(format_args!(
            "repository  {} with {} files",
            git.url(REPOSITORY),
            seed.manifests.len()
        ));
        Ok(Self {
            seed,
            repository,
            first_commit,
            registry,
            _git: git,
            _runtime: runtime,
        })
    }

    /// What was put on the servers.
    pub(crate) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The repository behind the Git server.
    pub(crate) fn repository(&self) -> &TempRepo {
        &self.repository
    }

    /// Pushes one more tag; the image's full name.
    pub(crate) fn push_tag(&self, tag: &str) -> String {
        self.registry.push_tag(IMAGE, tag);
        format!("{}:{tag}", self.registry.image(IMAGE))
    }

    /// The commit the repository was seeded with.
    pub(crate) fn first_commit(&self) -> &str {
        &self.first_commit
    }
}
