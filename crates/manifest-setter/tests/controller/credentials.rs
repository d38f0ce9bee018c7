//! As whom the Git server is asked, and what changes of that lead to.

use k8s_openapi::api::core::v1::Secret;
use kube::api::DeleteParams;
use serde_json::json;
use test_support::cloud::{APP_ID, APP_INSTALLATION, APP_TOKEN, Cloud};
use test_support::git_http::GitHttp;
use test_support::ssh_keys::{KeyFormat, KeyKind, SshKey};

use crate::setup::Setup;

#[tokio::test]
async fn a_labelled_secret_leads_to_a_look_when_it_changes() {
    let setup = Setup::start().await;
    let private = GitHttp::builder(setup.repository.root())
        .basic("bot", "s3cret")
        .start();
    let secret = |password: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "git", "labels": { "reconcile.fluxcd.io/watch": "Enabled" } },
            "stringData": { "username": "bot", "password": password },
        })
        .to_string()
    };
    setup.namespace.apply(&secret("wrong")).await;
    let fields = json!({ "url": private.url("fleet.git"), "secretRef": { "name": "git" } });
    setup.apply_source(&fields).await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.0.0").await;
    setup.apply_automation(&json!({})).await;
    let denied = |automation: &_| {
        let ready = crate::setup::condition(automation, "Ready");
        ready.is_some_and(|ready| ready.reason == "GitOperationFailed")
    };
    let failed = setup.until("the refusal", denied).await;
    let message = &crate::setup::condition(&failed, "Ready").unwrap().message;
    assert!(
        message.starts_with("failed to checkout source: "),
        "{message}"
    );
    assert!(!message.contains("wrong"), "{message}");
    setup.namespace.apply(&secret("s3cret")).await;
    setup.up_to_date().await;
    private.forget();
    setup.namespace.apply(&secret("changed")).await;
    setup.until("the refusal", denied).await;
}

#[tokio::test]
async fn a_request_is_heeded_once_the_server_can_be_asked() {
    let setup = Setup::start().await;
    let private = GitHttp::builder(setup.repository.root())
        .basic("bot", "s3cret")
        .start();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "git" },
        "stringData": { "username": "bot", "password": "s3cret" },
    });
    setup.namespace.apply(&secret.to_string()).await;
    let fields = json!({ "url": private.url("fleet.git"), "secretRef": { "name": "git" } });
    setup.apply_source(&fields).await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.0.0").await;
    setup.apply_automation(&json!({})).await;
    setup.up_to_date().await;
    let secrets = setup.namespace.api::<Secret>();
    drop(
        secrets
            .delete("git", &DeleteParams::default())
            .await
            .unwrap(),
    );
    let reset = setup.marked("app", "0.9.0");
    let moved = setup.repository.commit("main");
    let head = moved.file("apps/app.yaml", reset).done();
    setup.reconcile("1").await;
    setup.fails("SourceManagerFailed").await;
    setup.namespace.apply(&secret.to_string()).await;
    let plan = setup.plan(1).await;
    assert_eq!(plan.spec.push.base, head);
}

#[tokio::test]
async fn a_token_is_counted_for_the_automation_that_asks_for_it() {
    let setup = Setup::start().await;
    let (github, key) = (
        Cloud::start().await,
        SshKey::generate_as(KeyKind::Rsa(2048), KeyFormat::Pem, ""),
    );
    github.register_app(&key);
    let private = GitHttp::builder(setup.repository.root())
        .basic("x-access-token", APP_TOKEN)
        .start();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "app" },
        "stringData": {
            "githubAppID": APP_ID, "githubAppInstallationID": APP_INSTALLATION,
            "githubAppPrivateKey": key.private_key(), "githubAppBaseURL": github.github_url(),
        },
    });
    setup.namespace.apply(&secret.to_string()).await;
    let fields = json!({ "url": private.url("fleet.git"), "provider": "github", "secretRef": { "name": "app" } });
    setup.apply_source(&fields).await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.0.0").await;
    setup.apply_automation(&json!({})).await;
    setup.up_to_date().await;
    setup.reconcile("1").await;
    for event in ["cache_miss", "cache_hit"] {
        let series = format!(
            "gotk_token_cache_events_total{{event_type=\"{event}\",kind=\"ImageUpdateAutomation\",name=\"fleet\",namespace=\"{}\"",
            setup.namespace.name()
        );
        assert_eq!(setup.counted(&series).await, 1, "{event}");
    }
    assert_eq!(setup.counted("gotk_token_cached_items").await, 1);
}
