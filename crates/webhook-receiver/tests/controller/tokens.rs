//! The Secret with the token: where the path of a hook comes from.

use api::notification::v1::Receiver;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use test_support::api_proxy::{Calls, Effect};
use test_support::cluster::eventually;

use crate::setup::{Setup, TOKEN, status};

#[tokio::test]
async fn without_a_token_there_is_no_path() {
    let setup = Setup::start().await;
    setup.apply(json!({})).await;
    setup.takes(TOKEN).await;
    let secret = format!("{}/token", setup.namespace.name());
    let labels = json!({ "reconcile.fluxcd.io/watch": "Enabled" });
    let refuses = async |text: String| {
        let receiver = setup.says(("False", "TokenNotFound", &text)).await;
        assert_eq!(status(&receiver).webhook_path, None);
        assert_eq!(status(&receiver).observed_generation, Some(1));
    };
    setup.delete_token().await;
    let not_found = "secrets \"token\" not found";
    refuses(format!(
        "unable to read token from secret '{secret}' error: {not_found}"
    ))
    .await;
    setup
        .apply_secret("token", &labels, &json!({ "tokens": "many" }))
        .await;
    refuses(format!(
        "invalid '{secret}' secret data: required fields 'token'"
    ))
    .await;
    // Flux takes an empty token, and with it anybody's hooks.
    setup.apply_token("token", "").await;
    refuses(format!(
        "invalid '{secret}' secret data: the field 'token' is empty"
    ))
    .await;
    setup.apply_token("token", "second").await;
    setup.takes("second").await;
}

#[tokio::test]
async fn a_new_token_of_a_labelled_secret_counts_at_once() {
    let setup = Setup::start().await;
    setup.apply(json!({})).await;
    setup.takes(TOKEN).await;
    let before = setup.path(TOKEN);
    setup.answers(&before, 500).await;
    for token in ["second", "second\n"] {
        setup.apply_token("token", token).await;
        setup.takes(token).await;
        let path = setup.path(token);
        setup.answers(&path, 500).await;
        setup.answers(&before, 404).await;
    }
}

#[tokio::test]
async fn a_new_token_of_another_secret_counts_after_the_interval_or_on_request() {
    let setup = Setup::start().await;
    let unlabelled = async |token: &str| {
        let data = json!({ "token": token });
        setup.apply_secret("plain", &json!({}), &data).await;
    };
    unlabelled("one").await;
    let spec = |interval: &str| json!({ "secretRef": { "name": "plain" }, "interval": interval });
    setup.apply(spec("1h")).await;
    setup.takes("one").await;
    unlabelled("two").await;
    setup.reconcile("now").await;
    setup.takes("two").await;
    setup.apply(spec("500ms")).await;
    setup.takes("two").await;
    unlabelled("three").await;
    setup.takes("three").await;
}

#[tokio::test]
async fn secrets_are_not_watched_where_the_gate_says_so() {
    let setup = Setup::with_args(&["--feature-gates=DisableConfigWatchers=true"]).await;
    setup.apply(json!({})).await;
    setup.takes(TOKEN).await;
    setup.apply_token("token", "second").await;
    setup.reconcile("now").await;
    setup.takes("second").await;
    assert_eq!(setup.proxy.count(&Calls::watches("secrets")), 0);
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_tried_again() {
    let setup = Setup::start().await;
    let reads = Calls::to("secrets").named("token");
    setup.proxy.fail_always(reads, Effect::Status(403));
    setup.apply(json!({})).await;
    setup
        .until("the failure is told", |receiver| {
            let conditions = status(receiver).conditions;
            conditions.iter().any(|one| one.reason == "TokenNotFound")
        })
        .await;
    setup.proxy.heal();
    setup.takes(TOKEN).await;
}

/// What Flux's controller has left is taken over, and what says the same is not written again.
#[tokio::test]
async fn a_status_of_flux_is_taken_over() {
    let mut setup = Setup::start().await;
    setup.controller.kill9();
    setup.apply(json!({})).await;
    let path = setup.path(TOKEN);
    let flux = json!({ "status": {
        "observedGeneration": 1,
        "webhookPath": path,
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Succeeded", "observedGeneration": 1,
            "message": format!("Receiver initialized for path: {path}"),
            "lastTransitionTime": "2026-08-07T10:00:00Z",
        }],
    }});
    let api = setup.namespace.api::<Receiver>();
    let params = PatchParams {
        field_manager: Some("notification-controller".to_owned()),
        ..PatchParams::default()
    };
    let written = api.patch_status("app", &params, &Patch::Merge(flux)).await;
    let written = written.unwrap();
    setup.proxy.forget();
    setup.controller.restart();
    setup.controller.ready().await;
    let finished = "Reconciliation finished, next run in 10m0s";
    setup.tells(("Normal", "Succeeded", finished)).await;
    let receiver = setup.receiver().await;
    assert_eq!(receiver.resource_version(), written.resource_version());
    assert_eq!(setup.status_writes(), 0);
    setup.apply_token("token", "second").await;
    setup.takes("second").await;
    // A status that it wrote itself is not written again after a restart, either.
    let before = setup.receiver().await;
    setup.controller.restart();
    setup.controller.ready().await;
    eventually("a pass", async || {
        let metrics = setup.controller.metrics().await;
        metrics
            .contains("gotk_reconcile_duration_seconds_count{kind=\"Receiver\"")
            .then_some(())
    })
    .await;
    let after = setup.receiver().await;
    assert_eq!(after.resource_version(), before.resource_version());
}
