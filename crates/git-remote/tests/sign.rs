//! Signed commits, pushed, and verified by `git`.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::path::Path;
use std::time::SystemTime;

use git_remote::{
    Cache, CacheLimits, CommitRequest, Credentials, Identity, Options, PushRequest, RefUpdate,
    Remote, Signer,
};
use secrecy::SecretString;
use tempfile::TempDir;
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;
use test_support::gnupg::{GnupgHome, KeySpec};
use test_support::ssh_keys::{KeyFormat, KeyKind, SshKey};

const EMAIL: &str = "repin@example.com";

fn now() -> i64 {
    let elapsed = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(elapsed.as_secs()).unwrap()
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

/// A repository whose `main` has a commit on top that `signer` signed.
fn pushed(signer: Option<&Signer>) -> TempRepo {
    let repo = TempRepo::new();
    repo.commit("main")
        .file("app.yaml", "image: app:1.0.0\n")
        .done();
    let server = GitHttp::start(repo.root());
    let url = server.url(repo.name());
    let remote = Remote::new(&url, Credentials::Anonymous, Options::default()).unwrap();
    let folder = TempDir::new().unwrap();
    let cache = Cache::open(folder.path(), CacheLimits::default()).unwrap();
    let repository = cache.repository(&remote).unwrap();
    let mut session = remote.connect().unwrap();
    let parent = session.find_ref("refs/heads/main").unwrap().commit();
    session.fetch_commit(&repository, parent).unwrap();
    let someone = Identity {
        name: "Repin".into(),
        email: EMAIL.into(),
    };
    let request = CommitRequest {
        parent,
        files: &[("app.yaml".to_owned(), b"image: app:1.0.1\n".to_vec())],
        author: someone.clone(),
        committer: someone,
        seconds: now(),
        message: "Update images\n\nwith a body, and no newline at the end",
        signer,
    };
    let commit = repository.commit(&request).unwrap();
    let update = RefUpdate {
        name: "refs/heads/main".into(),
        old: Some(parent),
        new: commit.id,
    };
    let request = PushRequest {
        updates: &[update],
        commit: &commit,
        options: &[],
        atomic: false,
    };
    assert!(remote.push(&request).unwrap().is_ok());
    repo.fsck();
    repo
}

fn allowed_signers(key: &SshKey, folder: &Path) -> std::path::PathBuf {
    let file = folder.join("allowed_signers");
    std::fs::write(&file, key.allowed_signers_line(EMAIL)).unwrap();
    file
}

#[test]
fn git_verifies_openpgp_signatures() {
    for (algorithm, passphrase) in [("ed25519", ""), ("rsa2048", "correct horse")] {
        let home = GnupgHome::new();
        let spec = KeySpec {
            algorithm,
            passphrase,
            ..KeySpec::default()
        };
        let fingerprint = home.generate(&format!("Repin <{EMAIL}>"), spec);
        let armored = home.export_secret(&[&fingerprint], passphrase);
        let signer = Signer::openpgp(&armored, Some(&secret(passphrase))).unwrap();
        let repo = pushed(Some(&signer));
        let verification = repo.verify_openpgp("main", home.path());
        assert!(verification.good, "{algorithm}: {}", verification.text);
        assert!(
            verification.text.contains(&fingerprint),
            "{}",
            verification.text
        );
        let stranger = GnupgHome::new();
        assert!(
            !repo.verify_openpgp("main", stranger.path()).good,
            "{algorithm}"
        );
    }
}

#[test]
fn git_verifies_ssh_signatures() {
    for (kind, passphrase) in [
        (KeyKind::Ed25519, "correct horse"),
        (KeyKind::Ecdsa(384), ""),
        (KeyKind::Rsa(2048), ""),
    ] {
        let key = SshKey::generate_as(kind, KeyFormat::OpenSsh, passphrase);
        let signer = Signer::ssh(key.private_key().as_bytes(), Some(&secret(passphrase))).unwrap();
        let repo = pushed(Some(&signer));
        let verification = repo.verify_ssh("main", &allowed_signers(&key, repo.root()));
        assert!(verification.good, "{kind:?}: {}", verification.text);
        let stranger = SshKey::generate(kind);
        let verification = repo.verify_ssh("main", &allowed_signers(&stranger, repo.root()));
        assert!(!verification.good, "{kind:?}");
    }
}

#[test]
fn a_commit_without_signer_has_no_signature() {
    let repo = pushed(None);
    assert!(!repo.raw_commit("main").contains("gpgsig"));
    assert!(!repo.verify_openpgp("main", GnupgHome::new().path()).good);
}
