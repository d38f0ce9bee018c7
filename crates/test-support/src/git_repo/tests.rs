use super::TempRepo;

const SUBMODULE: &str = "0123456789012345678901234567890123456789";

#[test]
fn a_commit_holds_exactly_the_files_given() {
    let repo = TempRepo::new();
    let id = repo
        .commit("main")
        .file("b/with \"quotes\".yaml", b"\xff\r\nno end")
        .executable("run.sh", "#!/bin/sh\n")
        .symlink("link", "b")
        .submodule("module", SUBMODULE)
        .message("first\n")
        .done();
    let entries: Vec<_> = repo
        .ls_tree(&id)
        .into_iter()
        .map(|entry| (entry.mode, entry.path))
        .collect();
    let expected = [
        ("100644", "b/with \"quotes\".yaml"),
        ("120000", "link"),
        ("160000", "module"),
        ("100755", "run.sh"),
    ];
    assert_eq!(
        entries,
        expected.map(|(mode, path)| (mode.to_owned(), path.to_owned()))
    );
    assert_eq!(
        repo.show("main", "b/with \"quotes\".yaml"),
        b"\xff\r\nno end"
    );
    assert_eq!(repo.message("main"), "first\n");
    assert_eq!(repo.rev_parse("main"), id);
    repo.fsck();
}

#[test]
fn later_commits_keep_and_remove_files_of_earlier_ones() {
    let repo = TempRepo::new();
    let first = repo
        .commit("main")
        .files([("a", "1\n"), ("b/c", "2\n")])
        .done();
    let second = repo
        .commit("main")
        .file("a", "3\n")
        .remove("b")
        .at(1_800_000_000)
        .done();
    assert_eq!(repo.changed_paths(&first, &second), ["a", "b/c"]);
    assert!(repo.diff(&first, &second).contains("-1\n+3"));
    assert_eq!(repo.count("main"), 2);
    assert_eq!(repo.log("main", "%ct"), "1800000000\n1700000000");
}

#[test]
fn history_can_be_rewritten_by_force() {
    let repo = TempRepo::new();
    let first = repo.commit("main").file("a", "1").done();
    repo.commit("main").file("a", "2").done();
    repo.commit("main").parent(&first).file("a", "3").done();
    assert_eq!(repo.count("main"), 2);
    repo.commit("main").orphan().file("b", "4").done();
    assert_eq!(repo.count("main"), 1);
    assert_eq!(repo.ls_tree("main").len(), 1);
}

#[test]
fn references_are_made_listed_and_removed() {
    let repo = TempRepo::named("team/app.git");
    let commit = repo.commit("main").file("a", "1").done();
    let tag = repo.annotated_tag("v1", "main", "one");
    repo.tag("light", "main");
    repo.branch("feature/x", &commit);
    assert_ne!(tag, commit);
    let names: Vec<_> = repo
        .references()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "refs/heads/feature/x",
            "refs/heads/main",
            "refs/tags/light",
            "refs/tags/v1"
        ]
    );
    repo.delete("refs/heads/feature/x");
    assert_eq!(repo.find("feature/x"), None);
    assert_eq!(repo.name(), "team/app.git");
}

#[test]
fn an_unsigned_commit_is_not_verified() {
    let repo = TempRepo::new();
    let id = repo.commit("main").file("a", "1").done();
    assert!(!repo.verify_openpgp(&id, repo.path()).good);
    assert!(!repo.verify_ssh(&id, &repo.path().join("missing")).good);
}

#[test]
#[should_panic(expected = "git rev-parse")]
fn what_git_refuses_is_a_panic_with_its_text() {
    TempRepo::new().rev_parse("missing");
}
