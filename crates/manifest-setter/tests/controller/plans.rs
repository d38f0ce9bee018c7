//! What is planned, and how often.

use api::conditions::READY;
use api::repin::v1alpha1::{ImageUpdatePlan, Phase};
use kube::ResourceExt as _;
use kube::api::DeleteParams;
use serde_json::json;
use test_support::api_proxy::{Calls, Effect};
use test_support::cluster::eventually;

use crate::setup::{IMAGE, Setup, condition, edit, edits, name, status};

#[tokio::test]
async fn a_new_tag_is_a_plan_of_the_right_bytes_and_a_status() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    assert_eq!(edits(&plan), [edit("apps/app.yaml", "1.0.0", "1.1.0")]);
    let head = setup.repository.rev_parse("main");
    assert_eq!(
        (&plan.spec.push.base, &plan.spec.checkout.commit),
        (&head, &head)
    );
    assert_eq!((&*plan.spec.push.branch, plan.spec.sequence), ("main", 1));
    let automation = setup.automation().await;
    let owner = plan.owner_references().first().unwrap();
    assert_eq!(Some(&owner.uid), automation.metadata.uid.as_ref());
    assert_eq!(plan.labels()["repin.dev/image-update-automation"], "fleet");

    let commit = setup.push(&plan).await;
    assert_eq!(
        setup.repository.show_text("main", "apps/app.yaml"),
        setup.marked("app", "1.1.0")
    );
    let automation = setup.up_to_date().await;
    let status = status(&automation);
    assert_eq!(status.last_push_commit.as_deref(), Some(&*commit));
    assert!(status.last_push_time.is_some());
    assert!(status.last_automation_run_time.is_some());
    let revision = format!("main@sha1:{commit}");
    assert_eq!(status.observed_source_revision, Some(revision));
    let observed = &status.observed_policies["app"];
    assert_eq!((&*observed.name, &*observed.tag), (IMAGE, "1.1.0"));
    assert_eq!(status.observed_generation, automation.metadata.generation);
}

#[tokio::test]
async fn nothing_to_change_is_no_plan() {
    let setup = Setup::start().await;
    setup.apply_all("1.0.0").await;
    let automation = setup.up_to_date().await;
    let head = setup.repository.rev_parse("main");
    let revision = format!("main@sha1:{head}");
    assert_eq!(status(&automation).observed_source_revision, Some(revision));
    assert_eq!(status(&automation).last_push_commit, None);
    assert!(setup.plans().await.is_empty());
}

#[tokio::test]
async fn an_interval_that_finds_nothing_new_plans_nothing_and_fetches_nothing() {
    let setup = Setup::start().await;
    setup.apply_source(&json!({})).await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.0.0").await;
    setup.apply_automation(&json!({ "interval": "2s" })).await;
    let before = setup.up_to_date().await;
    let run = |automation: &_| status(automation).last_automation_run_time;
    let looks = async || {
        setup
            .counted("repin_update_decisions_total{heads=\"Server\"}")
            .await
    };
    let first = looks().await;
    setup.git.forget();
    eventually("three runs", async || {
        (looks().await >= first + 3).then_some(())
    })
    .await;
    let after = setup
        .until("the time of a run", |now| run(now) != run(&before))
        .await;
    // What was asked for is the references: a request for their list, and one for them.
    let requests = setup.git.totals();
    assert!(
        requests.down <= 2048 * requests.requests as u64 / 2,
        "{requests:?}"
    );
    assert_eq!(condition(&after, READY), condition(&before, READY));
    assert!(setup.plans().await.is_empty());
}

#[tokio::test]
async fn another_decision_supersedes_a_plan_that_nobody_writes() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    setup.choose("app", "1.2.0").await;
    let second = setup.plan(2).await;
    assert_eq!(edits(&second), [edit("apps/app.yaml", "1.0.0", "1.2.0")]);
    assert_eq!(second.spec.sequence, first.spec.sequence + 1);
    // The first one ends; nothing more is planned for that.
    setup
        .say(&first, Phase::Superseded, "superseded", &json!({}))
        .await;
    let passes = setup.passes().await;
    setup.passes_beyond(passes).await;
    assert_eq!(setup.plans().await.len(), 2);
    let commit = setup.push(&second).await;
    let automation = setup.up_to_date().await;
    assert_eq!(status(&automation).last_push_commit, Some(commit));
    assert_eq!(setup.plans().await.len(), 2);
}

/// Nobody writes plans, and the newest one is what will be written once somebody does.
#[tokio::test]
async fn a_decision_that_comes_back_supersedes_what_came_between() {
    let setup = Setup::with_args(&["--batch-window=0s"]).await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    setup.choose("app", "1.2.0").await;
    setup.newest(2).await;
    setup.choose("app", "1.1.0").await;
    let third = setup.newest(3).await;
    assert_eq!(edits(&third), edits(&first));
    setup.reconcile("1").await;
    assert_eq!(setup.newest(3).await.uid(), third.uid());
}

/// One of them may have been begun, of which the controller has not heard.
#[tokio::test]
async fn plans_that_nobody_writes_do_not_pile_up() {
    let setup = Setup::with_args(&["--batch-window=0s"]).await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    let commit = json!({ "commit": "c", "parent": "b", "time": "2026-01-01T00:00:00Z" });
    setup
        .write_status(&first, json!({ "prepared": commit }))
        .await;
    for number in 2..=8 {
        setup.choose("app", &format!("1.{number}.0")).await;
        setup.newest(number).await;
    }
    let what = "those that the newest ones overtake are gone";
    let plans = eventually(what, async || {
        Some(setup.plans().await).filter(|plans| plans.len() == 3)
    })
    .await;
    let numbers: Vec<i64> = plans.iter().map(|plan| plan.spec.sequence).collect();
    assert_eq!(numbers, [1, 7, 8]);
    setup.reconcile("1").await;
    assert_eq!(setup.plans().await.len(), 3);
}

