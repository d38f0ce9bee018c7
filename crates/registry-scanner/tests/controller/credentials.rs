//! What the Secrets behind an object say, and what becomes of it when they change.

use serde_json::json;
use test_support::registry::Auth;

use crate::setup::{Setup, is_ready, message, result};

#[tokio::test]
async fn a_watched_secret_that_changes_leads_to_a_scan_at_once() {
    let setup = Setup::without_retries().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.registry.set_auth(Auth::basic("robot", "right"));
    let watched = json!({ "reconcile.fluxcd.io/watch": "Enabled" });
    setup.apply_secret("wrong", &watched).await;
    setup
        .apply(&json!({ "interval": "1h", "secretRef": { "name": "registry" } }))
        .await;
    let repository = setup.not_ready("ReadOperationFailed").await;
    assert!(
        message(&repository).starts_with("scan failed: "),
        "{}",
        message(&repository)
    );

    setup.apply_secret("right", &watched).await;
    let repository = setup.ready().await;
    assert_eq!(result(&repository).tag_count, 1);

    setup.registry.push_tag("app", "2.0.0");
    setup.registry.set_auth(Auth::basic("robot", "newer"));
    setup.apply_secret("newer", &watched).await;
    setup
        .until("the new list", |repository| {
            result(repository).tag_count == 2
        })
        .await;
}

#[tokio::test]
async fn a_secret_that_is_deleted_is_missed_and_welcome_back() {
    let setup = Setup::without_retries().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    let watched = json!({ "reconcile.fluxcd.io/watch": "Enabled" });
    setup.apply_secret("right", &watched).await;
    setup
        .apply(&json!({ "interval": "1h", "secretRef": { "name": "registry" } }))
        .await;
    let before = setup.ready().await;

    let secrets = setup.namespace.api::<k8s_openapi::api::core::v1::Secret>();
    drop(
        secrets
            .delete("registry", &kube::api::DeleteParams::default())
            .await
            .unwrap(),
    );
    let missed = setup.not_ready("AuthenticationFailed").await;
    let expected = "failed to configure authentication options: secrets \"registry\" not found";
    assert_eq!(message(&missed), expected);
    assert_eq!(result(&missed), result(&before), "the last good list stays");

    setup.apply_secret("right", &watched).await;
    setup.ready().await;
    assert_eq!(setup.lists(), 2, "another Secret is a reason to scan");
}

#[tokio::test]
async fn a_pull_secret_of_the_service_account_is_waited_for() {
    let setup = Setup::without_retries().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": { "name": "puller" },
        "imagePullSecrets": [{ "name": "registry" }],
    });
    setup.namespace.apply(&account.to_string()).await;
    setup
        .apply(&json!({ "interval": "1h", "serviceAccountName": "puller" }))
        .await;
    let missed = setup.not_ready("AuthenticationFailed").await;
    assert!(
        message(&missed).ends_with("/registry' not found"),
        "{}",
        message(&missed)
    );
    let watched = json!({ "reconcile.fluxcd.io/watch": "Enabled" });
    setup.apply_secret("right", &watched).await;
    setup.ready().await;
}

#[tokio::test]
async fn another_secret_in_the_spec_leads_to_a_scan_and_another_interval_does_not() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.apply_secret("right", &json!({})).await;
    setup.apply(&json!({ "interval": "1h" })).await;
    setup.ready().await;
    for (spec, lists) in [
        (json!({ "interval": "2h" }), 1),
        (json!({ "secretRef": { "name": "registry" } }), 2),
        (json!({ "insecure": true }), 3),
        (json!({ "timeout": "30s" }), 3),
    ] {
        setup.patch(&json!({ "spec": spec })).await;
        setup.until("the new spec is observed", is_ready).await;
        assert_eq!(setup.lists(), lists, "{spec}");
    }
}

#[tokio::test]
async fn a_secret_that_nobody_watches_counts_at_the_next_pass() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.apply_secret("one", &json!({})).await;
    setup
        .apply(&json!({ "interval": "1h", "secretRef": { "name": "registry" } }))
        .await;
    setup.ready().await;
    setup.apply_secret("two", &json!({})).await;
    setup.patch(&json!({ "spec": { "interval": "2h" } })).await;
    setup.until("the new spec is observed", is_ready).await;
    assert_eq!(setup.lists(), 2);
}
