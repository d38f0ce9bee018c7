use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tempfile::TempDir;
use test_support::api_proxy::ApiProxy;
use test_support::cluster::{Cluster, ControllerProcess, TestNamespace};
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;

use super::line::Line;
use super::objects::{self, FIRST_TAG, content, path};
use crate::stage::{SETTER, WRITER};

/// The request that carries a pack.
pub const PACK: &str = "fleet.git/git-receive-pack";
/// Every request of a push.
pub const PUSH: &str = "git-receive-pack";
/// The repository below the root of the Git server.
const REPOSITORY: &str = "fleet.git";

/// What a site begins with.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// How many automations, each with a policy and a file of its own.
    pub automations: usize,
    /// Flags of both controllers.
    pub flags: &'a [&'a str],
    /// Flags of manifest-setter.
    pub setter_flags: &'a [&'a str],
    /// More files in the repository.
    pub files: usize,
    /// A file of so many bytes more.
    pub large_file: usize,
}

impl Default for Shape<'_> {
    fn default() -> Self {
        Self {
            automations: 1,
            flags: &[],
            setter_flags: &["--batch-window=0s"],
            files: 0,
            large_file: 0,
        }
    }
}

/// The two controllers behind one proxy, and a Git server behind a line.
pub struct Site {
    /// Between the controllers and the API server.
    pub proxy: ApiProxy,
    /// Between the controllers and the Git server.
    pub line: Line,
    /// The Git server.
    pub git: GitHttp,
    /// The repository behind it.
    pub repo: TempRepo,
    /// Where everything is.
    pub namespace: TestNamespace,
    pub(super) setter: ControllerProcess,
    pub(super) writer: ControllerProcess,
    /// With the caches.
    pub(super) folder: TempDir,
    /// The commit that everything begins with.
    pub(super) first: String,
    /// The password that the Git server takes.
    pub(super) password: Arc<Mutex<String>>,
    pub(super) past: Arc<Mutex<Past>>,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// What others did to a site.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    /// The tags that each policy has chosen, in their order, after that of the first commit.
    pub(super) tags: Vec<Vec<String>>,
    /// The commits of others that must be in the history of `main`.
    pub(super) foreign: Vec<String>,
    /// The files of others with their contents, all but those that policies set.
    pub(super) files: Vec<(String, String)>,
    /// Whether others have taken commits off the branch.
    pub(super) rewritten: bool,
    /// Whether others have deleted plans that were open: nobody knows what became of those.
    pub(super) deleted: bool,
}

impl Site {
    /// One automation at rest, on the cluster that all tests share.
    pub async fn start() -> Self {
        Self::of(Shape::default()).await
    }

    /// The same in another shape.
    pub async fn of(shape: Shape<'_>) -> Self {
        Self::on(&Cluster::shared().await, shape).await
    }

    /// The same on this cluster.
    pub async fn on(cluster: &Cluster, shape: Shape<'_>) -> Self {
        let site = Self::without_objects(cluster, shape).await;
        site.apply_all().await;
        site.settle(super::Told::Once).await.is_right();
        site.forget();
        site
    }

    async fn without_objects(cluster: &Cluster, shape: Shape<'_>) -> Self {
        let namespace = cluster.namespace().await;
        let repo = TempRepo::named(REPOSITORY);
        let first = commit_first(&repo, namespace.name(), shape);
        let password = Arc::new(Mutex::new("p4ssword-0".to_owned()));
        let taken = Arc::clone(&password);
        let right = move |_: &str, _: &str, user: &str, given: &str| {
            user == "bot" && *taken.lock() == given
        };
        let git = GitHttp::builder(repo.root()).basic_for(right).start();
        let line = Line::start(git.address()).await;
        let proxy = ApiProxy::in_front_of(cluster).await;
        let folder = TempDir::new().expect("the folder for temporary files is writable");
        let setter_flags = [shape.flags, shape.setter_flags].concat();
        let place = (&namespace, &proxy, folder.path());
        let (setter, writer) = tokio::join!(
            super::processes::start(place, SETTER, &setter_flags),
            super::processes::start(place, WRITER, shape.flags),
        );
        let tags = vec![vec![FIRST_TAG.to_owned()]; shape.automations];
        Self {
            proxy,
            line,
            git,
            repo,
            namespace,
            setter,
            writer,
            folder,
            first,
            password,
            past: Arc::new(Mutex::new(Past {
                tags,
                ..Past::default()
            })),
        }
    }

    async fn apply_all(&self) {
        let password = self.password.lock().clone();
        self.apply(&objects::credentials(&password)).await;
        self.apply(&objects::source(&self.url())).await;
        for number in 0..self.automations() {
            self.apply(&objects::policy(number)).await;
            self.write_choice(number, FIRST_TAG).await;
            self.apply(&objects::automation(number)).await;
        }
    }

    /// Applies one object.
    pub(super) async fn apply(&self, object: &Value) {
        self.namespace.apply(&object.to_string()).await;
    }

    /// Where the controllers find the repository.
    pub fn url(&self) -> String {
        format!("http://{}/{REPOSITORY}", self.line.address())
    }

    /// How many automations there are: `app-0` and so on.
    pub fn automations(&self) -> usize {
        self.past.lock().tags.len()
    }

    /// The file of an automation with a tag.
    pub fn content(&self, number: usize, tag: &str) -> String {
        content(self.namespace.name(), number, tag)
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.proxy.forget();
        self.git.forget();
    }
}

fn commit_first(repo: &TempRepo, namespace: &str, shape: Shape<'_>) -> String {
    let marked = (0..shape.automations).map(|n| (path(n), content(namespace, n, FIRST_TAG)));
    let more = (0..shape.files).map(|n| {
        let (folder, name) = (n / 100, n % 100);
        (
            format!("more/{folder}/{name}.yaml"),
            format!("number: {n}\n"),
        )
    });
    let large = (shape.large_file > 0).then(|| {
        let size = shape.large_file;
        (
            "large.yaml".to_owned(),
            "0123456789abcde\n".repeat(size / 16),
        )
    });
    let files = marked.chain(more).chain(large);
    let commit = repo.commit("main").files(files);
    commit.file("README.md", "read me\n").done()
}
