//! What a writer needs that goes on after a crash: histories, commits made again, references pointed to known commits.

use git_remote::{Ancestry, CommitRequest, ObjectId, Signer};
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;
use test_support::ssh_keys::{KeyKind, SshKey};

use crate::{Site, edit, someone, update};

#[test]
fn a_commit_is_found_in_the_history_of_a_head() {
    let site = Site::new();
    let first = site.id("main");
    for number in 0..40 {
        let path = format!("{number}.txt");
        site.repo.commit("main").file(&path, "x\n").done();
    }
    let middle = site.id("main~20");
    let dropped = site.repo.commit("side").file("side.txt", "x\n").done();
    site.repo.repack();
    let dropped = ObjectId::from_hex(dropped.as_bytes()).unwrap();
    let head = site.id("main");
    for (commit, expected) in [
        (head, Ancestry::Ancestor),
        (middle, Ancestry::Ancestor),
        (first, Ancestry::Ancestor),
        (dropped, Ancestry::NotRecent),
    ] {
        let found = site.session().ancestry(head, commit).unwrap();
        assert_eq!(found, expected, "{commit}");
    }
}

#[test]
fn a_history_costs_commits_alone_and_the_session_goes_on() {
    let site = Site::new();
    let first = site.id("main");
    site.repo
        .commit("main")
        .file("large.bin", "0123456789".repeat(100_000))
        .done();
    let mut session = site.session();
    site.server.forget();
    let head = site.id("main");
    assert_eq!(session.ancestry(head, first).unwrap(), Ancestry::Ancestor);
    assert!(site.server.totals().down < 3_000);
    let repository = site.repository();
    session.fetch_commit(&repository, head).unwrap();
    assert!(repository.has_commit(head));
}

#[test]
fn a_server_without_filters_leaves_the_history_open() {
    let repo = TempRepo::new();
    repo.commit("main").file("a", "a\n").done();
    repo.commit("main").file("a", "b\n").done();
    repo.config("uploadpack.allowFilter", "false");
    let server = GitHttp::start(repo.root());
    let site = Site::with(repo, server);
    let (head, first) = (site.id("main"), site.id("main^"));
    let found = site.session().ancestry(head, first).unwrap();
    assert_eq!(found, Ancestry::Unknown);
}

#[test]
fn a_server_that_forbids_the_filter_leaves_the_history_open() {
    let site = Site::new();
    site.repo.commit("main").file("a", "b\n").done();
    site.repo.config("uploadpackfilter.tree.allow", "false");
    let (head, first) = (site.id("main"), site.id("main^"));
    let found = site.session().ancestry(head, first).unwrap();
    assert_eq!(found, Ancestry::Unknown);
}

#[test]
fn a_commit_is_made_again_with_the_signature_it_had() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let key = SshKey::generate(KeyKind::Ecdsa(256));
    let signer = Signer::ssh(key.private_key().as_bytes(), None).unwrap();
    let request = CommitRequest {
        parent: tip,
        files: &[("README.md".into(), b"# Signed\n".to_vec())],
        author: someone(),
        committer: someone(),
        seconds: 1_700_000_000,
        message: "Sign",
        signer: Some(&signer),
    };
    let first = repository.commit(&request).unwrap();
    let signature = first.signature.as_deref();
    assert!(signature.is_some());
    let again = repository.commit_again(&request, signature).unwrap();
    assert_eq!(again, first);
    let unsigned = repository.commit_again(&request, None).unwrap();
    assert_eq!(unsigned.signature, None);
    assert_ne!(unsigned.id, first.id);
}

#[test]
fn a_reference_is_pointed_to_a_commit_that_the_server_has() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# New\n")]);
    let main = update("refs/heads/main", Some(tip), commit.id);
    assert!(site.push(&commit, &[main]).unwrap().is_ok());
    let session = site.remote().open_push().unwrap();
    assert_eq!(session.find("refs/heads/main"), Some(commit.id));
    assert_eq!(session.find("refs/heads/mai"), None);
    let mirror = update("refs/heads/mirror", None, commit.id);
    assert!(session.point(&mirror, &[]).unwrap().is_ok());
    assert_eq!(site.id("mirror"), commit.id);
    // One that it has not is refused by the server.
    let (session, unknown) = (
        site.remote().open_push().unwrap(),
        ObjectId::from_hex(&[b'1'; 40]).unwrap(),
    );
    let update = update("refs/heads/unknown", None, unknown);
    assert!(!session.point(&update, &[]).unwrap().is_ok());
    assert_eq!(site.repo.find("unknown"), None);
    site.repo.fsck();
}

#[test]
fn files_are_found_by_their_paths() {
    let site = Site::new();
    site.repo
        .commit("main")
        .file("apps/deep/er/x.yaml", "x\n")
        .symlink("link", "README.md")
        .done();
    let (repository, tip) = site.fetched();
    let paths = [
        "apps/run.sh",
        "missing",
        "apps/deep/er/x.yaml",
        "apps/podinfo.yaml",
        "apps",
        "apps/deep",
        "README.md/below",
        "README.md",
        "apps/run.sh",
        "link",
        "",
        "/README.md",
        "apps/../README.md",
        "apps/run.sh/",
    ];
    let found = repository.find_files(tip, &paths).unwrap();
    assert_eq!(found.len(), paths.len());
    for (path, found) in paths.iter().zip(found) {
        let listed = repository
            .files(tip, "")
            .unwrap()
            .into_iter()
            .find(|file| file.path == *path);
        assert_eq!(found, listed, "{path}");
    }
}

#[test]
fn a_commit_whose_parent_is_gone_is_not_adopted() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# New\n")]);
    drop(repository);
    std::fs::remove_dir_all(site.cache.path()).unwrap();
    let repository = site.repository();
    repository.adopt(&commit).unwrap();
    assert!(!repository.has_commit(commit.id));
}
