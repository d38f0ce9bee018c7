//! Others who write to the same branch.

use std::sync::Once;

use api::repin::v1alpha1::ImageUpdatePlan;
use git_writer::{Fate, WriteError, Written};
use test_support::git_repo::TempRepo;

use crate::stage::{CONTENT, FILE, Ledger, Stage};

#[test]
fn a_branch_that_moves_during_the_push_is_built_upon_at_once() {
    let stage = Stage::new();
    let other = stage.repository.clone();
    let moved = Once::new();
    stage.git.before_receive_pack(move || {
        moved.call_once(|| {
            other.commit("main").file("other.txt", "x\n").done();
        });
    });
    let mut ledger = Ledger::default();
    let written = stage.go_on(&stage.plan("main"), None, &mut ledger).unwrap();
    assert_eq!(
        ledger.stored.len(),
        2,
        "each commit is told before it is pushed"
    );
    assert_eq!(
        stage.repository.rev_parse("main"),
        written.commit.to_string()
    );
    assert_eq!(stage.repository.show_text("main", "other.txt"), "x\n");
    assert_eq!(stage.repository.count("main"), 3);
}

#[test]
fn a_branch_that_never_rests_is_given_up_and_waits() {
    let stage = Stage::new();
    let other = stage.repository.clone();
    stage.git.before_receive_pack(move || {
        other.commit("main").file("other.txt", "x\n").done();
    });
    let error = stage.write(&stage.plan("main")).unwrap_err();
    assert!(matches!(error, WriteError::KeptMoving { .. }), "{error}");
    assert_eq!(error.fate(), Fate::Waits);
}

#[test]
fn a_push_branch_that_appeared_is_built_upon() {
    let stage = Stage::new();
    let plan = stage.plan("auto");
    stage.repository.branch("auto", "main");
    let foreign = stage
        .repository
        .commit("auto")
        .file("other.txt", "x\n")
        .done();
    let written = stage.write(&plan).unwrap();
    assert_eq!(written.parent.to_string(), foreign);
    assert_eq!(stage.repository.show_text("auto", "other.txt"), "x\n");
}

#[test]
fn a_push_branch_that_was_merged_and_deleted_is_planned_anew() {
    let stage = Stage::new();
    let mut plan = stage.plan("auto");
    plan.spec.push.base = stage
        .repository
        .commit("auto")
        .parent("main")
        .file("other.txt", "x\n")
        .done();
    stage.repository.delete("refs/heads/auto");
    let error = stage.write(&plan).unwrap_err();
    assert!(matches!(error, WriteError::BranchGone { .. }), "{error}");
    assert_eq!(error.fate(), Fate::Superseded);
    assert_eq!(stage.repository.find("auto"), None);
}

#[test]
fn a_push_branch_is_not_made_of_commits_that_the_checkout_dropped() {
    let stage = Stage::new();
    let plan = stage.plan("auto");
    stage
        .repository
        .commit("main")
        .orphan()
        .file(FILE, CONTENT)
        .done();
    let error = stage.write(&plan).unwrap_err();
    assert_eq!(error.fate(), Fate::Superseded, "{error}");
    assert_eq!(stage.repository.find("auto"), None);
}

#[test]
fn a_push_branch_is_made_on_an_older_commit_of_the_checkout() {
    let stage = Stage::new();
    let plan = stage.plan("auto");
    stage
        .repository
        .commit("main")
        .file("other.txt", "x\n")
        .done();
    let written = stage.write(&plan).unwrap();
    assert_eq!(written.parent.to_string(), plan.spec.push.base);
}

