//! When the Git server is asked, and when what is known of it serves.

use api::repin::v1alpha1::Phase;
use serde_json::json;
use test_support::cluster::eventually;

use crate::setup::{Setup, UP_TO_DATE, edit, edits, status};

/// What the server is asked when a reference list is all that is wanted: the capabilities, and the list.
const REQUESTS_OF_A_LOOK: usize = 2;

#[tokio::test]
async fn a_new_tag_is_planned_without_a_word_to_the_server() {
    let setup = Setup::start().await;
    setup.apply_all("1.0.0").await;
    setup.up_to_date().await;
    setup.git.forget();
    setup.choose("app", "1.1.0").await;
    let plan = setup.plan(1).await;
    assert_eq!(edits(&plan), [edit("apps/app.yaml", "1.0.0", "1.1.0")]);
    assert_eq!(setup.git.totals().requests, 0);
}

#[tokio::test]
async fn a_push_is_known_by_its_plan() {
    let setup = Setup::with_args(&["--batch-window=0s"]).await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    let commit = setup.push(&first).await;
    setup.up_to_date().await;
    // What the pass after a push has fetched is what it pushed.
    setup.git.forget();
    setup.choose("app", "1.2.0").await;
    let second = setup.plan(2).await;
    assert_eq!(second.spec.push.base, commit);
    assert_eq!(setup.git.totals().requests, 0);
}

#[tokio::test]
async fn a_plan_that_was_superseded_leads_to_a_look() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    let head = setup
        .repository
        .commit("main")
        .file(
            "apps/app.yaml",
            format!("# moved\n{}", setup.marked("app", "1.0.0")),
        )
        .done();
    setup
        .say(&first, Phase::Superseded, "a file has changed", &json!({}))
        .await;
    let second = setup.plan(2).await;
    assert_eq!(second.spec.push.base, head);
    assert_eq!(second.spec.files[0].edits[0].line, 2);
}

#[tokio::test]
async fn a_request_leads_to_a_look_and_to_no_more_than_that() {
    let setup = Setup::start().await;
    setup.apply_all("1.0.0").await;
    setup.up_to_date().await;
    setup.git.forget();
    setup.reconcile("1").await;
    let requests = setup.git.totals();
    assert_eq!(
        requests.requests,
        REQUESTS_OF_A_LOOK,
        "{:?}",
        setup.git.exchanges()
    );
    assert!(requests.down <= 2048, "{requests:?}");
}

#[tokio::test]
async fn another_url_leads_to_a_look() {
    let setup = Setup::start().await;
    setup.apply_all("1.0.0").await;
    setup.up_to_date().await;
    let other = setup.marked("app", "0.9.0");
    setup
        .repository
        .commit("other")
        .parent("main")
        .file("apps/app.yaml", other)
        .done();
    setup
        .apply_source(&json!({ "ref": { "branch": "other" } }))
        .await;
    let plan = setup.plan(1).await;
    assert_eq!(plan.spec.push.branch, "other");
    assert_eq!(edits(&plan), [edit("apps/app.yaml", "0.9.0", "1.0.0")]);
}

#[tokio::test]
async fn a_branch_that_is_forced_elsewhere_is_found() {
    let setup = Setup::start().await;
    setup.apply_all("1.0.0").await;
    setup.up_to_date().await;
    let head = setup
        .repository
        .commit("main")
        .orphan()
        .file("new.yaml", setup.marked("app", "0.9.0"))
        .done();
    setup.reconcile("1").await;
    let plan = setup.plan(1).await;
    assert_eq!(plan.spec.push.base, head);
    assert_eq!(edits(&plan), [edit("new.yaml", "0.9.0", "1.0.0")]);
}

#[tokio::test]
async fn a_range_of_tags_is_told_by_the_tag_in_it() {
    let setup = Setup::with_args(&["--batch-window=0s"]).await;
    let head = setup.repository.rev_parse("main");
    setup.repository.tag("v1.1.0", &head);
    setup.repository.tag("v2.0.0", &head);
    setup
        .apply_source(&json!({ "ref": { "branch": null, "semver": "1.x" } }))
        .await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.0.0").await;
    let push = json!({ "git": { "push": { "branch": "updates" } } });
    setup.apply_automation(&push).await;
    let revision = Some(format!("v1.1.0@sha1:{head}"));
    let automation = setup.up_to_date().await;
    assert_eq!(status(&automation).observed_source_revision, revision);
    // Also where nobody asks the server again.
    setup.choose("app", "1.1.0").await;
    let commit = setup.push(&setup.plan(1).await).await;
    let is_told = |automation: &_| status(automation).last_push_commit.as_ref() == Some(&commit);
    let automation = setup.until("the push", is_told).await;
    assert_eq!(status(&automation).observed_source_revision, revision);
}

#[tokio::test]
async fn a_push_branch_of_its_own_is_built_upon() {
    let setup = Setup::with_args(&["--batch-window=0s"]).await;
    setup.apply_source(&json!({})).await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.1.0").await;
    let push = json!({ "git": { "push": { "branch": "updates", "refspec": "refs/heads/updates:refs/heads/copy" } } });
    setup.apply_automation(&push).await;
    let head = setup.repository.rev_parse("main");
    let first = setup.plan(1).await;
    assert_eq!(
        (&*first.spec.push.branch, &first.spec.push.base),
        ("updates", &head)
    );
    let commit = setup.push(&first).await;
    let automation = setup.says(("True", "Succeeded"), UP_TO_DATE).await;
    // Flux names what was checked out there, not what was pushed.
    let revision = format!("main@sha1:{head}");
    assert_eq!(status(&automation).observed_source_revision, Some(revision));
    assert_eq!(status(&automation).last_push_commit.as_ref(), Some(&commit));
    setup.choose("app", "1.2.0").await;
    let second = setup.plan(2).await;
    assert_eq!(second.spec.push.base, commit);
    assert_eq!(edits(&second), [edit("apps/app.yaml", "1.1.0", "1.2.0")]);
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let setup = Setup::start().await;
    setup.git.fault(
        "service=git-upload-pack",
        2,
        test_support::git_http::Fault::Status(503),
    );
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    assert_eq!(plan.spec.sequence, 1);
    eventually("two failures", async || {
        let tried = setup.git.exchanges();
        (tried
            .iter()
            .filter(|tried| tried.status == Some(503))
            .count()
            == 2)
            .then_some(())
    })
    .await;
}
