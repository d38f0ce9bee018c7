//! What is fetched, what is not, and from which servers.

use std::collections::HashMap;

use git_remote::{Error, FileKind, Keep, Limits, ObjectId, Options, Oversize};
use test_support::{
    git_http::{Fault, GitHttp},
    git_repo::TempRepo,
};

use crate::{Credentials, Session, Site, edit, id, update};

/// Streams blobs and returns what was shown.
fn shown(
    session: &mut Session,
    repository: &git_remote::Repository,
    ids: &[ObjectId],
    keep: Keep,
) -> (HashMap<ObjectId, Vec<u8>>, Vec<Oversize>) {
    let mut found = HashMap::new();
    let oversize = session
        .stream_blobs(repository, ids, &mut |id, content| {
            let before = found.insert(id, content.to_vec());
            assert_eq!(before, None, "each blob is shown once");
            keep
        })
        .unwrap();
    (found, oversize)
}

#[test]
fn a_commit_comes_without_blobs_and_they_come_by_id() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let files = repository.files(tip, "").unwrap();
    let blobs: Vec<ObjectId> = files.iter().map(|file| file.blob).collect();
    for blob in &blobs {
        assert_eq!(repository.blob(*blob).unwrap(), None);
    }
    let mut session = site.session();
    let oversize = session.fetch_blobs(&repository, &blobs).unwrap();
    assert_eq!(oversize, []);
    assert_eq!(
        repository
            .blob(site.id("main:README.md"))
            .unwrap()
            .as_deref(),
        Some(&b"# Demo\n"[..])
    );
    site.server.forget();
    session.fetch_blobs(&repository, &blobs).unwrap();
    assert_eq!(site.server.totals().requests, 0, "nothing is missing");
}

#[test]
fn streamed_blobs_stay_only_if_they_are_kept() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let blobs: Vec<ObjectId> = repository
        .files(tip, "apps")
        .unwrap()
        .iter()
        .map(|file| file.blob)
        .collect();
    let mut session = site.session();
    let (found, _) = shown(&mut session, &repository, &blobs, Keep::No);
    assert_eq!(found.len(), 2);
    assert_eq!(repository.blob(blobs[0]).unwrap(), None);
    let (again, _) = shown(&mut session, &repository, &blobs, Keep::Yes);
    assert_eq!(again, found);
    assert_eq!(
        repository.blob(blobs[0]).unwrap().as_ref(),
        found.get(&blobs[0])
    );
    let (from_cache, _) = shown(&mut session, &repository, &blobs, Keep::No);
    assert_eq!(from_cache, found);
}

#[test]
fn deltas_of_similar_files_are_resolved() {
    let site = Site::empty();
    let lines = (0..2000).fold(String::new(), |lines, i| {
        format!("{lines}key{i}: value {}\n", i * 7919)
    });
    let files = (0..60).map(|i| (format!("{i:02}.yaml"), format!("# {i}\n{lines}tail: {i}\n")));
    site.repo.commit("main").files(files).done();
    site.repo.repack();
    let (repository, tip) = site.fetched();
    let blobs: Vec<ObjectId> = repository
        .files(tip, "")
        .unwrap()
        .iter()
        .map(|file| file.blob)
        .collect();
    site.server.forget();
    let (found, _) = shown(&mut site.session(), &repository, &blobs, Keep::Yes);
    assert_eq!(found.len(), 60);
    assert!(
        site.server.totals().down < lines.len() as u64 * 10,
        "the server sends deltas"
    );
    assert!(repository.blob(blobs[59]).unwrap().is_some());
}

