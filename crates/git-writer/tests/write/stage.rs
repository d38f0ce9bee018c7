//! A repository with one manifest, a server over it, and a plan for it.

use std::path::Path;

use api::image::v1::SourceKind;
use api::repin::v1alpha1::{
    Author, Checkout, Edit, EditedObject, FileEdits, ImageUpdatePlan, ImageUpdatePlanSpec,
    PlanSource, PreparedCommit, PushTarget,
};
use api::source::GitRepositoryRef;
use git_remote::{Cache, CacheLimits, Credentials, Options, Remote, Signer};
use git_writer::{Journal, JournalError, NoJournal, WriteError, Written};
use tempfile::TempDir;
use test_support::git_http::{Builder, GitHttp};
use test_support::git_repo::TempRepo;

pub(crate) const FILE: &str = "apps/app.yaml";
pub(crate) const CONTENT: &str = "a: 1\r\nimage: app:1.0.0 # keep\r\n";

/// The date of every commit.
pub(crate) const SECONDS: i64 = 1_700_000_000;

pub(crate) struct Stage {
    pub(crate) repository: TempRepo,
    pub(crate) git: GitHttp,
    pub(crate) folder: TempDir,
    remote: Remote,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(GitHttp::builder)
    }

    /// A stage whose server is built like this.
    pub(crate) fn with(server: impl FnOnce(&Path) -> Builder) -> Self {
        test_support::tls::install_provider();
        let repository = TempRepo::named("fleet.git");
        repository
            .commit("main")
            .file(FILE, CONTENT)
            .at(1_600_000_000)
            .done();
        let git = server(repository.root()).start();
        let url = git.url("fleet.git");
        let remote = Remote::new(&url, Credentials::Anonymous, Options::default());
        Self {
            repository,
            git,
            folder: tempfile::tempdir().expect("the folder for temporary files is writable"),
            remote: remote.expect("the server's URL is one"),
        }
    }

    /// A plan that moves the image to 2.0.0 on this branch.
    pub(crate) fn plan(&self, branch: &str) -> ImageUpdatePlan {
        self.plan_for(branch, &[FILE])
    }

    /// A plan that moves the image of these files, which begin as [`CONTENT`] does.
    pub(crate) fn plan_for(&self, branch: &str, paths: &[&str]) -> ImageUpdatePlan {
        let head = self.repository.rev_parse("main");
        let reference = GitRepositoryRef {
            branch: Some("main".to_owned()),
            ..GitRepositoryRef::default()
        };
        let spec = ImageUpdatePlanSpec {
            source_ref: PlanSource {
                kind: SourceKind::GitRepository,
                name: "fleet".to_owned(),
                namespace: "ns".to_owned(),
            },
            checkout: Checkout {
                reference,
                commit: head.clone(),
            },
            push: PushTarget {
                branch: branch.to_owned(),
                base: head,
                ..PushTarget::default()
            },
            author: Author {
                name: "bot".to_owned(),
                email: "bot@example.com".to_owned(),
            },
            message: "Update app\n\n\tto 2.0.0  ".to_owned(),
            file_count: i64::try_from(paths.len()).unwrap_or_default(),
            edit_count: i64::try_from(paths.len()).unwrap_or_default(),
            files: paths.iter().map(|path| self.edits(path)).collect(),
            ..ImageUpdatePlanSpec::default()
        };
        ImageUpdatePlan::new("fleet-1", spec)
    }

    fn edits(&self, path: &str) -> FileEdits {
        FileEdits {
            path: path.to_owned(),
            blob: self.repository.rev_parse(&format!("main:{path}")),
            edits: vec![Edit {
                offset: 13,
                old: "app:1.0.0".to_owned(),
                new: "app:2.0.0".to_owned(),
                line: 2,
                field: ".image".to_owned(),
                object: EditedObject::default(),
                setter: "ns:app".to_owned(),
                old_value: "app:1.0.0".to_owned(),
                new_value: "app:2.0.0".to_owned(),
            }],
        }
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::open(&self.folder.path().join("cache"), CacheLimits::default())
            .expect("the folder is writable")
    }

    pub(crate) fn write(&self, plan: &ImageUpdatePlan) -> Result<Written, WriteError> {
        self.write_signed(plan, None)
    }

    pub(crate) fn write_signed(
        &self,
        plan: &ImageUpdatePlan,
        signer: Option<&Signer>,
    ) -> Result<Written, WriteError> {
        self.go_on(plan, signer, &mut NoJournal)
    }

    /// As a process does that finds this journal.
    pub(crate) fn go_on(
        &self,
        plan: &ImageUpdatePlan,
        signer: Option<&Signer>,
        journal: &mut dyn Journal,
    ) -> Result<Written, WriteError> {
        let cache = self.cache();
        git_writer::write(&self.remote, &cache, plan, signer, SECONDS, journal)
    }

    /// The paths and queries of the requests to the server since the last look, shortened.
    pub(crate) fn requests(&self) -> Vec<String> {
        let exchanges = self.git.exchanges();
        self.git.forget();
        let shorten = |target: &str| target.trim_start_matches("/fleet.git/").to_owned();
        exchanges
            .iter()
            .map(|exchange| shorten(&exchange.target))
            .collect()
    }
}

/// A journal in memory, which may fail before or after it stored something.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) stored: Vec<PreparedCommit>,
    /// The process ends when this many commits are stored, before the next one is.
    pub(crate) dies_before: Option<usize>,
    /// The process ends as soon as this many commits are stored.
    pub(crate) dies_after: Option<usize>,
    /// The right to push ends as soon as the branch has the commit.
    pub(crate) lapses: bool,
}

impl Ledger {
    /// The journal as the next process finds it.
    pub(crate) fn reborn(self) -> Self {
        Self {
            stored: self.stored,
            ..Self::default()
        }
    }
}

impl Journal for Ledger {
    fn recorded(&self) -> Option<PreparedCommit> {
        self.stored.last().cloned()
    }

    fn prepared(&mut self, commit: &PreparedCommit) -> Result<(), JournalError> {
        if self.dies_before == Some(self.stored.len()) {
            return Err("the process ended before it was stored".into());
        }
        self.stored.push(commit.clone());
        if self.dies_after == Some(self.stored.len()) {
            return Err("the process ended after it was stored".into());
        }
        Ok(())
    }

    fn refused(&mut self) {
        self.stored.clear();
    }

    fn may_complete(&mut self) -> Result<(), JournalError> {
        if self.lapses {
            return Err("another one has the lease".into());
        }
        Ok(())
    }
}