#[tokio::test]
async fn a_decision_that_comes_back_is_a_plan_of_another_name() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    let before = setup.repository.rev_parse("main");
    setup.push(&first).await;
    setup.up_to_date().await;
    // Somebody resets the branch.
    setup
        .repository
        .git(&["update-ref", "refs/heads/main", &before]);
    setup.reconcile("1").await;
    let second = setup.plan(2).await;
    assert_eq!(edits(&second), edits(&first));
    assert_ne!(name(&second), name(&first));
}

#[tokio::test]
async fn a_plan_without_need_is_taken_back() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    setup
        .say(&plan, Phase::AwaitingApproval, "", &json!({}))
        .await;
    let awaiting = format!(
        "plan '{plan}' awaits approval: create an ImageUpdateApproval of that name",
        plan = name(&plan)
    );
    setup.says(("False", "AwaitingApproval"), &awaiting).await;
    setup.choose("app", "1.0.0").await;
    setup.up_to_date().await;
    assert!(setup.plans().await.is_empty());
}

#[tokio::test]
async fn a_plan_whose_push_has_begun_is_taken_back_once_it_is_refused() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    let commit = json!({ "commit": "c", "parent": "b", "time": "2026-01-01T00:00:00Z" });
    let problem = "failed to push to remote: the server says no";
    let prepared = json!({ "prepared": commit });
    setup.say(&plan, Phase::Pending, problem, &prepared).await;
    let text = format!("failed to update source: {problem}");
    setup.says(("False", "GitOperationFailed"), &text).await;
    let passes = setup.passes().await;
    setup.choose("app", "1.0.0").await;
    setup.passes_beyond(passes).await;
    assert_eq!(setup.plans().await.len(), 1, "it may have landed");
    setup.write_status(&plan, json!({ "prepared": null })).await;
    setup.up_to_date().await;
    assert!(setup.plans().await.is_empty());
}

#[tokio::test]
async fn a_plan_that_changes_while_it_is_taken_back_is_taken_back_once_more() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    setup.plan(1).await;
    let deletes = || Calls::deletes("imageupdateplans");
    setup.proxy.fail(deletes(), 1, Effect::Status(409));
    setup.choose("app", "1.0.0").await;
    setup.up_to_date().await;
    assert!(setup.plans().await.is_empty());
    assert_eq!(setup.proxy.count(&deletes()), 2);
}

#[tokio::test]
async fn a_plan_that_is_deleted_is_made_again() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    let api = setup.namespace.api::<ImageUpdatePlan>();
    drop(
        api.delete(&name(&plan), &DeleteParams::default())
            .await
            .unwrap(),
    );
    let again = eventually("the plan", async || {
        let again = api.get_opt(&name(&plan)).await.unwrap()?;
        (again.uid() != plan.uid()).then_some(again)
    })
    .await;
    assert_eq!(edits(&again), edits(&plan));
}

#[tokio::test]
async fn ten_ended_plans_are_kept() {
    let setup = Setup::with_args(&["--batch-window=0s"]).await;
    setup.apply_all("1.1.0").await;
    let mut last = String::new();
    for number in 1..=12 {
        let plan = eventually("a plan", async || {
            let plans = setup.plans().await;
            plans.into_iter().find(|plan| !plan.is_ended())
        })
        .await;
        assert_eq!(plan.spec.sequence, number);
        last = setup.push(&plan).await;
        setup.choose("app", &format!("1.{}.0", number + 1)).await;
    }
    let what = "the oldest plans are gone";
    let plans = eventually(what, async || {
        let plans = setup.plans().await;
        (plans.iter().filter(|plan| plan.is_ended()).count() == 10).then_some(plans)
    })
    .await;
    assert_eq!(plans.first().map(|plan| plan.spec.sequence), Some(3));
    let is_told = |automation: &_| status(automation).last_push_commit.as_ref() == Some(&last);
    setup.until("the last push", is_told).await;
}

#[tokio::test]
async fn what_is_refused_is_not_planned_again_before_the_interval() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    setup
        .say(&first, Phase::Failed, "refused", &json!({}))
        .await;
    let message = "failed to update source: refused";
    setup.says(("False", "GitOperationFailed"), message).await;
    let passes = setup.passes().await;
    setup.choose("app", "1.1.0").await;
    setup.apply_policy("other").await;
    setup.choose("other", "1.1.0").await;
    setup.passes_beyond(passes).await;
    assert_eq!(setup.plans().await.len(), 1);
    // Another decision is another plan, and so is a request.
    setup.choose("app", "1.2.0").await;
    let second = setup.plan(2).await;
    setup
        .say(&second, Phase::Failed, "refused", &json!({}))
        .await;
    setup.says(("False", "GitOperationFailed"), message).await;
    setup.reconcile("1").await;
    let third = setup.plan(3).await;
    assert_eq!(edits(&third), edits(&second));
}

#[tokio::test]
async fn a_failed_write_of_a_plan_is_told_and_repeated() {
    let setup = Setup::start().await;
    let calls = || Calls::writes("imageupdateplans");
    setup.proxy.fail(calls(), 1, Effect::Status(403));
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    assert!(setup.proxy.count(&calls()) >= 2);
    setup.push(&plan).await;
    setup.up_to_date().await;
}
