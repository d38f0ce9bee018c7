//! The second push.

use git_writer::{Fate, WriteError};
use test_support::git_http::Fault;

use crate::stage::{Ledger, Stage};

#[test]
fn a_refspec_is_pushed_second() {
    let stage = Stage::new();
    let mut plan = stage.plan("main");
    plan.spec.push.refspec = Some("refs/heads/main:refs/for/main".to_owned());
    let written = stage.write(&plan).unwrap();
    assert_eq!(written.refspec.as_deref(), Some("refs/for/main"));
    assert_eq!(
        stage.repository.rev_parse("refs/for/main"),
        written.commit.to_string()
    );
}

#[test]
fn a_refspec_equal_to_the_branch_is_no_error() {
    let stage = Stage::new();
    let mut plan = stage.plan("main");
    plan.spec.push.refspec = Some("refs/heads/main:refs/heads/main".to_owned());
    stage.write(&plan).unwrap();
    assert_eq!(stage.repository.count("main"), 2);
}

#[test]
fn a_refspec_replaces_foreign_commits_only_when_it_may() {
    let stage = Stage::new();
    let foreign = stage
        .repository
        .commit("mirror")
        .orphan()
        .file("x", "y")
        .done();
    let mut plan = stage.plan("main");
    plan.spec.push.refspec = Some("refs/heads/main:refs/heads/mirror".to_owned());
    let error = stage.write(&plan).unwrap_err();
    assert!(
        matches!(&error, WriteError::PushRefspec { source, .. } if matches!(**source, WriteError::NonFastForward { .. }))
    );
    assert_eq!(stage.repository.rev_parse("mirror"), foreign);

    let stage = Stage::new();
    stage
        .repository
        .commit("mirror")
        .orphan()
        .file("x", "y")
        .done();
    let mut plan = stage.plan("main");
    plan.spec.push.refspec = Some("+refs/heads/main:refs/heads/mirror".to_owned());
    let written = stage.write(&plan).unwrap();
    assert_eq!(
        stage.repository.rev_parse("mirror"),
        written.commit.to_string()
    );
}

#[test]
fn the_default_branch_is_no_push_branch_of_its_own() {
    let stage = Stage::new();
    stage.repository.branch("master", "main");
    let foreign = stage
        .repository
        .commit("prod")
        .orphan()
        .file("x", "y")
        .done();
    let mut plan = stage.plan("master");
    plan.spec.checkout.reference.branch = None;
    plan.spec.push.refspec = Some("refs/heads/master:refs/heads/prod".to_owned());
    let error = stage.write(&plan).unwrap_err();
    assert!(matches!(error, WriteError::PushRefspec { .. }), "{error}");
    assert_eq!(stage.repository.rev_parse("prod"), foreign);
}

#[test]
fn a_second_push_that_failed_is_made_by_the_next_attempt() {
    let stage = Stage::new();
    let mut plan = stage.plan("main");
    plan.spec.push.refspec = Some("refs/heads/main:refs/for/main".to_owned());
    let script = "#!/bin/sh\n[ \"$1\" != refs/for/main ] || { echo 'come back later'; exit 1; }\n";
    stage.repository.hook("update", script);
    let mut ledger = Ledger::default();
    let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
    assert_eq!(error.fate(), Fate::Waits);
    assert_eq!(
        error.landed().map(|commit| commit.to_string()),
        Some(stage.repository.rev_parse("main"))
    );
    // Somebody builds on the commit meanwhile; it is that one which belongs to the review all the same.
    let ours = stage.repository.rev_parse("main");
    stage
        .repository
        .commit("main")
        .file("other.txt", "x\n")
        .done();
    stage.repository.hook("update", "#!/bin/sh\nexit 0\n");
    let written = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(written.commit.to_string(), ours);
    assert_eq!(stage.repository.rev_parse("refs/for/main"), ours);
    assert_eq!(stage.repository.count("main"), 3);
}

