//! Two processes of one controller: the lease lets one work, and when that is killed the other one goes on without
//! repeating anything.

use e2e::objects::{image_policy, image_repository};
use e2e::stage::{EVALUATOR, SCANNER, Stage};
use test_support::registry::Registry;

/// A lease as short as a test can bear. Flux's defaults take half a minute.
const LEASE: [&str; 4] = [
    "--enable-leader-election",
    "--leader-election-lease-duration=3s",
    "--leader-election-renew-deadline=2s",
    "--leader-election-retry-period=500ms",
];

#[tokio::test]
async fn a_killed_scanner_is_replaced_by_the_waiting_one() {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0"]);
    let stage = Stage::start().await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    let mut first = stage.controller(SCANNER, &LEASE).await;
    let second = stage.waiting_controller(SCANNER, &LEASE).await;
    stage
        .create(&image_repository("app", &registry.image("app")))
        .await;
    stage.create(&image_policy("app", "app", "1.x")).await;
    stage.until_selected("app", "1.0.0").await;
    assert!(
        second.passes("ImageRepository").await.is_empty(),
        "it waits"
    );

    registry.forget_requests();
    first.kill9();
    second.until_passed("ImageRepository", "app", 1).await;
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
    assert_eq!(second.writes(), [""; 0]);

    registry.push_tag("app", "1.1.0");
    stage.request("app").await;
    stage.until_selected("app", "1.1.0").await;
    assert_eq!(
        second.writes().len(),
        2,
        "one slice and one status: {:?}",
        second.writes()
    );
    stage.finish([second, evaluator]).await;
}

#[tokio::test]
async fn a_killed_evaluator_is_replaced_by_the_waiting_one() {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0"]);
    let stage = Stage::start().await;
    let scanner = stage.controller(SCANNER, &[]).await;
    let mut first = stage.controller(EVALUATOR, &LEASE).await;
    let second = stage.waiting_controller(EVALUATOR, &LEASE).await;
    stage
        .create(&image_repository("app", &registry.image("app")))
        .await;
    stage.create(&image_policy("app", "app", "1.x")).await;
    stage.until_selected("app", "1.0.0").await;
    assert!(second.passes("ImagePolicy").await.is_empty(), "it waits");

    first.kill9();
    second.until_passed("ImagePolicy", "app", 1).await;
    assert_eq!(second.writes(), [""; 0]);

    registry.push_tag("app", "1.1.0");
    stage.request("app").await;
    stage.until_selected("app", "1.1.0").await;
    assert_eq!(second.writes(), ["Patch imagepolicies/app/status"]);
    stage.finish([scanner, second]).await;
}

#[tokio::test]
async fn a_lease_that_is_given_up_passes_on() {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0"]);
    let stage = Stage::start().await;
    // Long enough that only a release lets the second one in while the test waits.
    let lease = [
        "--enable-leader-election",
        "--leader-election-lease-duration=300s",
        "--leader-election-retry-period=500ms",
    ];
    let first = stage.controller(SCANNER, &lease).await;
    let second = stage.waiting_controller(SCANNER, &lease).await;
    stage
        .create(&image_repository("app", &registry.image("app")))
        .await;
    first.until_passed("ImageRepository", "app", 1).await;
    assert!(
        second.passes("ImageRepository").await.is_empty(),
        "it waits"
    );
    stage.finish([first]).await;
    second.until_passed("ImageRepository", "app", 1).await;
    stage.finish([second]).await;
}
