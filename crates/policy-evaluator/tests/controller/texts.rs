//! What people and tools read: reasons and messages to the character.

use kube::Resource as _;
use serde_json::json;

use crate::setup::{ANY_VERSION, IMAGE, Setup, chosen, condition, message, status};

#[tokio::test]
async fn a_policy_chooses_and_says_so() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0", "1.1.0", "latest"]).await;
    setup.apply_policy(ANY_VERSION).await;
    let policy = setup.chooses("1.1.0").await;
    let text = "Latest image tag for reg.example/team/app resolved to 1.1.0";
    assert_eq!(message(&policy), text);
    assert_eq!(status(&policy).conditions.len(), 1, "Ready alone");
    assert_eq!(status(&policy).latest_ref.unwrap().name, IMAGE);
    assert_eq!(status(&policy).observed_previous_ref, None);

    setup.scanned(IMAGE, &["1.0.0", "1.1.0", "1.2.0"]).await;
    let policy = setup.chooses("1.2.0").await;
    let text = "Latest image tag for reg.example/team/app resolved to 1.2.0 (previously reg.example/team/app:1.1.0)";
    assert_eq!(message(&policy), text);

    let mut request = kube::api::Request::new(api::image::v1::ImagePolicy::url_path(
        &(),
        Some(setup.namespace.name()),
    ))
    .get("app", &kube::api::GetParams::default())
    .unwrap();
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    request
        .headers_mut()
        .insert("accept", table.parse().unwrap());
    let table: serde_json::Value = setup.namespace.client().request(request).await.unwrap();
    let cells = table["rows"][0]["cells"].as_array().unwrap();
    let expected = json!(["app", IMAGE, "1.2.0", "True", text]);
    assert_eq!(cells[..5], expected.as_array().unwrap()[..]);
}

#[tokio::test]
async fn the_name_is_the_one_that_is_written() {
    let setup = Setup::start().await;
    setup.apply_repository("alpine").await;
    setup.scanned("alpine", &["3.20.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    let policy = setup.chooses("3.20.0").await;
    assert_eq!(status(&policy).latest_ref.unwrap().name, "alpine");
}

#[tokio::test]
async fn what_no_retry_helps_stalls() {
    let setup = Setup::start().await;
    setup.apply_repository("https://reg.example/app").await;
    setup.apply_policy(ANY_VERSION).await;
    let text = "image 'https://reg.example/app' should not include URL scheme; remove 'https://'";
    setup.stalls("ImageURLInvalid", text).await;

    let cloud = json!({
        "image": IMAGE, "interval": "1h", "provider": "aws", "serviceAccountName": "robot",
    });
    setup.apply_repository_with(&cloud).await;
    let text = "to use spec.serviceAccountName in the ImageRepository for provider authentication please enable the \
                ObjectLevelWorkloadIdentity feature gate in the controller";
    // A Ready that is False already keeps its words, and Stalled says the new ones.
    setup
        .until("the gate is missed", |policy| {
            condition(policy, "Stalled").is_some_and(|stalled| {
                stalled.reason == "FeatureGateDisabled" && stalled.message == text
            })
        })
        .await;

    let generic = json!({
        "image": IMAGE, "interval": "1h", "provider": "generic", "serviceAccountName": "robot",
    });
    setup.apply_repository_with(&generic).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.chooses("1.0.0").await;
    let none = json!({ "spec": { "policy": { "semver": null } } });
    setup.patch_policy(&none).await;
    let text = "invalid policy: given ImagePolicyChoice object is invalid";
    setup.stalls("InvalidPolicy", text).await;

    for (spec, text) in [
        (
            r#"{"policy": {"semver": {"range": "a.b"}}}"#,
            "invalid policy: improper constraint: \"a.b\"",
        ),
        (
            r#"{"policy": {"alphabetical": {}}, "filterTags": {"pattern": "(?=a)"}}"#,
            "failed to filter tags: invalid regular expression pattern '(?=a)': ",
        ),
    ] {
        setup.apply_policy(ANY_VERSION).await;
        setup.chooses("1.0.0").await;
        setup.apply_policy(spec).await;
        let policy = setup
            .until(text, |policy| message(policy).starts_with(text))
            .await;
        assert_eq!(
            condition(&policy, "Stalled").unwrap().reason,
            "InvalidPolicy"
        );
        assert_eq!(
            chosen(&policy).as_deref(),
            Some("1.0.0"),
            "the choice stays"
        );
    }
}

#[tokio::test]
async fn a_selection_that_finds_nothing_fails_and_keeps_the_choice() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0", "latest"]).await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
    for (spec, text) in [
        (
            r#"{"policy": {"semver": {"range": "9.x"}}}"#,
            "unable to determine latest version from provided list",
        ),
        (
            r#"{"policy": {"alphabetical": {}}, "filterTags": {"pattern": "^x"}}"#,
            "version list argument cannot be empty",
        ),
        (
            r#"{"policy": {"numerical": {}}}"#,
            "failed to parse invalid numeric value 'latest'",
        ),
    ] {
        setup.apply_policy(spec).await;
        let policy = setup.says("False", "Failure", text).await;
        let reconciling = condition(&policy, "Reconciling").unwrap();
        assert_eq!(reconciling.reason, "ProgressingWithRetry");
        assert_eq!(
            chosen(&policy).as_deref(),
            Some("1.0.0"),
            "the choice stays"
        );
    }
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
}

#[tokio::test]
async fn a_repository_without_tags_is_waited_for() {
    let setup = Setup::with_args(&["--requeue-dependency=2s"]).await;
    let text = "failed to get the referred ImageRepository: referenced ImageRepository does not exist: \
                ImageRepository.image.toolkit.fluxcd.io \"app\" not found";
    setup.apply_policy(ANY_VERSION).await;
    setup.says("False", "DependencyNotReady", text).await;

    setup.apply_repository(IMAGE).await;
    let text = "retrying in 2s error: no tags in database";
    setup.says("False", "DependencyNotReady", text).await;
    let before = setup.passes().await;
    test_support::cluster::eventually("it looks again", async || {
        (setup.passes().await > before).then_some(())
    })
    .await;

    // An empty list is a list, and nothing to choose from.
    setup.scanned(IMAGE, &[]).await;
    setup.reconcile("now").await;
    setup.says("False", "DependencyNotReady", text).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.chooses("1.0.0").await;
}

#[tokio::test]
async fn safeguards_that_disagree_stall() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
    let aged = r#"{"policy": {"semver": {"range": "*"}}, "minimumAge": "1h"}"#;
    let other = json!({ "repin.dev/minimum-age": "2h" });
    setup.apply_policy_named("app", aged, &other).await;
    setup
        .stalls(
            "AnnotationMismatch",
            "spec.minimumAge is '1h0m0s' but annotation repin.dev/minimum-age is '2h': remove one of them or make them equal",
        )
        .await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
    let malformed = json!({ "repin.dev/downgrade-policy": "never" });
    setup
        .apply_policy_named("app", ANY_VERSION, &malformed)
        .await;
    let text = "annotation repin.dev/downgrade-policy is 'never': expected 'Allow' or 'Refuse'";
    setup
        .until("the annotation is refused", |policy| {
            condition(policy, "Stalled").is_some_and(|stalled| {
                (&*stalled.reason, &*stalled.message) == ("InvalidPolicy", text)
            })
        })
        .await;
    let policy = setup.policy().await;
    assert_eq!(chosen(&policy).as_deref(), Some("1.0.0"));
}