#[test]
fn eight_writers_and_somebody_else_lose_nothing() {
    const WRITERS: usize = 8;
    const FOREIGN: usize = 12;
    let stage = Stage::new();
    let files: Vec<String> = (0..WRITERS)
        .map(|number| format!("apps/{number}.yaml"))
        .collect();
    stage
        .repository
        .commit("main")
        .files(files.iter().map(|path| (path, CONTENT)))
        .done();
    let before = stage.repository.count("main");
    let plans: Vec<ImageUpdatePlan> = files
        .iter()
        .map(|path| stage.plan_for("main", &[path]))
        .collect();
    let written: Vec<Written> = std::thread::scope(|scope| {
        let stage = &stage;
        let writers: Vec<_> = plans
            .iter()
            .map(|plan| scope.spawn(move || until_written(stage, plan)))
            .collect();
        for number in 0..FOREIGN {
            commit_elsewhere(&stage.repository, number);
        }
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    let history = stage.repository.log("main", "%H");
    for written in &written {
        assert!(history.contains(&written.commit.to_string()));
    }
    assert_eq!(stage.repository.count("main"), before + WRITERS + FOREIGN);
    for path in &files {
        let text = stage.repository.show_text("main", path);
        assert_eq!(text, CONTENT.replace("1.0.0", "2.0.0"));
    }
    for number in 0..FOREIGN {
        stage.repository.show("main", &format!("foreign/{number}"));
    }
    stage.repository.fsck();
}

/// As a controller does it: what waits is tried again, with what was recorded.
fn until_written(stage: &Stage, plan: &ImageUpdatePlan) -> Written {
    let mut ledger = Ledger::default();
    loop {
        match stage.go_on(plan, None, &mut ledger) {
            Ok(written) => return written,
            Err(error) => assert_eq!(error.fate(), Fate::Waits, "{error:?}"),
        }
        assert!(ledger.stored.len() < 100, "{ledger:?}");
    }
}

/// Commits as a careful person does: nothing of anybody's is overwritten.
fn commit_elsewhere(repository: &TempRepo, number: usize) {
    let side = format!("side-{number}");
    loop {
        let old = repository.rev_parse("main");
        let new = repository
            .commit(&side)
            .parent(&old)
            .file(&format!("foreign/{number}"), "x\n")
            .done();
        let moved = repository.try_git(&["update-ref", "refs/heads/main", &new, &old]);
        if moved.status.success() {
            repository.delete(&format!("refs/heads/{side}"));
            return;
        }
    }
}

#[test]
fn two_branches_of_one_repository_are_pushed_at_the_same_time() {
    let stage = Stage::new();
    stage.repository.branch("other", "main");
    let (main, mut other) = (stage.plan("main"), stage.plan("other"));
    other.spec.checkout.reference.branch = Some("other".to_owned());
    // The cache is warm, so that nobody waits for the other to fetch.
    stage.write(&stage.plan("warm")).unwrap();
    let hold = stage.git.hold("/git-receive-pack");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| stage.write(&main).unwrap());
        hold.wait_until_reached();
        let free = stage.write(&other).unwrap();
        assert_eq!(stage.repository.rev_parse("other"), free.commit.to_string());
        drop(hold);
        let late = writer.join().unwrap();
        assert_eq!(stage.repository.rev_parse("main"), late.commit.to_string());
    });
}

#[test]
fn a_plan_that_another_process_wrote_is_written() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    // Neither knows of the other's journal.
    let first = stage.write(&plan).unwrap();
    assert_eq!(stage.write(&plan).unwrap(), first);
    stage.repository.commit("main").file(FILE, "a: 2\n").done();
    assert_eq!(stage.write(&plan).unwrap(), first);
    assert_eq!(stage.repository.count("main"), 3);
}

#[test]
fn a_protected_branch_is_waited_for() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let script = "#!/bin/sh\necho 'main is protected' >&2\nexit 1\n";
    stage.repository.hook("pre-receive", script);
    let mut ledger = Ledger::default();
    let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
    assert!(error.to_string().contains("main is protected"), "{error}");
    assert_eq!(error.fate(), Fate::Waits);
    stage.repository.hook("pre-receive", "#!/bin/sh\nexit 0\n");
    let written = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(written.commit.to_string(), ledger.stored[0].commit);
    assert_eq!(ledger.stored.len(), 1);
}
