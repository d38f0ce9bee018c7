//! Fetch, edit, commit, push, and what `git` finds afterwards.

use git_remote::{CommitRequest, Identity, Keep};

use crate::{Site, edit, someone, update};

#[test]
fn an_edit_changes_exactly_one_file() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(
        &repository,
        tip,
        &[("apps/podinfo.yaml", "image: podinfo:1.1.0\n")],
    );
    let report = site
        .push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();

    assert!(report.is_ok(), "{report:?}");
    site.repo.fsck();
    assert_eq!(site.id("main"), commit.id);
    assert_eq!(
        site.repo.changed_paths("main~1", "main"),
        ["apps/podinfo.yaml"]
    );
    assert_eq!(
        site.repo.show_text("main", "apps/podinfo.yaml"),
        "image: podinfo:1.1.0\n"
    );
}

#[test]
fn modes_and_contents_survive_byte_for_byte() {
    let site = Site::new();
    site.repo
        .commit("main")
        .symlink("link", "README.md")
        .submodule("vendor", &"1".repeat(40))
        .file("crlf.yaml", "a: 1\r\nb: 2")
        .done();
    let before = site.repo.ls_tree("main");
    let (repository, tip) = site.fetched();
    let commit = edit(
        &repository,
        tip,
        &[
            ("apps/run.sh", "#!/bin/sh\nexit 1"),
            ("crlf.yaml", "a: 2\r\nb: 2"),
        ],
    );
    site.push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();

    site.repo.fsck();
    let after = site.repo.ls_tree("main");
    let modes = |entries: &[test_support::git_repo::TreeEntry]| -> Vec<(String, String)> {
        entries
            .iter()
            .map(|entry| (entry.mode.clone(), entry.path.clone()))
            .collect()
    };
    assert_eq!(modes(&before), modes(&after));
    assert_eq!(site.repo.show("main", "crlf.yaml"), b"a: 2\r\nb: 2");
    assert_eq!(
        site.repo.changed_paths("main~1", "main"),
        ["apps/run.sh", "crlf.yaml"]
    );
}

#[test]
fn author_committer_time_and_message_are_exact() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let files = [("README.md".to_owned(), b"# New\n".to_vec())];
    let commit = repository
        .commit(&CommitRequest {
            parent: tip,
            files: &files,
            author: Identity {
                name: "Jörg <x>\nY".into(),
                email: "j@example.com>".into(),
            },
            committer: someone(),
            seconds: 1_234_567_890,
            message: "no newline at the end: é",
            signer: None,
        })
        .unwrap();
    site.push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();

    site.repo.fsck();
    assert_eq!(
        site.repo.raw_commit("main"),
        format!(
            "tree {}\nparent {tip}\nauthor Jörg xY <j@example.com> 1234567890 +0000\n\
             committer Repin <repin@example.com> 1234567890 +0000\n\nno newline at the end: é",
            commit.tree
        )
    );
}

#[test]
fn equal_requests_make_equal_commits() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let files = [("README.md", "# New\n")];
    assert_eq!(
        edit(&repository, tip, &files),
        edit(&repository, tip, &files)
    );
    assert_ne!(
        edit(&repository, tip, &files).id,
        edit(&repository, tip, &[("README.md", "# Other\n")]).id
    );
}

#[test]
fn a_commit_without_changes_has_its_parents_tree() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Demo\n")]);
    assert_eq!(commit.tree, site.id("main^{tree}"));
}

#[test]
fn a_pushed_commit_that_was_adopted_needs_no_fetch() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# New\n")]);
    site.push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();
    assert!(!repository.has_commit(commit.id));
    repository.adopt(&commit).unwrap();
    drop(repository);

    let mut session = site.session();
    site.server.forget();
    let repository = site.repository();
    session.fetch_commit(&repository, commit.id).unwrap();
    assert_eq!(site.server.totals().requests, 0);
    let next = edit(&repository, commit.id, &[("README.md", "# Newer\n")]);
    let report = site
        .push(
            &next,
            &[update("refs/heads/main", Some(commit.id), next.id)],
        )
        .unwrap();
    assert!(report.is_ok());
    site.repo.fsck();
    assert_eq!(site.repo.count("main"), 3);
}

#[test]
fn many_files_are_edited_in_one_commit() {
    let site = Site::empty();
    let files = |version: u32| {
        (0..300).map(move |i| {
            (
                format!("apps/{}/{i}.yaml", i % 7),
                format!("v: {version}.{i}\n"),
            )
        })
    };
    site.repo.commit("main").files(files(1)).done();
    let (repository, tip) = site.fetched();
    let mut session = site.session();
    let entries = repository.files(tip, "apps").unwrap();
    let ids: Vec<_> = entries.iter().map(|entry| entry.blob).collect();
    let mut seen = 0;
    session
        .stream_blobs(&repository, &ids, &mut |_, content| {
            seen += usize::from(content.starts_with(b"v: 1."));
            Keep::No
        })
        .unwrap();
    assert_eq!(seen, 300);

    let changes: Vec<(String, String)> = files(2).collect();
    let changes: Vec<(&str, &str)> = changes
        .iter()
        .map(|(path, content)| (path.as_str(), content.as_str()))
        .collect();
    let commit = edit(&repository, tip, &changes);
    site.push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();
    site.repo.fsck();
    assert_eq!(site.repo.changed_paths("main~1", "main").len(), 300);
    repository.adopt(&commit).unwrap();
    assert_eq!(repository.files(commit.id, "").unwrap().len(), 300);
}
