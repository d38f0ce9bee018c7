//! Passes that know the heads already, and what they ask of the server.

use git_remote::{Credentials, Options, Remote};
use manifest_setter::{Heads, Knowledge, PlanError, plan};

use crate::stage::{MARKED, Stage, id};

/// The most bytes that a server sends for a look at its references.
const A_LOOK: u64 = 2_000;

#[test]
fn a_pass_with_known_heads_opens_no_connection() {
    let mut stage = Stage::new();
    let first = stage.remember();
    let pass = stage.pass().unwrap();
    assert_eq!(pass.plan, first.plan);
    stage.choose("3.0.0");
    let pass = stage.pass().unwrap();
    assert_eq!(pass.files[0].edits[0].new_value, "reg.io/app:3.0.0");
    assert_eq!(stage.git.exchanges(), []);
}

#[test]
fn nor_does_it_after_a_restart_with_the_cache() {
    let mut stage = Stage::new();
    stage
        .repository
        .commit("main")
        .symlink("apps/l.yaml", "none")
        .done();
    let first = stage.remember();
    stage.knowledge = Knowledge::default();
    let mut told = Vec::new();
    let pass = stage.step(|remote, repository, request| {
        plan(remote, repository, request, &mut |progress| {
            told.push(progress);
        })
    });
    assert_eq!(pass.unwrap().plan, first.plan);
    assert_eq!(told, [], "nothing takes its time");
    assert_eq!(stage.git.exchanges(), []);
}

#[test]
fn a_head_that_is_only_known_is_fetched_without_asking_for_references() {
    let mut stage = Stage::new();
    stage.remember();
    let other = format!("{MARKED}a: b\n");
    let moved = stage
        .repository
        .commit("main")
        .file("apps/b.yaml", other)
        .done();
    stage.know(&moved);
    assert_eq!(stage.pass().unwrap().files.len(), 2);
    let asked: Vec<_> = stage.git.exchanges();
    let asked: Vec<_> = asked
        .iter()
        .map(|exchange| exchange.method.as_str())
        .collect();
    assert_eq!(asked, ["GET", "POST", "POST"], "greeting, commit, manifest");
}

#[test]
fn what_was_fetched_ahead_is_planned_without_a_connection() {
    let mut stage = Stage::new();
    stage.remember();
    let pushed = MARKED.replace("1.0.0", "2.0.0");
    let pushed = stage
        .repository
        .commit("main")
        .file("apps/app.yaml", pushed)
        .done();
    stage.know(&pushed);
    let fetched = stage.pass().map(|pass| pass.heads);
    assert_eq!(fetched.unwrap(), stage.known.clone().unwrap());
    stage.git.forget();
    assert!(stage.pass().unwrap().plan.is_none());
    stage.choose("3.0.0");
    assert_eq!(
        stage.pass().unwrap().files[0].edits[0].old_value,
        "reg.io/app:2.0.0"
    );
    assert_eq!(stage.git.exchanges(), []);
}

#[test]
fn a_known_head_that_is_gone_makes_the_pass_ask() {
    let mut stage = Stage::new();
    stage.remember();
    stage.know(&"1".repeat(40));
    let pass = stage.pass().unwrap();
    assert_eq!(pass.base.to_string(), stage.repository.rev_parse("main"));
    assert_eq!(pass.heads.push, Some(pass.base));
}

#[test]
fn a_look_at_the_heads_fetches_nothing() {
    let mut stage = Stage::new();
    let pass = stage.remember();
    stage.known = None;
    let look = |stage: &Stage| -> Heads { stage.pass().unwrap().heads };
    assert_eq!(look(&stage), pass.heads);
    let totals = stage.git.totals();
    assert_eq!(totals.requests, 2);
    assert!(totals.down <= A_LOOK, "{totals:?}");

    let moved = stage
        .repository
        .commit("main")
        .file("apps/b.yaml", MARKED)
        .done();
    assert_eq!(look(&stage).checkout, id(&moved));
    stage.push_to("auto");
    assert_eq!(look(&stage).push, None);
    let missing = stage
        .repository
        .commit("auto")
        .parent("main")
        .file("x", "y")
        .done();
    assert_eq!(look(&stage).push, Some(id(&missing)));
}

#[test]
fn an_interval_over_many_files_that_did_not_move_costs_a_look() {
    let mut stage = Stage::new();
    let many = (0..500).fold(stage.repository.commit("main"), |commit, number| {
        commit.file(
            &format!("apps/{}/f{number}.yaml", number % 20),
            format!("a: {number}\n"),
        )
    });
    many.done();
    stage.remember();
    stage.known = None;
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
    let totals = stage.git.totals();
    assert!(totals.down <= A_LOOK, "{totals:?}");

    let more = stage
        .repository
        .commit("main")
        .file("apps/3/f3.yaml", MARKED);
    more.done();
    stage.git.forget();
    assert_eq!(stage.paths(), ["apps/3/f3.yaml", "apps/app.yaml"]);
    let totals = stage.git.totals();
    assert!(totals.down <= 2 * A_LOOK, "only what changed: {totals:?}");
}

#[test]
fn a_first_pass_is_one_conversation() {
    let stage = Stage::new();
    stage.pass().unwrap();
    let asked: Vec<_> = stage.git.exchanges();
    let asked: Vec<_> = asked
        .iter()
        .map(|exchange| exchange.method.as_str())
        .collect();
    assert_eq!(
        asked,
        ["GET", "POST", "POST", "POST"],
        "greeting, references, commit, manifests"
    );
}

#[test]
fn a_server_that_is_gone_matters_only_where_it_is_needed() {
    let mut stage = Stage::new();
    stage.remember();
    let nowhere = Remote::new(
        "http://127.0.0.1:9/fleet.git",
        Credentials::Anonymous,
        Options::default(),
    );
    let nowhere = nowhere.unwrap();
    let planned =
        stage.step(|_, repository, request| plan(&nowhere, repository, request, &mut |_| {}));
    assert!(planned.unwrap().plan.is_some());
    stage.known = None;
    let asked =
        stage.step(|_, repository, request| plan(&nowhere, repository, request, &mut |_| {}));
    let error = asked.unwrap_err();
    assert!(matches!(error, PlanError::Connect(_)));
    let message = error.message();
    let beginning = "failed to checkout source: cannot connect to http://127.0.0.1:9/fleet.git: ";
    assert!(message.starts_with(beginning), "{message}");
}
