//! Digest reflection against a registry.

use serde_json::{Value, json};
use test_support::cluster::eventually;
use test_support::registry::{Auth, Effect, Endpoint, Registry};

use crate::setup::{Setup, chosen, condition, message, status};

async fn with_registry(spec: &Value) -> (Setup, Registry, String) {
    let (setup, registry) = (Setup::start().await, Registry::start().await);
    registry.set_tags("team/app", ["1.0.0"]);
    let image = registry.image("team/app");
    let mut repository = json!({ "image": image, "interval": "1h" });
    for (key, value) in spec.as_object().unwrap() {
        repository[key] = value.clone();
    }
    setup.apply_repository_with(&repository).await;
    setup.scanned(&image, &["1.0.0"]).await;
    (setup, registry, image)
}

fn reflects(policy: &str) -> String {
    format!(r#"{{"policy": {{"semver": {{"range": "*"}}}}, "digestReflectionPolicy": {policy}}}"#)
}

#[tokio::test]
async fn if_not_present_asks_once_for_each_tag() {
    let (setup, registry, image) = with_registry(&json!({})).await;
    setup.apply_policy(&reflects("\"IfNotPresent\"")).await;
    let policy = setup.chooses("1.0.0").await;
    let first = registry.digest("team/app", "1.0.0");
    assert_eq!(
        status(&policy).latest_ref.unwrap().digest,
        Some(first.clone())
    );
    let text = format!("Latest image tag for {image} resolved to 1.0.0 with digest {first}");
    assert_eq!(message(&policy), text);
    setup.reconcile("now").await;
    assert_eq!(registry.count(Endpoint::Manifest), 1);

    registry.push_tag("team/app", "1.1.0");
    setup.scanned(&image, &["1.0.0", "1.1.0"]).await;
    let policy = setup.chooses("1.1.0").await;
    let second = registry.digest("team/app", "1.1.0");
    let text = format!(
        "Latest image tag for {image} resolved to 1.1.0 with digest {second} (previously {image}:1.0.0@{first})"
    );
    assert_eq!(message(&policy), text);
    assert_eq!(registry.count(Endpoint::Manifest), 2);

    setup.apply_policy(&reflects("\"Never\"")).await;
    let policy = setup
        .until("no digest", |policy| {
            status(policy)
                .latest_ref
                .is_some_and(|latest| latest.digest.is_none())
        })
        .await;
    assert_eq!(chosen(&policy).as_deref(), Some("1.1.0"));
}

#[tokio::test]
async fn always_asks_at_each_interval() {
    let (setup, registry, _) = with_registry(&json!({})).await;
    setup
        .apply_policy(&reflects(r#""Always", "interval": "1s""#))
        .await;
    setup.chooses("1.0.0").await;
    let moved = registry.push_tag("team/app", "1.0.0");
    setup
        .until("the digest follows", |policy| {
            status(policy).latest_ref.and_then(|latest| latest.digest) == Some(moved.clone())
        })
        .await;
}

#[tokio::test]
async fn a_registry_that_fails_is_asked_again() {
    let (setup, registry, image) = with_registry(&json!({ "timeout": "5s" })).await;
    registry.fail_always(Endpoint::Manifest, Effect::status(403));
    setup.apply_policy(&reflects("\"IfNotPresent\"")).await;
    let begin = format!(
        "failed fetching digest of {image}:1.0.0: failed fetching descriptor for \"{image}:1.0.0\": "
    );
    let policy = setup
        .until("the digest is missed", |policy| {
            message(policy).starts_with(&begin)
        })
        .await;
    assert_eq!(condition(&policy, "Ready").unwrap().reason, "Failed");
    assert_eq!(chosen(&policy), None);
    let metrics = setup.evaluator.metrics().await;
    assert!(metrics.contains("gotk_token_cached_items 0"), "{metrics}");
    registry.heal();
    setup.chooses("1.0.0").await;
}

#[tokio::test]
async fn a_registry_that_wants_to_be_left_alone_is_left_alone() {
    let (setup, registry, _) = with_registry(&json!({ "timeout": "2s" })).await;
    let wait = Effect::status_with(429, &[("retry-after", "4")]);
    registry.fail(Endpoint::Manifest, 1, wait);
    setup.apply_policy(&reflects("\"IfNotPresent\"")).await;
    setup
        .until("the digest is missed", |policy| {
            message(policy).starts_with("failed fetching digest of ")
        })
        .await;
    assert_eq!(registry.count(Endpoint::Manifest), 1);
    setup.chooses("1.0.0").await;
    let asked = (registry.count(Endpoint::Manifest), setup.passes().await);
    assert_eq!(asked, (2, 2), "neither request nor pass in the meantime");
}

#[tokio::test]
async fn credentials_are_read_when_they_are_used() {
    let (setup, registry, image) =
        with_registry(&json!({ "secretRef": { "name": "registry" } })).await;
    registry.set_auth(Auth::basic("robot", "s3cret"));
    setup.apply_policy(&reflects("\"IfNotPresent\"")).await;
    let text = format!(
        "failed fetching digest of {image}:1.0.0: failed to configure authentication options: secrets \"registry\" not found"
    );
    setup.says("False", "Failed", &text).await;
    let config =
        json!({ "auths": { registry.host(): { "username": "robot", "password": "s3cret" } } });
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "metadata": { "name": "registry" },
        "stringData": { ".dockerconfigjson": config.to_string() },
    });
    setup.namespace.apply(&secret.to_string()).await;
    setup.chooses("1.0.0").await;
    assert!(!setup.evaluator.output().contains("s3cret"));
}

#[tokio::test]
async fn a_tag_that_is_kept_though_unlisted_keeps_its_digest() {
    let (setup, registry, image) = with_registry(&json!({})).await;
    let spec = reflects(r#""Always", "interval": "1h", "downgradePolicy": "Refuse""#);
    setup.apply_policy(&spec).await;
    let before = status(&setup.chooses("1.0.0").await).latest_ref;
    registry.set_tags("team/app", ["0.9.0"]);
    setup.scanned(&image, &["0.9.0"]).await;
    let policy = setup
        .until("the downgrade is refused", |policy| {
            message(policy).contains("keeps it")
        })
        .await;
    assert_eq!(status(&policy).latest_ref, before);
    eventually("it is looked at again", async || {
        (setup.passes().await > 1).then_some(())
    })
    .await;
    assert_eq!(registry.count(Endpoint::Manifest), 1);
}

#[tokio::test]
async fn a_tag_that_is_kept_though_no_longer_accepted_has_a_digest() {
    let (setup, registry, image) = with_registry(&json!({})).await;
    registry.set_tags("team/app", ["1.0.0", "1.1.0"]);
    setup.scanned(&image, &["1.0.0", "1.1.0"]).await;
    let refuse = r#""policy": {"semver": {"range": "*"}}, "downgradePolicy": "Refuse""#;
    setup.apply_policy(&format!("{{{refuse}}}")).await;
    setup.chooses("1.1.0").await;
    let filtered =
        r#""filterTags": {"pattern": "^1\\.0"}, "digestReflectionPolicy": "IfNotPresent""#;
    setup
        .apply_policy(&format!("{{{refuse}, {filtered}}}"))
        .await;
    let policy = setup.chooses("1.1.0").await;
    assert_eq!(
        status(&policy).latest_ref.unwrap().digest,
        Some(registry.digest("team/app", "1.1.0"))
    );
    assert!(
        message(&policy).contains("keeps it: the policy no"),
        "{}",
        message(&policy)
    );
}
