//! What moves within the batch window is one plan.

use std::time::{Duration, Instant};

use api::repin::v1alpha1::{ImageUpdatePlan, Phase};
use serde_json::json;
use test_support::cluster::eventually;

use crate::setup::{Setup, edits};

const POLICIES: usize = 10;

fn names() -> impl Iterator<Item = String> {
    (0..POLICIES).map(|number| format!("app-{number}"))
}

/// A repository with a file for each of ten policies, and nothing to do.
async fn ten(args: &[&str]) -> Setup {
    let setup = Setup::with_args(args).await;
    let files: Vec<_> = names()
        .map(|name| (format!("apps/{name}.yaml"), setup.marked(&name, "1.0.0")))
        .collect();
    setup.repository.commit("main").files(files).done();
    setup.apply_source(&json!({})).await;
    for name in names() {
        setup.apply_policy(&name).await;
        setup.choose(&name, "1.0.0").await;
    }
    setup.apply_automation(&json!({})).await;
    let message = "repository up-to-date; 1 marker without effect: ";
    setup
        .until("all is quiet", |automation| {
            let ready = crate::setup::condition(automation, "Ready");
            ready.is_some_and(|ready| ready.message.starts_with(message))
        })
        .await;
    setup
}

async fn open(setup: &Setup) -> ImageUpdatePlan {
    eventually("a plan", async || {
        let plans = setup.plans().await;
        plans.into_iter().find(|plan| !plan.is_ended())
    })
    .await
}

#[tokio::test]
async fn ten_policies_are_two_plans() {
    let setup = ten(&["--batch-window=20s"]).await;
    setup.choose("app-0", "1.1.0").await;
    let first = open(&setup).await;
    assert_eq!(edits(&first).len(), 1);
    for name in names().skip(1) {
        setup.choose(&name, "1.1.0").await;
    }
    setup.push(&first).await;
    let second = open(&setup).await;
    assert_eq!(edits(&second).len(), POLICIES - 1);
    assert_eq!(setup.plans().await.len(), 2);
    setup.push(&second).await;
    setup
        .until("the last push", |automation| {
            crate::setup::status(automation).last_push_commit
                == setup.repository.find("refs/heads/main")
        })
        .await;
    assert_eq!(setup.plans().await.len(), 2);
}

#[tokio::test]
async fn a_plan_is_left_alone_within_the_window_and_superseded_after_it() {
    let setup = ten(&["--batch-window=5s"]).await;
    setup.choose("app-0", "1.1.0").await;
    let first = open(&setup).await;
    for name in names().skip(1) {
        setup.choose(&name, "1.1.0").await;
    }
    let second = setup.plan(2).await;
    assert_eq!(edits(&first).len(), 1);
    assert_eq!(edits(&second).len(), POLICIES);
    assert!(second.spec.sequence > first.spec.sequence);
}

#[tokio::test]
async fn a_retry_that_somebody_asks_for_is_made_when_the_window_is_over() {
    let window = Duration::from_secs(4);
    let setup = Setup::with_args(&["--batch-window=4s"]).await;
    setup.apply_all("1.1.0").await;
    let first = setup.plan(1).await;
    setup.choose("app", "1.2.0").await;
    let second = setup.plan(2).await;
    let before = Instant::now();
    // The window begins with a push, of which nothing is left on the branch.
    let head = setup.repository.rev_parse("main");
    setup.pushed(&first, &head).await;
    setup
        .say(&second, Phase::Failed, "refused", &json!({}))
        .await;
    let text = "failed to update source: refused";
    setup.says(("False", "GitOperationFailed"), text).await;
    setup.reconcile("1").await;
    let is_held = setup.plans().await.len() == 2;
    assert!(is_held || before.elapsed() >= window, "it is not held");
    let third = setup.plan(3).await;
    assert_eq!(edits(&third), edits(&second));
}