#[test]
fn a_blob_over_the_limit_is_reported_and_the_rest_comes() {
    let site = Site::new();
    let big = "x".repeat(100_000);
    site.repo
        .commit("main")
        .file("big.yaml", &big)
        .file("bigger.yaml", format!("{big}y"))
        .done();
    site.repo.repack();
    let (repository, tip) = site.fetched();
    let blobs: Vec<ObjectId> = repository
        .files(tip, "")
        .unwrap()
        .iter()
        .map(|file| file.blob)
        .collect();
    let limits = Limits {
        blob_bytes: 50_000,
        ..Limits::default()
    };
    let remote = site.remote_with(
        Credentials::Anonymous,
        Options {
            limits,
            ..Options::default()
        },
    );
    let mut session = remote.connect().unwrap();
    let (found, mut oversize) = shown(&mut session, &repository, &blobs, Keep::Yes);
    assert_eq!(found.len(), 3);
    oversize.sort_by_key(|blob| blob.bytes);
    let expected = [
        Oversize {
            id: site.id("main:big.yaml"),
            bytes: 100_000,
        },
        Oversize {
            id: site.id("main:bigger.yaml"),
            bytes: 100_001,
        },
    ];
    assert_eq!(oversize, expected);
}

#[test]
fn references_are_listed_by_prefix_and_tags_peeled() {
    let site = Site::new();
    let tag = site.repo.annotated_tag("v1", "main", "one");
    site.repo.branch("feature/x", "main");
    let mut session = site.session();
    let all = session.refs(&[]).unwrap();
    let names: Vec<_> = all.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "HEAD",
            "refs/heads/feature/x",
            "refs/heads/main",
            "refs/tags/v1"
        ]
    );
    let tags = session.refs(&["refs/tags/"]).unwrap();
    assert_eq!(tags.len(), 1);
    assert_eq!(tags[0].object, id(&tag));
    assert_eq!(tags[0].commit(), site.id("main"));
    let found = session.find_ref("refs/heads/main").unwrap();
    assert_eq!(found.commit(), site.id("main"));
}

#[test]
fn a_missing_branch_and_an_empty_repository_are_told_apart() {
    let site = Site::new();
    let missing = site.session().find_ref("refs/heads/mai").unwrap_err();
    assert!(matches!(&missing, Error::RefNotFound { name, .. } if name == "refs/heads/mai"));
    assert!(
        missing
            .to_string()
            .contains("couldn't find remote ref \"refs/heads/mai\"")
    );
    let empty = Site::empty();
    let error = empty.session().find_ref("refs/heads/main").unwrap_err();
    assert!(matches!(error, Error::EmptyRepository { .. }), "{error}");
    assert_eq!(empty.session().refs(&[]).unwrap(), []);
}

#[test]
fn a_moved_branch_is_fetched_as_a_difference() {
    let site = Site::empty();
    let files = (0..200).map(|i| (format!("{i}/file.yaml"), format!("{i}\n")));
    site.repo.commit("main").files(files).done();
    let (repository, _) = site.fetched();
    for i in 0..3 {
        site.repo
            .commit("main")
            .file("7/file.yaml", format!("new {i}\n"))
            .done();
    }
    site.server.forget();
    let mut session = site.session();
    let tip = session.find_ref("refs/heads/main").unwrap().commit();
    session.fetch_commit(&repository, tip).unwrap();
    let down = site.server.totals().down;
    assert!(down < 3000, "{down} bytes for one file");
    assert_eq!(repository.files(tip, "").unwrap().len(), 200);
    let shallow = std::fs::read_to_string(repository.dir().join("shallow")).unwrap();
    assert_eq!(
        shallow,
        format!("{tip}\n"),
        "the shallow file names the tip only"
    );
}

#[test]
fn a_rewritten_history_is_fetched_too() {
    let site = Site::new();
    let (repository, _) = site.fetched();
    site.repo
        .commit("main")
        .orphan()
        .file("other.yaml", "a: 1\n")
        .done();
    let mut session = site.session();
    let tip = session.find_ref("refs/heads/main").unwrap().commit();
    session.fetch_commit(&repository, tip).unwrap();
    let files = repository.files(tip, "").unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].path, "other.yaml");
    let commit = edit(&repository, tip, &[("other.yaml", "a: 2\n")]);
    site.push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();
    site.repo.fsck();
}

