//! `minimumAge` and `downgradePolicy`.

use kube::ResourceExt as _;
use serde_json::json;
use tag_slices::TagHistory;

use crate::setup::{ANY_VERSION, IMAGE, Setup, chosen, message, now, tags};

#[tokio::test]
async fn a_tag_is_chosen_when_it_is_old_enough() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    let first = TagHistory::first(tags(&["1.0.0"]));
    setup.scanned_history(IMAGE, &first).await;
    setup
        .apply_policy(r#"{"policy": {"semver": {"range": "*"}}, "minimumAge": "4s"}"#)
        .await;
    setup.chooses("1.0.0").await;

    let seen = now();
    let second = first.next(tags(&["1.0.0", "1.1.0"]), &seen);
    let seen = second.first_seen("1.1.0").flatten().unwrap();
    setup.scanned_history(IMAGE, &second).await;
    let until = seen.0 + k8s_openapi::jiff::SignedDuration::from_secs(4);
    let text = format!(
        "Latest image tag for reg.example/team/app resolved to 1.0.0; 1.1.0 waits for minimumAge 4s until {until}"
    );
    let policy = setup.says("True", "Succeeded", &text).await;
    assert_eq!(chosen(&policy).as_deref(), Some("1.0.0"));

    // Nobody touches anything: it wakes by itself.
    let policy = setup.chooses("1.1.0").await;
    assert!(now().0 >= until, "not before its time");
    assert_eq!(
        message(&policy),
        "Latest image tag for reg.example/team/app resolved to 1.1.0 (previously reg.example/team/app:1.0.0)"
    );
}

#[tokio::test]
async fn where_all_tags_are_too_young_it_says_so_and_wakes() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    let young = TagHistory::first(tags(&[])).next(tags(&["1.0.0"]), &now());
    setup.scanned_history(IMAGE, &young).await;
    let aged = json!({ "repin.dev/minimum-age": "3s" });
    setup.apply_policy_named("app", ANY_VERSION, &aged).await;
    let seen = young.first_seen("1.0.0").flatten().unwrap();
    let until = seen.0 + k8s_openapi::jiff::SignedDuration::from_secs(3);
    let text = format!("no tag is old enough: 1.0.0 waits for minimumAge 3s until {until}");
    setup.says("False", "Failure", &text).await;
    setup.chooses("1.0.0").await;
    assert!(now().0 >= until, "not before its time");
}

#[tokio::test]
async fn a_choice_made_before_is_not_taken_back() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    let first = TagHistory::first(tags(&["1.0.0"]));
    let second = first.next(tags(&["1.0.0", "1.1.0"]), &now());
    setup.scanned_history(IMAGE, &second).await;
    setup.apply_policy(ANY_VERSION).await;
    let before = setup.chooses("1.1.0").await;
    setup
        .apply_policy(r#"{"policy": {"semver": {"range": "*"}}, "minimumAge": "1h"}"#)
        .await;
    let policy = setup
        .until("the age is seen", |policy| {
            let status = policy.status.as_ref();
            status.and_then(|status| status.observed_generation) == Some(2)
        })
        .await;
    assert_eq!(chosen(&policy), chosen(&before));
    assert_eq!(message(&policy), message(&before));
}

#[tokio::test]
async fn a_downgrade_is_refused_and_said() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    let refuse = r#"{"policy": {"semver": {"range": "*"}}, "downgradePolicy": "Refuse"}"#;
    setup.apply_policy(refuse).await;
    setup.chooses("1.1.0").await;

    setup.scanned(IMAGE, &["1.0.0"]).await;
    let kept = "Latest image tag for reg.example/team/app resolved to 1.1.0; downgradePolicy Refuse keeps it: ";
    let unlisted =
        format!("{kept}the tag is no longer listed and the policy now selects the lower 1.0.0");
    setup.says("True", "Succeeded", &unlisted).await;

    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    let policy = setup
        .until("the tag is back", |policy| !message(policy).contains(';'))
        .await;
    let version = policy.resource_version();
    setup
        .apply_policy(r#"{"policy": {"semver": {"range": "<1.1"}}, "downgradePolicy": "Refuse"}"#)
        .await;
    let outside =
        format!("{kept}the policy no longer accepts the tag and now selects the lower 1.0.0");
    let policy = setup.says("True", "Succeeded", &outside).await;
    assert_ne!(policy.resource_version(), version);
    assert_eq!(chosen(&policy).as_deref(), Some("1.1.0"));

    // Allow takes it.
    setup
        .apply_policy(r#"{"policy": {"semver": {"range": "<1.1"}}, "downgradePolicy": "Allow"}"#)
        .await;
    setup.chooses("1.0.0").await;
}
