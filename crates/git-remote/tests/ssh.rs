//! The whole of git-remote over SSH, against OpenSSH's server, judged by `git`.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::collections::BTreeMap;
use std::error::Error as _;
use std::net::TcpListener;
use std::time::Duration;

use git_remote::{
    Cache, CacheLimits, Class, CommitRequest, Credentials, Error, Identity, Keep, NewCommit,
    ObjectId, Options, PushReport, PushRequest, RefUpdate, Remote, Repository, SshError,
};
use tempfile::TempDir;
use test_support::git_repo::TempRepo;
use test_support::ssh_keys::{KeyFormat, KeyKind, SshKey};
use test_support::sshd::Sshd;

/// A repository, the server in front of it, a deploy key, and a cache.
struct Site {
    repo: TempRepo,
    server: Sshd,
    key: SshKey,
    cache: TempDir,
}

impl Site {
    fn new() -> Self {
        Self::with_key(SshKey::generate(KeyKind::Ed25519))
    }

    fn with_key(key: SshKey) -> Self {
        let repo = TempRepo::new();
        repo.commit("main")
            .file("apps/podinfo.yaml", "image: podinfo:1.0.0\n")
            .done();
        Self {
            repo,
            server: Sshd::builder().authorize(&key).start(),
            key,
            cache: TempDir::new().unwrap(),
        }
    }

    /// The Secret of a GitRepository.
    fn secret(&self) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::from([
            ("identity".to_owned(), self.key.private_key().into_bytes()),
            (
                "known_hosts".to_owned(),
                self.server.known_hosts().into_bytes(),
            ),
        ])
    }

    fn remote(&self, secret: &BTreeMap<String, Vec<u8>>) -> Remote {
        Self::remote_at(
            &self.server.url(self.repo.path()),
            secret,
            Options::default(),
        )
    }

    fn remote_at(url: &str, secret: &BTreeMap<String, Vec<u8>>, options: Options) -> Remote {
        let (credentials, _) = Credentials::from_secret(url, secret).unwrap();
        Remote::new(url, credentials, options).unwrap()
    }

    fn fetched(&self) -> (Remote, Repository, ObjectId) {
        let remote = self.remote(&self.secret());
        let cache = Cache::open(self.cache.path(), CacheLimits::default()).unwrap();
        let repository = cache.repository(&remote).unwrap();
        let mut session = remote.connect().unwrap();
        let tip = session.find_ref("refs/heads/main").unwrap().commit();
        session.fetch_commit(&repository, tip).unwrap();
        (remote, repository, tip)
    }
}

fn commit(repository: &Repository, parent: ObjectId, path: &str, content: &[u8]) -> NewCommit {
    let someone = Identity {
        name: "Repin".into(),
        email: "repin@example.com".into(),
    };
    let request = CommitRequest {
        parent,
        files: &[(path.to_owned(), content.to_vec())],
        author: someone.clone(),
        committer: someone,
        seconds: 1_700_000_100,
        message: "Update images\n",
        signer: None,
    };
    repository.commit(&request).unwrap()
}

fn push(remote: &Remote, old: ObjectId, commit: &NewCommit) -> Result<PushReport, Error> {
    remote.push(&PushRequest {
        updates: &[RefUpdate {
            name: "refs/heads/main".into(),
            old: Some(old),
            new: commit.id,
        }],
        commit,
        options: &[("topic".into(), "images".into())],
        atomic: true,
    })
}

#[test]
fn an_edit_is_fetched_committed_and_pushed_with_a_deploy_key() {
    let site = Site::new();
    let (remote, repository, tip) = site.fetched();
    let new = commit(
        &repository,
        tip,
        "apps/podinfo.yaml",
        b"image: podinfo:1.1.0\n",
    );
    let report = push(&remote, tip, &new).unwrap();
    assert!(report.is_ok(), "{report:?}");
    site.repo.fsck();
    assert_eq!(site.repo.rev_parse("main"), new.id.to_string());
    assert_eq!(
        site.repo.show_text("main", "apps/podinfo.yaml"),
        "image: podinfo:1.1.0\n"
    );
    assert_eq!(site.repo.count("main"), 2);
}

#[test]
fn an_encrypted_rsa_key_with_its_passphrase_serves_as_well() {
    let site = Site::with_key(SshKey::generate_as(
        KeyKind::Rsa(2048),
        KeyFormat::OpenSsh,
        "correct horse",
    ));
    let mut secret = site.secret();
    assert!(site.remote(&secret).connect().is_err());
    secret.insert("password".to_owned(), b"correct horse".to_vec());
    let refs = site
        .remote(&secret)
        .connect()
        .unwrap()
        .refs(&["refs/heads/"])
        .unwrap();
    assert_eq!(refs.len(), 1);
}