/// Fetches, reads every file, edits and pushes.
fn walk_through(site: &Site) {
    let (repository, tip) = site.fetched();
    let files = repository.files(tip, "").unwrap();
    let blobs: Vec<ObjectId> = files.iter().map(|file| file.blob).collect();
    let (found, _) = shown(&mut site.session(), &repository, &blobs, Keep::Yes);
    assert_eq!(found.len(), blobs.len());
    assert!(repository.blob(blobs[0]).unwrap().is_some());
    let commit = edit(
        &repository,
        tip,
        &[("apps/podinfo.yaml", "image: podinfo:2.0.0\n")],
    );
    site.push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();
    site.repo.fsck();
    site.repo
        .commit("main")
        .file("README.md", "# Changed\n")
        .done();
    let (repository, tip) = {
        drop(repository);
        site.fetched()
    };
    assert_eq!(repository.files(tip, "").unwrap().len(), 3);
}

#[test]
fn a_server_without_filter_sends_the_blobs_along() {
    let site = Site::new();
    site.repo.config("uploadpack.allowFilter", "false");
    let (repository, tip) = site.fetched();
    let files = repository.files(tip, "").unwrap();
    assert!(repository.blob(files[0].blob).unwrap().is_some());
    drop(repository);
    walk_through(&site);
}

#[test]
fn a_server_of_protocol_version_0_works() {
    let repo = TempRepo::new();
    let server = GitHttp::builder(repo.root()).version_0_only().start();
    let site = Site::with(repo, server);
    for i in 0..5 {
        site.repo
            .commit("main")
            .file("README.md", format!("# {i}\n"))
            .file("apps/podinfo.yaml", "image: podinfo:1.0.0\n")
            .executable("apps/run.sh", "#!/bin/sh\n")
            .done();
    }
    site.repo.annotated_tag("v1", "main", "one");
    let (repository, tip) = site.fetched();
    assert!(
        !repository.has_commit(site.id("main~1")),
        "only the tip is fetched"
    );
    let tags = site.session().refs(&["refs/tags/"]).unwrap();
    assert_eq!(tags[0].commit(), tip);
    drop(repository);
    walk_through(&site);
}

#[test]
fn any_commit_can_be_fetched_by_id() {
    let site = Site::new();
    let first = site.id("main");
    site.repo
        .commit("main")
        .file("README.md", "# Later\n")
        .done();
    let repository = site.repository();
    let mut session = site.session();
    session.fetch_commit(&repository, first).unwrap();
    assert_eq!(repository.files(first, "").unwrap().len(), 3);
    let unknown = id(&"1".repeat(40));
    let error = session.fetch_commit(&repository, unknown).unwrap_err();
    assert!(
        matches!(error, Error::ObjectNotFound { id, .. } if id == unknown),
        "{error}"
    );
}

#[test]
fn files_are_listed_in_order_with_their_kinds() {
    let site = Site::empty();
    site.repo
        .commit("main")
        .file("a.txt", "")
        .file("a/b", "1")
        .file("a-", "2")
        .executable("a/run", "3")
        .symlink("link", "/etc/passwd")
        .submodule("sub/module", &"1".repeat(40))
        .done();
    let (repository, tip) = site.fetched();
    let files = repository.files(tip, "").unwrap();
    let found: Vec<_> = files
        .iter()
        .map(|file| (file.path.as_str(), file.kind))
        .collect();
    assert_eq!(
        found,
        [
            ("a-", FileKind::Regular),
            ("a.txt", FileKind::Regular),
            ("a/b", FileKind::Regular),
            ("a/run", FileKind::Executable),
            ("link", FileKind::Symlink),
            ("sub/module", FileKind::Submodule),
        ]
    );
    let paths = |under: &str| -> Vec<String> {
        let files = repository.files(tip, under).unwrap();
        files.into_iter().map(|file| file.path).collect()
    };
    assert_eq!(paths("./a/"), ["a/b", "a/run"]);
    assert_eq!(paths("a/b"), ["a/b"]);
    assert_eq!(paths("."), paths(""));
    for outside in [
        "a/c",
        "a.txt/b",
        "..",
        "a/../a.txt",
        "link/x",
        "sub/module/x",
    ] {
        let error = repository.files(tip, outside).unwrap_err();
        assert!(
            matches!(error, Error::PathNotFound { .. }),
            "{outside}: {error}"
        );
    }
}

