//! The controller begins anew, or finds what another has written.

use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::Phase;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use test_support::api_proxy::{Calls, Effect};

use crate::setup::{Setup, UP_TO_DATE, edits, now, status};

#[tokio::test]
async fn a_restart_writes_nothing_and_plans_nothing_twice() {
    let mut setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    for _ in 0..2 {
        setup.setter.restart();
        setup.setter.ready().await;
        setup.passes_beyond(0).await;
    }
    assert_eq!(setup.plan(1).await.uid(), plan.uid());
    setup.push(&plan).await;
    let before = setup.up_to_date().await;
    setup.proxy.forget();
    setup.setter.restart();
    setup.setter.ready().await;
    setup.passes_beyond(0).await;
    assert_eq!(setup.status_writes(), 0);
    assert_eq!(
        setup.automation().await.resource_version(),
        before.resource_version()
    );
    assert_eq!(setup.plans().await.len(), 1);
}

#[tokio::test]
async fn a_plan_whose_answer_was_lost_is_made_once() {
    let setup = Setup::start().await;
    setup
        .proxy
        .fail(Calls::writes("imageupdateplans"), 1, Effect::LoseAnswer);
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    setup.push(&plan).await;
    setup.up_to_date().await;
    assert_eq!(setup.plans().await.len(), 1);
}

#[tokio::test]
async fn what_happened_while_it_was_away_is_seen() {
    let mut setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    setup.setter.kill9();
    let commit = setup.push(&first).await;
    setup.choose("app", "1.2.0").await;
    setup.setter.restart();
    let second = setup.plan(2).await;
    assert_eq!(second.spec.push.base, commit);
    assert_eq!(second.spec.sequence, first.spec.sequence + 1);
    setup
        .until("the push", |automation| {
            status(automation).last_push_commit.as_ref() == Some(&commit)
        })
        .await;
}

#[tokio::test]
async fn watches_that_break_lose_nothing() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    setup.proxy.cut();
    setup.push(&first).await;
    setup.up_to_date().await;
    setup.proxy.cut();
    setup.choose("app", "1.2.0").await;
    let second = setup.plan(2).await;
    assert_eq!(edits(&second).len(), 1);
}

/// What Flux's controller has left is taken over, and a message that says the same is not written again.
#[tokio::test]
async fn a_status_of_flux_is_taken_over() {
    let mut setup = Setup::start().await;
    setup.setter.kill9();
    setup.apply_all("1.0.0").await;
    let head = setup.repository.rev_parse("main");
    let flux = json!({ "status": {
        "observedGeneration": 1,
        "lastAutomationRunTime": now(),
        "lastPushCommit": head,
        "lastPushTime": now(),
        "observedPolicies": { "app": { "name": crate::setup::IMAGE, "tag": "1.0.0" } },
        "observedSourceRevision": format!("main@sha1:{head}"),
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Succeeded", "observedGeneration": 1,
            "message": UP_TO_DATE, "lastTransitionTime": now(),
        }],
    }});
    let api = setup.namespace.api::<ImageUpdateAutomation>();
    let params = PatchParams {
        field_manager: Some("image-automation-controller".to_owned()),
        ..PatchParams::default()
    };
    let written = api
        .patch_status("fleet", &params, &Patch::Merge(flux))
        .await;
    let written = written.unwrap();
    setup.setter.restart();
    setup.setter.ready().await;
    setup.passes_beyond(0).await;
    let automation = setup.automation().await;
    assert_eq!(automation.resource_version(), written.resource_version());
    setup.choose("app", "1.1.0").await;
    let plan = setup.plan(1).await;
    let commit = setup.push(&plan).await;
    setup
        .until("the push", |automation| {
            status(automation).last_push_commit.as_ref() == Some(&commit)
        })
        .await;
}

#[tokio::test]
async fn a_suspended_automation_is_left_alone_until_it_is_resumed() {
    let setup = Setup::start().await;
    setup.apply_all("1.0.0").await;
    setup.up_to_date().await;
    setup
        .patch_automation(&json!({ "spec": { "suspend": true } }))
        .await;
    let suspended = setup
        .until("the suspension is seen", |automation| {
            status(automation).observed_generation == Some(2)
        })
        .await;
    let passes = setup.passes().await;
    setup.choose("app", "1.1.0").await;
    setup.passes_beyond(passes).await;
    let automation = setup.automation().await;
    assert_eq!(automation.resource_version(), suspended.resource_version());
    assert!(setup.plans().await.is_empty());
    setup
        .patch_automation(&json!({ "spec": { "suspend": false } }))
        .await;
    let plan = setup.plan(1).await;
    setup
        .say(&plan, Phase::AwaitingApproval, "", &json!({}))
        .await;
}
