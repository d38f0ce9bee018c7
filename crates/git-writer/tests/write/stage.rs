//! A repository with one manifest, a server over it, and a plan for it.

use api::image::v1::SourceKind;
use api::repin::v1alpha1::{
    Author, Checkout, Edit, EditedObject, FileEdits, ImageUpdatePlan, ImageUpdatePlanSpec,
    PlanSource, PushTarget,
};
use api::source::GitRepositoryRef;
use git_remote::{Cache, CacheLimits, Credentials, Options, Remote, Signer};
use git_writer::{WriteError, Written};
use tempfile::TempDir;
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;

pub(crate) const FILE: &str = "apps/app.yaml";
pub(crate) const CONTENT: &str = "a: 1\r\nimage: app:1.0.0 # keep\r\n";

/// The date of every commit.
const SECONDS: i64 = 1_700_000_000;

pub(crate) struct Stage {
    pub(crate) repository: TempRepo,
    pub(crate) git: GitHttp,
    pub(crate) folder: TempDir,
    remote: Remote,
}

impl Stage {
    pub(crate) fn new() -> Self {
        test_support::tls::install_provider();
        let repository = TempRepo::named("fleet.git");
        repository
            .commit("main")
            .file(FILE, CONTENT)
            .at(1_600_000_000)
            .done();
        let git = GitHttp::start(repository.root());
        let remote = Remote::new(
            &git.url("fleet.git"),
            Credentials::Anonymous,
            Options::default(),
        )
        .unwrap();
        Self {
            repository,
            git,
            folder: tempfile::tempdir().unwrap(),
            remote,
        }
    }

    /// A plan that moves the image to 2.0.0 on this branch.
    pub(crate) fn plan(&self, branch: &str) -> ImageUpdatePlan {
        let head = self.repository.rev_parse("main");
        let edit = Edit {
            offset: 13,
            old: "app:1.0.0".to_owned(),
            new: "app:2.0.0".to_owned(),
            line: 2,
            field: ".image".to_owned(),
            object: EditedObject::default(),
            setter: "ns:app".to_owned(),
            old_value: "app:1.0.0".to_owned(),
            new_value: "app:2.0.0".to_owned(),
        };
        let blob = self.repository.rev_parse(&format!("main:{FILE}"));
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
            file_count: 1,
            edit_count: 1,
            files: vec![FileEdits {
                path: FILE.to_owned(),
                blob,
                edits: vec![edit],
            }],
            ..ImageUpdatePlanSpec::default()
        };
        ImageUpdatePlan::new("fleet-1", spec)
    }

    pub(crate) fn write(&self, plan: &ImageUpdatePlan) -> Result<Written, WriteError> {
        self.write_signed(plan, None)
    }

    #[expect(
        clippy::unwrap_in_result,
        reason = "only the result of the step is of interest"
    )]
    pub(crate) fn write_signed(
        &self,
        plan: &ImageUpdatePlan,
        signer: Option<&Signer>,
    ) -> Result<Written, WriteError> {
        let cache = Cache::open(&self.folder.path().join("cache"), CacheLimits::default())
            .expect("the folder is writable");
        let repository = cache
            .repository(&self.remote)
            .expect("the cache is writable");
        git_writer::write(&self.remote, &repository, plan, signer, SECONDS)
    }
}