/// An answer of Git's own protocol, made by hand.
fn answer(kind: &str, lines: &[&str]) -> Fault {
    let packet = |line: &&str| match *line {
        "" => "0000".to_owned(),
        line => format!("{:04x}{line}", line.len() + 4),
    };
    Fault::Answer {
        status: 200,
        headers: vec![(
            "content-type",
            format!("application/x-git-upload-pack-{kind}"),
        )],
        body: lines.iter().map(packet).collect(),
    }
}

#[test]
fn a_server_that_gives_out_no_blobs_by_id_sends_them_with_the_commit() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let files = repository.files(tip, "").unwrap();
    let blobs: Vec<ObjectId> = files.iter().map(|file| file.blob).collect();
    let mut session = site.session();
    let refusal = format!("ERR upload-pack: not our ref {}", blobs[0]);
    site.server
        .fault("/git-upload-pack", 1, answer("result", &[&refusal]));
    let (found, oversize) = shown(&mut session, &repository, &blobs, Keep::No);
    assert_eq!((found.len(), oversize), (3, vec![]));
    assert!(
        repository.blob(blobs[0]).unwrap().is_some(),
        "all of them are here now"
    );

    site.repo
        .commit("main")
        .file("README.md", "# Later\n")
        .done();
    drop(repository);
    let (repository, _) = site.fetched();
    let later = site.id("main:README.md");
    assert!(
        repository.blob(later).unwrap().is_some(),
        "it is remembered"
    );

    let unknown = id(&"1".repeat(40));
    let error = session.fetch_blobs(&repository, &[unknown]).unwrap_err();
    assert!(
        matches!(error, Error::ObjectNotFound { id, .. } if id == unknown),
        "{error:?}"
    );
}

#[test]
fn a_branch_of_two_gets_its_own_blobs_from_such_a_server() {
    let site = Site::new();
    site.repo.branch("other", "main");
    site.repo
        .commit("other")
        .file("README.md", "# Other\n")
        .done();
    site.repo
        .commit("main")
        .file("README.md", "# Main\n")
        .done();
    let (repository, tip) = site.fetched();
    let mut session = site.session();
    for commit in [site.id("other"), tip] {
        session.fetch_commit(&repository, commit).unwrap();
    }
    let blob = site.id("main:README.md");
    let refusal = format!("ERR upload-pack: not our ref {blob}");
    site.server
        .fault("/git-upload-pack", 1, answer("result", &[&refusal]));
    session.fetch_blobs(&repository, &[blob]).unwrap();
    assert_eq!(repository.blob(blob).unwrap().unwrap(), b"# Main\n");
}

#[test]
fn a_damaged_answer_that_is_made_good_costs_no_objects() {
    let site = Site::new();
    let (repository, before) = site.fetched();
    site.repo.commit("main").file("README.md", "# Two\n").done();
    let garbage = answer("result", &["garbage"]);
    site.server.fault("/git-upload-pack", 1, garbage.clone());
    let tip = site.id("main");
    site.session().fetch_commit(&repository, tip).unwrap();
    drop(repository);
    let repository = site.repository();
    assert!(repository.has_commit(before) && repository.has_commit(tip));

    site.repo
        .commit("main")
        .file("README.md", "# Three\n")
        .done();
    site.server.fault("/git-upload-pack", 2, garbage);
    let fetched = site.session().fetch_commit(&repository, site.id("main"));
    assert!(
        matches!(fetched, Err(Error::Protocol { .. })),
        "{fetched:?}"
    );
    drop(repository);
    assert!(!site.repository().has_commit(tip), "it starts anew");
}

