//! Registries that fail: the last good list stays, and a later scan puts everything right.

use serde_json::json;
use test_support::registry::{Effect, Endpoint};

use crate::setup::{Setup, is_ready, message, result};

/// Scans once, then fails by `effect` when asked again, then recovers.
async fn fails_and_recovers(effect: Effect, text: &str) {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup
        .apply(&json!({ "interval": "1h", "timeout": "2s" }))
        .await;
    let before = setup.ready().await;
    setup.registry.push_tag("app", "2.0.0");
    setup.registry.fail_always(Endpoint::Tags, effect);
    setup.request("now").await;
    let failed = setup.not_ready("ReadOperationFailed").await;
    assert!(
        message(&failed).starts_with("scan failed: "),
        "{}",
        message(&failed)
    );
    assert!(message(&failed).contains(text), "{}", message(&failed));
    assert_eq!(result(&failed), result(&before), "the last good list stays");
    assert_eq!(setup.tags().await.len(), 1);

    setup.registry.heal();
    let repository = setup.ready().await;
    assert_eq!(result(&repository).tag_count, 2, "what failed was owed");
    assert_eq!(setup.tags().await.len(), 2);
}

#[tokio::test]
async fn a_registry_that_is_broken() {
    fails_and_recovers(Effect::status(404), "404").await;
}

#[tokio::test]
async fn a_registry_that_gives_half_a_page() {
    fails_and_recovers(Effect::BreakOff, "connection was lost").await;
}

#[tokio::test]
async fn a_registry_that_is_too_slow() {
    fails_and_recovers(Effect::Hang, "2s").await;
}

#[tokio::test]
async fn a_registry_that_answers_with_something_else() {
    fails_and_recovers(Effect::Html, "scan failed").await;
}

#[tokio::test]
async fn a_registry_that_wants_to_be_left_alone_is_left_alone() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    let wait = Effect::status_with(429, &[("retry-after", "4")]);
    setup.registry.fail(Endpoint::Tags, 1, wait);
    setup
        .apply(&json!({ "interval": "1h", "timeout": "2s" }))
        .await;
    setup.not_ready("ReadOperationFailed").await;
    assert_eq!(setup.lists(), 1);
    setup.ready().await;
    assert_eq!(setup.lists(), 2, "no request in the meantime");
}

#[tokio::test]
async fn a_registry_that_is_dead() {
    let setup = Setup::start().await;
    let image = setup.registry.image("app");
    setup.registry.set_tags("app", ["1.0.0"]);
    setup
        .apply(&json!({ "interval": "1h", "timeout": "2s" }))
        .await;
    let before = setup.ready().await;
    let Setup {
        registry,
        namespace,
        proxy,
        scanner,
    } = setup;
    drop(registry);
    let registry = test_support::registry::Registry::start().await;
    let setup = Setup {
        registry,
        namespace,
        proxy,
        scanner,
    };
    setup.request("now").await;
    let failed = setup.not_ready("ReadOperationFailed").await;
    assert_eq!(result(&failed), result(&before));

    setup.registry.set_tags("app", ["2.0.0"]);
    assert_ne!(setup.registry.image("app"), image);
    setup.apply(&json!({ "interval": "1h" })).await;
    let repository = setup.until("the other registry", |repository| {
        is_ready(repository) && result(repository).latest_tags == ["2.0.0"]
    });
    drop(repository.await);
}