#[test]
fn who_may_not_push_any_more_leaves_the_refspec_to_others() {
    let stage = Stage::new();
    let mut plan = stage.plan("main");
    plan.spec.push.refspec = Some("+refs/heads/main:refs/heads/mirror".to_owned());
    let mut ledger = Ledger {
        lapses: true,
        ..Ledger::default()
    };
    let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
    assert_eq!(error.fate(), Fate::Waits);
    assert_eq!(stage.repository.find("mirror"), None);
    let written = stage.go_on(&plan, None, &mut ledger.reborn()).unwrap();
    assert_eq!(
        stage.repository.find("mirror"),
        Some(written.commit.to_string())
    );
    assert_eq!(stage.repository.count("main"), 2);
}

#[test]
fn a_mirror_that_was_left_behind_catches_up() {
    let stage = Stage::new();
    stage.repository.branch("mirror", "main");
    stage
        .repository
        .commit("main")
        .file("other.txt", "x\n")
        .done();
    let mut plan = stage.plan("main");
    plan.spec.push.refspec = Some("refs/heads/main:refs/heads/mirror".to_owned());
    let written = stage.write(&plan).unwrap();
    assert_eq!(
        stage.repository.rev_parse("mirror"),
        written.commit.to_string()
    );
}

#[test]
fn commits_on_top_of_ours_at_the_destination_are_not_replaced() {
    let stage = Stage::new();
    let mut plan = stage.plan("main");
    plan.spec.push.refspec = Some("+refs/heads/main:refs/heads/mirror".to_owned());
    let mut ledger = Ledger::default();
    let first = stage.go_on(&plan, None, &mut ledger).unwrap();
    // The process ended before it could say so, and the destination went on.
    let foreign = stage
        .repository
        .commit("mirror")
        .file("other.txt", "x\n")
        .done();
    assert_eq!(stage.go_on(&plan, None, &mut ledger).unwrap(), first);
    assert_eq!(stage.repository.rev_parse("mirror"), foreign);
}

/// Takes a commit for review and shows no reference of it; refuses it the second time, as Gerrit does.
const REVIEW: &str = "#!/bin/sh
printf '000dversion=10000'
seen=\"$GIT_DIR/reviewed\"
if [ -e \"$seen\" ]; then
  printf '0024ng refs/for/main no new changes\\n0000'
else
  touch \"$seen\"
  printf '0015ok refs/for/main\\n0000'
fi
cat > /dev/null
";

fn review() -> (Stage, api::repin::v1alpha1::ImageUpdatePlan) {
    let stage = Stage::new();
    stage
        .repository
        .config("receive.procReceiveRefs", "refs/for");
    stage.repository.hook("proc-receive", REVIEW);
    let mut plan = stage.plan("main");
    plan.spec.push.refspec = Some("refs/heads/main:refs/for/main".to_owned());
    (stage, plan)
}

#[test]
fn a_review_that_never_shows_its_commit_gets_it_once() {
    let (stage, plan) = review();
    let mut ledger = Ledger::default();
    let first = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(stage.repository.find("refs/for/main"), None);
    assert_eq!(first.refspec.as_deref(), Some("refs/for/main"));
    assert!(first.messages.is_empty(), "{:?}", first.messages);
    // The process ended before it could say so.
    let second = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(second.commit, first.commit);
    let note = "refs/for/main has the commit already: no new changes";
    assert!(
        second.messages.contains(&note.to_owned()),
        "{:?}",
        second.messages
    );
    assert_eq!(stage.repository.count("main"), 2);
}

#[test]
fn a_review_whose_answer_was_lost_has_the_commit() {
    let (stage, plan) = review();
    let mut ledger = Ledger::default();
    // The first request is the branch's own.
    stage
        .git
        .fault("/git-receive-pack", 1, Fault::CloseAfter(100_000));
    stage
        .git
        .fault("/git-receive-pack", 1, Fault::CloseAfter(0));
    let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
    assert_eq!(error.fate(), Fate::Waits, "{error}");
    stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(stage.repository.count("main"), 2);
}

#[test]
fn a_review_refused_for_another_reason_is_no_success() {
    let (stage, plan) = review();
    let script = REVIEW.replace(
        "0015ok refs/for/main\\n0000",
        "0025ng refs/for/main not permitted..\\n0000",
    );
    stage.repository.hook("proc-receive", &script);
    let error = stage.write(&plan).unwrap_err();
    assert!(
        matches!(&error, WriteError::PushRefspec { source, .. } if matches!(**source, WriteError::Refused { .. })),
        "{error:?}"
    );
}