#[test]
fn a_server_that_cannot_be_shallow_sends_the_history() {
    let site = Site::new();
    site.repo.commit("main").file("README.md", "# Two\n").done();
    let lines = [
        "# service=git-upload-pack\n",
        "",
        "version 2\n",
        "ls-refs\n",
        "fetch\n",
        "object-format=sha1\n",
        "",
    ];
    site.server
        .fault("info/refs", 2, answer("advertisement", &lines));
    let (repository, tip) = site.fetched();
    assert_eq!(repository.files(tip, "").unwrap().len(), 3);
    assert!(repository.has_commit(site.id("main~1")));
    assert!(!repository.dir().join("shallow").exists());
    site.repo
        .commit("main")
        .file("README.md", "# Three\n")
        .done();
    site.server.forget();
    let mut session = site.session();
    session.fetch_commit(&repository, site.id("main")).unwrap();
    assert_eq!(repository.files(site.id("main"), "").unwrap().len(), 3);
}

#[test]
fn a_server_that_refuses_a_difference_sends_everything() {
    let site = Site::new();
    let (repository, _) = site.fetched();
    site.repo.commit("main").file("README.md", "# Two\n").done();
    let mut session = site.session();
    let refusal = answer("result", &["ERR upload-pack: cannot do that"]);
    site.server.fault("/git-upload-pack", 1, refusal.clone());
    session.fetch_commit(&repository, site.id("main")).unwrap();
    assert_eq!(repository.files(site.id("main"), "").unwrap().len(), 3);

    site.repo
        .commit("main")
        .file("README.md", "# Three\n")
        .done();
    site.server.fault("/git-upload-pack", 2, refusal);
    let error = session
        .fetch_commit(&repository, site.id("main"))
        .unwrap_err();
    assert!(
        matches!(&error, Error::Refused { message, .. } if message == "upload-pack: cannot do that"),
        "{error:?}"
    );
}

#[test]
fn answers_that_are_no_git_protocol_are_told() {
    let site = Site::new();
    let repository = site.repository();
    let tip = site.id("main");
    for lines in [
        &["surprise\n"][..],
        &[""],
        &["packfile\n", "\u{1}PACKnonsense-and-more-of-it", ""],
    ] {
        let mut session = site.session();
        site.server
            .fault("/git-upload-pack", 1, answer("result", lines));
        let error = session.fetch_commit(&repository, tip).unwrap_err();
        assert!(
            matches!(error, Error::Protocol { .. } | Error::ConnectionLost { .. }),
            "{lines:?}: {error:?}"
        );
    }
    let mut session = site.session();
    site.server.fault(
        "/git-upload-pack",
        1,
        answer("result", &["no reference\n", ""]),
    );
    let error = session.refs(&[]).unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
}

#[test]
fn sessions_and_repositories_move_between_threads() {
    fn moves<T: Send>() {}
    fn is_shared<T: Send + Sync + Clone>() {}
    moves::<Session>();
    moves::<git_remote::Repository>();
    is_shared::<git_remote::Remote>();
    is_shared::<git_remote::Cache>();
}

#[test]
fn a_blob_that_the_server_does_not_have_is_named() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let unknown = id(&"1".repeat(40));
    let ids = [site.id("main:README.md"), unknown];
    for _ in 0..2 {
        let error = site.session().fetch_blobs(&repository, &ids).unwrap_err();
        assert!(
            matches!(error, Error::ObjectNotFound { id, .. } if id == unknown),
            "{error:?}"
        );
    }
    drop(repository);
    assert!(site.repository().has_commit(tip));
}
