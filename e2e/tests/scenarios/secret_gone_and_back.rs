//! A Secret with registry credentials that is deleted, comes back, and changes.

use api::image::v1::LocalObjectReference;
use api::reasons;
use e2e::objects::{docker_secret, image_policy, image_repository};
use e2e::stage::{EVALUATOR, SCANNER, Stage, ready_message};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use test_support::registry::{Auth, Registry};

#[tokio::test]
async fn a_secret_counts_at_once_when_it_is_labelled() {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0"]);
    registry.set_auth(Auth::basic("robot", "old-s3cret"));
    let stage = Stage::start().await;
    let scanner = stage.controller(SCANNER, &[]).await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    let host = registry.host();
    stage
        .create(&docker_secret("regcred", &host, "robot", "old-s3cret"))
        .await;
    let mut repository = image_repository("app", &registry.image("app"));
    repository.spec.secret_ref = Some(LocalObjectReference {
        name: "regcred".to_owned(),
    });
    stage.create(&repository).await;
    stage.create(&image_policy("app", "app", "1.x")).await;
    let policy = stage.until_selected("app", "1.0.0").await;

    // Gone: the object says so, the last good list and the choice stay.
    stage.delete::<Secret>("regcred").await;
    let repository = stage
        .until_not_ready("app", reasons::AUTHENTICATION_FAILED)
        .await;
    let status = repository.status.unwrap();
    assert_eq!(
        ready_message(&status.conditions),
        "failed to configure authentication options: secrets \"regcred\" not found"
    );
    assert_eq!(status.last_scan_result.unwrap().tag_count, 1);
    let kept = stage.until_selected("app", "1.0.0").await;
    assert_eq!(kept.resource_version(), policy.resource_version());

    // Back: at once, not when the back-off ends.
    registry.push_tag("app", "1.1.0");
    stage
        .create(&docker_secret("regcred", &host, "robot", "old-s3cret"))
        .await;
    stage.until_selected("app", "1.1.0").await;

    // Another password: the registry knows only the new one.
    registry.set_auth(Auth::basic("robot", "new-s3cret"));
    registry.push_tag("app", "1.2.0");
    stage
        .replace_secret(&docker_secret("regcred", &host, "robot", "new-s3cret"))
        .await;
    stage.until_selected("app", "1.2.0").await;

    for log in [scanner.log(), evaluator.log()] {
        assert!(!log.contains("s3cret"), "{log}");
    }
    stage.finish([scanner, evaluator]).await;
}
