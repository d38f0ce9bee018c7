//! A restart of either controller costs nothing: what is fresh stays, and nothing is written twice.

use e2e::objects::{image_policy, image_repository};
use e2e::stage::{EVALUATOR, SCANNER, Stage};
use test_support::registry::Registry;

const OBJECTS: usize = 12;

#[tokio::test]
async fn a_restart_asks_no_registry_and_writes_nothing() {
    let registry = Registry::start().await;
    let stage = Stage::start().await;
    let mut scanner = stage.controller(SCANNER, &[]).await;
    let mut evaluator = stage.controller(EVALUATOR, &[]).await;
    for name in names() {
        let image = registry.image(&format!("{name}-1200"));
        stage.create(&image_repository(&name, &image)).await;
        stage.create(&image_policy(&name, &name, "1.x")).await;
    }
    for name in names() {
        stage.until_selected(&name, "1.11.99").await;
    }

    registry.forget_requests();
    scanner.restart().await;
    evaluator.restart().await;
    for name in names() {
        scanner.until_passed("ImageRepository", &name, 1).await;
        evaluator.until_passed("ImagePolicy", &name, 1).await;
    }
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
    assert_eq!(scanner.writes(), [""; 0]);
    assert_eq!(evaluator.writes(), [""; 0]);

    // Both still do their work.
    registry.push_tag("app-3-1200", "1.12.0");
    stage.request("app-3").await;
    stage.until_selected("app-3", "1.12.0").await;
    assert_eq!(evaluator.writes(), ["Patch imagepolicies/app-3/status"]);
    stage.finish([scanner, evaluator]).await;
}

fn names() -> impl Iterator<Item = String> {
    (0..OBJECTS).map(|number| format!("app-{number}"))
}
