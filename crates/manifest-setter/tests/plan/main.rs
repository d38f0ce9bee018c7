//! Passes over a real Git server.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has failed")]

mod checkout;
mod known;
mod links;
mod objects;
mod policies;
mod stage;
mod templates;

use std::io::Write as _;
use std::process::Stdio;

use manifest_setter::Knowledge;
use test_support::git_repo::git_command;

use stage::{MARKED, Stage};

#[test]
fn only_marked_files_below_the_path_are_edited() {
    let stage = Stage::new();
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
}

#[test]
fn the_path_may_be_a_file_and_must_exist() {
    let mut stage = Stage::new();
    let at = |stage: &mut Stage, path: &str| {
        stage.automation.spec.update.path = Some(path.to_owned());
    };
    at(&mut stage, "./other/x.yaml");
    assert_eq!(stage.paths(), ["other/x.yaml"]);
    assert_eq!(stage.paths(), ["other/x.yaml"], "known by now");
    at(&mut stage, "");
    assert_eq!(stage.paths(), ["apps/app.yaml", "other/x.yaml"]);
    at(&mut stage, "none");
    let error = stage.pass().unwrap_err();
    assert_eq!(error.reason(), "UpdateFailed");
    let message = error.message();
    let beginning = "failed to apply policies: path 'none' does not exist";
    assert!(message.starts_with(beginning), "{message}");
}

#[test]
fn only_names_of_manifests_count() {
    let stage = Stage::new();
    let commit = stage.repository.commit("main");
    let names = [
        "a.txt",
        "b.yaml.tmpl",
        "c/Kustomization",
        "d/.e.yml",
        "f.yaml/g",
    ];
    let commit = names.iter().fold(commit, |commit, name| {
        commit.file(&format!("apps/{name}"), MARKED)
    });
    commit.executable("apps/h.yaml", MARKED).done();
    let expected = ["app.yaml", "c/Kustomization", "d/.e.yml", "h.yaml"];
    assert_eq!(stage.paths(), expected.map(|name| format!("apps/{name}")));
}

#[test]
fn a_file_that_is_too_large_is_a_finding_in_every_pass() {
    let mut stage = Stage::new();
    let padding = "# x\n".repeat(2_200_000);
    stage
        .repository
        .commit("main")
        .file("apps/bundle.yaml", format!("{MARKED}{padding}"))
        .done();
    stage.options.limits.blob_bytes = 20 << 20;
    assert_eq!(stage.rules(), ["too-large"]);
    stage.git.forget();
    assert_eq!(stage.rules(), ["too-large"]);
    assert!(stage.git.totals().down < 2_000, "it is not read again");
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
}

#[test]
fn a_file_over_the_bound_of_the_remote_is_not_asked_for_again() {
    let mut stage = Stage::new();
    let file = format!("{MARKED}{}", "# x\n".repeat(2_000));
    stage
        .repository
        .commit("main")
        .file("apps/big.yaml", file)
        .done();
    stage.options.limits.blob_bytes = 4_000;
    assert_eq!(stage.rules(), ["too-large"]);
    stage.knowledge = Knowledge::default();
    stage.git.forget();
    assert_eq!(stage.rules(), ["too-large"]);
    assert_eq!(
        stage.git.totals().requests,
        2,
        "{:?}",
        stage.git.exchanges()
    );
}

#[test]
fn a_cache_that_is_deleted_costs_nothing_but_time() {
    let stage = Stage::new();
    stage.pass().unwrap();
    std::fs::remove_dir_all(stage.cache.path()).unwrap();
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
}

#[test]
fn a_few_trees_that_stand_for_millions_of_files_are_refused() {
    let stage = Stage::new();
    let mut tree = stage.repository.rev_parse("main:apps");
    for _ in 0..6 {
        let entries = (0..10).map(|number| format!("040000 tree {tree}\td{number}\n"));
        tree = make_tree(&stage, &entries.collect::<String>());
    }
    let apps = make_tree(&stage, &format!("040000 tree {tree}\tapps\n"));
    let commit = stage.repository.git(&["commit-tree", "-m", "many", &apps]);
    stage.repository.reference("refs/heads/main", commit.trim());
    let message = stage.pass().unwrap_err().message();
    let end = "holds more files with markers than the limit of 200000";
    assert!(message.ends_with(end), "{message}");
}

fn make_tree(stage: &Stage, entries: &str) -> String {
    let mut git = git_command(stage.repository.path())
        .arg("mktree")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = git.stdin.take().unwrap();
    input.write_all(entries.as_bytes()).unwrap();
    drop(input);
    let output = git.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