#[test]
fn megabytes_flow_both_ways() {
    let site = Site::new();
    // Numbers that no compression makes small, from a generator of Knuth's.
    let mut state = 1_u64;
    let mut bytes = |count: usize| -> Vec<u8> {
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u8::try_from(state >> 56).unwrap()
        };
        (0..count).map(|_| next()).collect()
    };
    let files: Vec<(String, Vec<u8>)> = (0..8)
        .map(|n| (format!("data/{n}"), bytes(300_000)))
        .collect();
    site.repo.commit("main").files(files.clone()).done();
    let (remote, repository, tip) = site.fetched();
    let ids: Vec<ObjectId> = repository
        .files(tip, "data")
        .unwrap()
        .iter()
        .map(|file| file.blob)
        .collect();
    let mut seen = 0;
    let mut session = remote.connect().unwrap();
    let count = &mut |_, content: &[u8]| {
        seen += content.len();
        Keep::No
    };
    session.stream_blobs(&repository, &ids, count).unwrap();
    assert_eq!(seen, 8 * 300_000);

    let large = bytes(2_500_000);
    let new = commit(&repository, tip, "data/0", &large);
    let report = push(&remote, tip, &new).unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(site.repo.show("main", "data/0"), large);
}

#[test]
fn a_hook_that_declines_is_told_with_its_words() {
    let site = Site::new();
    site.repo.hook(
        "pre-receive",
        "#!/bin/sh\necho images are frozen >&2\nexit 1\n",
    );
    let (remote, repository, tip) = site.fetched();
    let new = commit(
        &repository,
        tip,
        "apps/podinfo.yaml",
        b"image: podinfo:2.0.0\n",
    );
    let report = push(&remote, tip, &new).unwrap();
    assert!(!report.is_ok());
    assert!(
        report
            .messages
            .iter()
            .any(|line| line.contains("images are frozen")),
        "{report:?}"
    );
    assert_eq!(site.repo.rev_parse("main"), tip.to_string());
}

#[test]
fn a_branch_that_moved_is_left_alone() {
    let site = Site::new();
    let (remote, repository, tip) = site.fetched();
    let new = commit(
        &repository,
        tip,
        "apps/podinfo.yaml",
        b"image: podinfo:2.0.0\n",
    );
    let other = site.repo.commit("main").file("other", "1").done();
    let error = push(&remote, tip, &new).unwrap_err();
    assert!(matches!(error, Error::Moved { .. }), "{error}");
    assert_eq!(site.repo.rev_parse("main"), other);
}

/// The error of a connection, and the cause it names.
fn refusal(remote: &Remote) -> (Error, String) {
    let error = remote.connect().err().expect("the connection is refused");
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    (error, cause)
}

#[test]
fn errors_tell_what_to_do_and_how_to_react() {
    let site = Site::new();
    let secret = site.secret();
    let with = |key: &str, value: String| {
        let mut secret = secret.clone();
        secret.insert(key.to_owned(), value.into_bytes());
        refusal(&site.remote(&secret))
    };
    let stranger = SshKey::generate(KeyKind::Ed25519);
    let name = site.server.known_name();
    for ((error, cause), class, expected) in [
        (
            with("identity", stranger.private_key()),
            Class::Authentication,
            "deploy keys",
        ),
        (
            with("identity", "nonsense".into()),
            Class::Terminal,
            "identity cannot be used",
        ),
        (
            with("known_hosts", stranger.known_hosts_line(&name)),
            Class::Terminal,
            "is not the known one",
        ),
        (
            with("known_hosts", stranger.known_hosts_line("other")),
            Class::Terminal,
            "no entry for it",
        ),
        (
            with("known_hosts", "# none\n".into()),
            Class::Terminal,
            "known_hosts cannot be used",
        ),
    ] {
        assert_eq!(error.class(), class, "{error}: {cause}");
        assert!(cause.contains(expected), "{error}: {cause}");
        assert!(error.to_string().contains("ssh://localhost"), "{error}");
    }
}

#[test]
fn a_missing_repository_is_named_by_the_server() {
    let site = Site::new();
    let url = site.server.url(&site.repo.root().join("missing.git"));
    let (error, cause) = refusal(&Site::remote_at(&url, &site.secret(), Options::default()));
    let Error::Ssh { source, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(matches!(**source, SshError::Command { .. }), "{source}");
    assert!(
        cause.contains("does not appear to be a git repository"),
        "{cause}"
    );
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let site = Site::new();
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!(
        "ssh://localhost:{}/repo.git",
        silent.local_addr().unwrap().port()
    );
    let options = Options {
        timeout: Duration::from_millis(300),
        ..Options::default()
    };
    let (error, cause) = refusal(&Site::remote_at(&url, &site.secret(), options));
    assert_eq!(error.class(), Class::Transient, "{error}");
    assert!(cause.contains("within 300ms"), "{cause}");
}
