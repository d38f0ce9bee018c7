//! What is answered, and what is told to nobody.

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::DeleteParams;
use reqwest::Method;
use serde_json::json;
use test_support::api_proxy::{Calls, Effect};
use test_support::cluster::eventually;

use crate::setup::{Setup, TOKEN, time};

/// `printf '{}' | openssl dgst -sha256 -hmac a-token-that-nobody-may-see`
const SIGNED: &str = "ab0c433921f31ef32189802b2e0db690db6488c5027a632af7e510f839d5358d";

#[tokio::test]
async fn a_hook_asks_for_a_reconciliation() {
    let setup = Setup::start().await;
    let path = setup.receiver_of_app("any", "generic").await;
    let before = Timestamp::now();
    assert_eq!(setup.post(&path, "{}").await, 200);
    let requested = setup.requested("app").await.unwrap();
    let asked = time(&requested);
    assert!(before <= asked && asked <= Timestamp::now(), "{requested}");

    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = setup.send(method, &path, &[], "").await;
        assert_eq!(answer.status(), 200);
    }
    for unknown in [
        format!("{path}?a=b"),
        format!("{path}0"),
        "/hook/".to_owned(),
    ] {
        assert_eq!(setup.post(&unknown, "{}").await, 404, "{unknown}");
    }
}

#[tokio::test]
async fn who_is_not_the_sender_asks_for_nothing() {
    let setup = Setup::start().await;
    let path = setup.receiver_of_app("signed", "generic-hmac").await;
    let signed = async |signature: Option<&str>| {
        let headers: Vec<_> = signature
            .iter()
            .map(|value| ("x-signature", *value))
            .collect();
        let answer = setup.send(Method::POST, &path, &headers, "{}").await;
        answer.status().as_u16()
    };
    let right = format!("sha256={SIGNED}");
    let wrong = format!("sha256={}", "0".repeat(64));
    assert_eq!(setup.asked(&["app"], signed(None)).await, (400, vec![]));
    assert_eq!(
        setup.asked(&["app"], signed(Some(&wrong))).await,
        (400, vec![])
    );
    assert_eq!(
        setup.asked(&["app"], signed(Some(&right))).await,
        (200, vec!["app"])
    );
}

#[tokio::test]
async fn a_receiver_that_is_not_ready_or_has_no_token_takes_nothing() {
    let setup = Setup::start().await;
    let path = setup.receiver_of_app("any", "generic").await;
    let becomes = async |status| {
        eventually("another answer", async || {
            (setup.post(&path, "{}").await == status).then_some(())
        })
        .await;
    };
    setup
        .patch_receiver("any", json!({ "spec": { "suspend": true } }))
        .await;
    becomes(503).await;
    setup
        .patch_receiver("any", json!({ "spec": { "suspend": false } }))
        .await;
    becomes(200).await;

    setup
        .proxy
        .fail(Calls::to("secrets").named("token"), 1, Effect::Status(500));
    assert_eq!(setup.post(&path, "{}").await, 400);
    assert_eq!(setup.post(&path, "{}").await, 200);

    // The path goes with the token, at once or once the status says so.
    let secrets: Api<Secret> = setup.namespace.api();
    drop(
        secrets
            .delete("token", &DeleteParams::default())
            .await
            .unwrap(),
    );
    let status = setup.post(&path, "{}").await;
    assert!([400, 404].contains(&status), "{status}");
    becomes(404).await;
}

#[tokio::test]
async fn a_path_ends_with_its_token() {
    let setup = Setup::start().await;
    let path = setup.receiver_of_app("any", "generic").await;
    setup.apply_token("token", "another").await;
    assert_eq!(
        setup.asked(&["app"], setup.post(&path, "{}")).await,
        (404, vec![])
    );
    let new = setup.another_path("any", &path).await;
    assert_eq!(setup.post(&new, "{}").await, 200);
    assert_eq!(setup.post(&path, "{}").await, 404);
}

#[tokio::test]
async fn neither_paths_nor_tokens_nor_bodies_are_logged_or_measured() {
    let setup = Setup::with_args(&["--log-level=trace"]).await;
    setup.apply_repositories(&["app"]).await;
    let resources = json!({ "resources": [{ "kind": "ImageRepository", "name": "app" }, { "kind": "ImageRepository", "name": "missing" }] });
    let path = setup.receiver("harbor", "harbor", resources).await;
    let body = r#"{"password": "in-the-body"}"#;
    for (token, expected) in [(TOKEN, 500), ("wrong-but-secret", 400)] {
        let headers = [("authorization", token)];
        let answer = setup.send(Method::POST, &path, &headers, body).await;
        assert_eq!(answer.status(), expected);
    }
    let output = eventually("the failure is logged", async || {
        let output = setup.process.output();
        output.contains("resources[1]").then_some(output)
    })
    .await;
    let (_, digest) = path.rsplit_once('/').unwrap();
    // The status says the path, which is logged where it is written.
    let lines = output
        .lines()
        .filter(|line| !line.contains("initialized for path"));
    for line in lines {
        for secret in [TOKEN, "wrong-but-secret", "in-the-body", digest] {
            assert!(!line.contains(secret), "{line}");
        }
    }
    let metrics = setup.process.metrics().await;
    assert!(metrics.contains(r#"gotk_receiver_http_request_duration_seconds_count{code="400",handler="/hook/",method="POST",service=""} 2"#), "{metrics}");
    assert!(!metrics.contains(digest));
}
