//! The whole of git-remote over HTTP, against `git http-backend`, judged by `git`.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod again;
mod cache;
mod errors;
mod fetch;
mod node;
mod push;
mod round_trip;

use std::time::Duration;

use git_remote::{
    Cache, CacheLimits, CommitRequest, Credentials, Error, Identity, NewCommit, ObjectId, Options,
    PushReport, PushRequest, RefUpdate, Remote, Repository, Session,
};
use tempfile::TempDir;
use test_support::{git_http::GitHttp, git_repo::TempRepo};

/// A repository, the server in front of it, and a cache.
struct Site {
    repo: TempRepo,
    server: GitHttp,
    cache: TempDir,
}

impl Site {
    /// Two files in directories, and one at the root.
    fn new() -> Self {
        let site = Self::empty();
        site.repo
            .commit("main")
            .file("README.md", "# Demo\n")
            .file("apps/podinfo.yaml", "image: podinfo:1.0.0\n")
            .executable("apps/run.sh", "#!/bin/sh\n")
            .done();
        site
    }

    fn empty() -> Self {
        let repo = TempRepo::new();
        let server = GitHttp::start(repo.root());
        Self::with(repo, server)
    }

    fn with(repo: TempRepo, server: GitHttp) -> Self {
        let cache = TempDir::new().unwrap();
        Self {
            repo,
            server,
            cache,
        }
    }

    fn url(&self) -> String {
        self.server.url(self.repo.name())
    }

    fn remote(&self) -> Remote {
        self.remote_with(Credentials::Anonymous, Options::default())
    }

    fn remote_with(&self, credentials: Credentials, options: Options) -> Remote {
        Remote::new(&self.url(), credentials, options).unwrap()
    }

    fn session(&self) -> Session {
        self.remote().connect().unwrap()
    }

    fn repository(&self) -> Repository {
        self.repository_with(CacheLimits::default())
    }

    fn repository_with(&self, limits: CacheLimits) -> Repository {
        let cache = Cache::open(self.cache.path(), limits).unwrap();
        cache.repository(&self.remote()).unwrap()
    }

    /// The id of a revision.
    fn id(&self, revision: &str) -> ObjectId {
        id(&self.repo.rev_parse(revision))
    }

    /// A cache that holds the tip of `main`.
    fn fetched(&self) -> (Repository, ObjectId) {
        let repository = self.repository();
        let mut session = self.session();
        let tip = session.find_ref("refs/heads/main").unwrap().commit();
        session.fetch_commit(&repository, tip).unwrap();
        (repository, tip)
    }

    fn push(&self, commit: &NewCommit, updates: &[RefUpdate]) -> Result<PushReport, Error> {
        self.remote().push(&PushRequest {
            updates,
            commit,
            options: &[],
            atomic: false,
        })
    }
}

fn id(hex: &str) -> ObjectId {
    ObjectId::from_hex(hex.as_bytes()).unwrap()
}

fn someone() -> Identity {
    Identity {
        name: "Repin".into(),
        email: "repin@example.com".into(),
    }
}

/// A commit on `parent` that gives files new contents.
fn edit(repository: &Repository, parent: ObjectId, files: &[(&str, &str)]) -> NewCommit {
    try_edit(repository, parent, files).unwrap()
}

fn try_edit(
    repository: &Repository,
    parent: ObjectId,
    files: &[(&str, &str)],
) -> Result<NewCommit, Error> {
    let files: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|(path, content)| ((*path).to_owned(), content.as_bytes().to_vec()))
        .collect();
    repository.commit(&CommitRequest {
        parent,
        files: &files,
        author: someone(),
        committer: someone(),
        seconds: 1_700_000_100,
        message: "Update images\n",
        signer: None,
    })
}

fn update(name: &str, old: Option<ObjectId>, new: ObjectId) -> RefUpdate {
    RefUpdate {
        name: name.into(),
        old,
        new,
    }
}

fn short() -> Options {
    Options {
        timeout: Duration::from_millis(300),
        ..Options::default()
    }
}
