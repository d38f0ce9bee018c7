//! The controller begins anew, or finds what another has written.

use api::image::v1::ImagePolicy;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use test_support::cluster::eventually;

use crate::setup::{ANY_VERSION, IMAGE, Setup, chosen, now, status};

#[tokio::test]
async fn a_restart_writes_nothing() {
    let mut setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    let before = setup.chooses("1.1.0").await;
    setup.proxy.forget();
    for _ in 0..2 {
        setup.evaluator.restart();
        setup.evaluator.ready().await;
        setup.until_passed().await;
        assert_eq!(setup.evaluations().await, 1);
    }
    assert_eq!(setup.status_writes(), 0);
    let after = setup.policy().await;
    assert_eq!(after.resource_version(), before.resource_version());
}

#[tokio::test]
async fn what_happened_while_it_was_away_is_seen() {
    let mut setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
    setup.evaluator.kill9();
    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    setup.evaluator.restart();
    setup.chooses("1.1.0").await;
}

#[tokio::test]
async fn watches_that_break_lose_nothing() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
    setup.proxy.cut();
    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    setup.chooses("1.1.0").await;
    assert_eq!(setup.evaluations().await, 2);
}

/// What Flux's controller has left is taken over, and a message that says the same is not written again.
#[tokio::test]
async fn a_status_of_flux_is_taken_over() {
    let mut setup = Setup::start().await;
    setup.evaluator.kill9();
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    let since = now();
    let flux = json!({ "status": {
        "observedGeneration": 1,
        "latestRef": { "name": IMAGE, "tag": "1.0.0" },
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Succeeded", "observedGeneration": 1,
            "message": "Latest image tag for reg.example/team/app resolved to 1.0.0",
            "lastTransitionTime": since,
        }],
    }});
    let api = setup.namespace.api::<ImagePolicy>();
    let params = PatchParams {
        field_manager: Some("image-reflector-controller".to_owned()),
        ..PatchParams::default()
    };
    let written = api.patch_status("app", &params, &Patch::Merge(flux)).await;
    let written = written.unwrap();
    setup.evaluator.restart();
    setup.evaluator.ready().await;
    setup.until_passed().await;
    let policy = setup.policy().await;
    assert_eq!(policy.resource_version(), written.resource_version());
    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    setup.chooses("1.1.0").await;
}

#[tokio::test]
async fn a_suspended_policy_is_left_alone_until_it_is_resumed() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
    setup
        .patch_policy(&json!({ "spec": { "suspend": true } }))
        .await;
    let suspended = setup
        .until("the suspension is seen", |policy| {
            status(policy).observed_generation == Some(2)
        })
        .await;
    let passes = setup.passes().await;
    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    eventually("a look at it", async || {
        (setup.passes().await > passes).then_some(())
    })
    .await;
    let policy = setup.policy().await;
    assert_eq!(policy.resource_version(), suspended.resource_version());
    assert_eq!(chosen(&policy).as_deref(), Some("1.0.0"));
    setup
        .patch_policy(&json!({ "spec": { "suspend": false } }))
        .await;
    setup.chooses("1.1.0").await;
}
