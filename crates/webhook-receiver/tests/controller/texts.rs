//! What people and tools read: reasons and messages to the character.

use api::conditions::{READY, RECONCILING};
use api::finalizers::FLUX;
use api::notification::v1::Receiver;
use hook_payload::hook_path;
use k8s_openapi::api::events::v1::Event;
use kube::api::DeleteParams;
use serde_json::json;
use test_support::cluster::eventually;

use crate::setup::{Setup, TOKEN, condition, said, status};

const FINISHED: &str = "Reconciliation finished, next run in 10m0s";

#[tokio::test]
async fn a_receiver_has_a_path_and_says_so() {
    let setup = Setup::start().await;
    setup.apply(json!({})).await;
    let receiver = setup.takes(TOKEN).await;
    assert_eq!(receiver.metadata.finalizers, None);
    assert_eq!(status(&receiver).last_handled_reconcile_at, None);
    setup.tells(("Normal", "Succeeded", FINISHED)).await;
    let events = setup.events().await;
    let reporter = events[0].reporting_controller.as_deref();
    assert_eq!(reporter, Some("webhook-receiver"));
}

#[tokio::test]
async fn every_pass_is_told_and_only_news_are_written() {
    let setup = Setup::start().await;
    setup.apply(json!({ "interval": "90m" })).await;
    setup.takes(TOKEN).await;
    let told = (
        "Normal",
        "Succeeded",
        "Reconciliation finished, next run in 1h30m0s",
    );
    setup.tells(told).await;
    let (writes, before) = (setup.status_writes(), times_told(&setup).await);
    setup.reconcile("now").await;
    assert_eq!(setup.status_writes(), writes + 1, "the answer");
    eventually("the pass is told, too", async || {
        (times_told(&setup).await > before).then_some(())
    })
    .await;
}

/// How often something was told, however often the same.
async fn times_told(setup: &Setup) -> i32 {
    let events = setup.events().await;
    let times = |event: &Event| event.series.as_ref().map_or(1, |series| series.count);
    events.iter().map(times).sum()
}

#[tokio::test]
async fn an_expression_that_cannot_be_used_stalls_and_keeps_the_path() {
    let setup = Setup::start().await;
    setup.apply(json!({})).await;
    setup.takes(TOKEN).await;
    setup.apply(json!({ "resourceFilter": "req.flag" })).await;
    let text = "Reconciliation failed terminally due to configuration error: invalid resourceFilter expression: \
                CEL expression output type mismatch: expected bool, got dyn";
    let receiver = setup.stalls("InvalidCELExpression", text).await;
    let path = setup.path(TOKEN);
    assert_eq!(status(&receiver).webhook_path.as_ref(), Some(&path));
    setup.tells(("Warning", "InvalidCELExpression", text)).await;
    setup.answers(&path, 503).await;

    let resource = json!({ "kind": "ImageRepository", "name": "app", "filter": "'text'" });
    setup.apply(json!({ "resources": [resource] })).await;
    let text = "Reconciliation failed terminally due to configuration error: \
                invalid filter expression for resources[0] (kind=\"ImageRepository\", name=\"app\"): \
                CEL expression output type mismatch: expected bool, got string";
    setup.stalls("InvalidCELExpression", text).await;

    setup.apply(json!({})).await;
    setup.takes(TOKEN).await;
    // The ImageRepository does not exist.
    setup.answers(&path, 500).await;
}

#[tokio::test]
async fn a_receiver_of_a_provider_has_a_path_without_a_token() {
    let setup = Setup::start().await;
    let validations = json!([{ "expression": "claims.sub == 'me'", "message": "not me" }]);
    let provider = json!({ "issuerURL": "https://issuer.example", "validations": validations });
    let spec = json!({ "type": "generic-oidc", "secretRef": null, "oidcProviders": [provider] });
    setup.apply(spec).await;
    let path = hook_path(None, "app", setup.namespace.name());
    let text = format!("Receiver initialized for path: {path}");
    let receiver = setup.says(("True", "Succeeded", &text)).await;
    assert_eq!(status(&receiver).webhook_path, Some(path));

    let validations = json!([{ "expression": "claims.sub", "message": "not me" }]);
    let provider = json!({ "issuerURL": "https://issuer.example", "validations": validations });
    let spec = json!({ "type": "generic-oidc", "secretRef": null, "oidcProviders": [provider] });
    setup.apply(spec).await;
    let text = "Reconciliation failed terminally due to configuration error: \
                oidcProviders[0] (issuerURL=\"https://issuer.example\"): invalid expression for validation \"not me\": \
                CEL expression output type mismatch: expected bool, got dyn";
    setup.stalls("InvalidCELExpression", text).await;
}

#[tokio::test]
async fn a_suspended_receiver_keeps_its_status_and_refuses_hooks() {
    let setup = Setup::start().await;
    setup.apply(json!({ "suspend": true })).await;
    setup.apply_token("token", "second").await;
    setup.reconcile("while suspended").await;
    let receiver = setup.receiver().await;
    assert_eq!(condition(&receiver, READY), None);
    assert_eq!(status(&receiver).observed_generation, Some(-1));
    assert!(setup.events().await.is_empty(), "nobody has judged it");

    setup.apply(json!({})).await;
    setup.takes("second").await;
    setup.tells(("Normal", "Succeeded", FINISHED)).await;
    let path = setup.path("second");
    setup.answers(&path, 500).await;
    setup
        .apply(json!({ "suspend": true, "interval": "20m" }))
        .await;
    let told = (
        "Normal",
        "Succeeded",
        "Reconciliation finished, next run in 20m0s",
    );
    setup.tells(told).await;
    setup.answers(&path, 503).await;
    let receiver = setup.until("the suspension is seen", |receiver| {
        status(receiver).observed_generation == receiver.metadata.generation
    });
    assert_eq!(status(&receiver.await).webhook_path, Some(path));
}

#[tokio::test]
async fn a_pass_that_fails_says_that_it_is_tried_again() {
    let setup = Setup::start().await;
    setup.delete_token().await;
    setup.apply(json!({})).await;
    let namespace = setup.namespace.name();
    let text = format!(
        "unable to read token from secret '{namespace}/token' error: secrets \"token\" not found"
    );
    let receiver = setup.says(("False", "TokenNotFound", &text)).await;
    assert_eq!(
        said(condition(&receiver, RECONCILING)),
        Some(("True", "ProgressingWithRetry", "Reconciliation in progress"))
    );
    assert_eq!(status(&receiver).observed_generation, Some(-1));
    setup.tells(("Warning", "Failed", &text)).await;
}

#[tokio::test]
async fn the_finalizer_of_flux_goes_with_the_receiver() {
    let setup = Setup::start().await;
    setup.apply(json!({})).await;
    setup.takes(TOKEN).await;
    let path = setup.path(TOKEN);
    setup.answers(&path, 500).await;
    setup
        .patch(&json!({ "metadata": { "finalizers": [FLUX] } }))
        .await;
    let api = setup.namespace.api::<Receiver>();
    drop(api.delete("app", &DeleteParams::default()).await.unwrap());
    eventually("the Receiver is gone", async || {
        api.get_opt("app").await.unwrap().is_none().then_some(())
    })
    .await;
    setup.answers(&path, 404).await;
}
