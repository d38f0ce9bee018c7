//! What notification-controller gets to hear: Flux's JSON, for what is worth telling.

use e2e::objects::{image_policy, image_repository};
use e2e::receiver::Receiver;
use e2e::stage::{EVALUATOR, SCANNER, Stage, ready_message};
use kube::ResourceExt as _;
use serde_json::{Value, json};
use test_support::cluster::eventually;
use test_support::registry::Registry;

#[tokio::test]
async fn events_are_posted_as_flux_posts_them() {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0"]);
    let receiver = Receiver::start().await;
    let stage = Stage::start().await;
    let events = format!("--events-addr={}", receiver.url());
    let scanner = stage.controller(SCANNER, &[&events]).await;
    let evaluator = stage.controller(EVALUATOR, &[&events]).await;

    let mut repository = image_repository("app", &registry.image("app"));
    let annotations = repository.annotations_mut();
    annotations.insert("event.toolkit.fluxcd.io/team".to_owned(), "blue".to_owned());
    annotations.insert("example.com/other".to_owned(), "kept back".to_owned());
    stage.create(&repository).await;
    let repository = stage.until_scanned("app", 1).await;
    let message = ready_message(&repository.status.as_ref().unwrap().conditions);
    let event = told(&receiver, "ImageRepository", message).await;
    assert_eq!(
        event["involvedObject"],
        json!({
            "kind": "ImageRepository",
            "namespace": stage.namespace(),
            "name": "app",
            "uid": repository.uid(),
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "resourceVersion": event["involvedObject"]["resourceVersion"],
        })
    );
    assert!(event["involvedObject"]["resourceVersion"].is_string());
    assert_eq!(event["severity"], "info");
    assert_eq!(event["reason"], "Succeeded");
    assert_eq!(
        event["metadata"],
        json!({"event.toolkit.fluxcd.io/team": "blue"})
    );
    assert_eq!(event["reportingController"], SCANNER);
    assert!(
        event["reportingInstance"]
            .as_str()
            .is_some_and(|name| !name.is_empty())
    );
    let time = event["timestamp"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.contains('T'), "{time}");

    stage.create(&image_policy("app", "app", "1.x")).await;
    stage.create(&image_policy("none", "app", "9.x")).await;
    let resolved = format!(
        "Latest image tag for {} resolved to 1.0.0",
        registry.image("app")
    );
    assert_eq!(
        told(&receiver, "ImagePolicy", &resolved).await["severity"],
        "info"
    );
    let nothing = "unable to determine latest version from provided list";
    let failed = told(&receiver, "ImagePolicy", nothing).await;
    assert_eq!(failed["severity"], "error");
    assert_eq!(failed["reason"], "Failure");
    assert_eq!(failed["involvedObject"]["name"], "none");

    // A pass that changes nothing is told to nobody but the API server.
    stage.request("app").await;
    let messages: Vec<_> = receiver
        .about("ImageRepository", "app")
        .iter()
        .map(|event| event["message"].clone())
        .collect();
    assert_eq!(messages, [json!(message)]);
    stage.finish([scanner, evaluator]).await;
}

/// The first Event about a kind with this message.
async fn told(receiver: &Receiver, kind: &str, message: &str) -> Value {
    eventually(&format!("an Event of {kind}: {message}"), async || {
        let mut events = ["app", "none"]
            .into_iter()
            .flat_map(|name| receiver.about(kind, name));
        events.find(|event| event["message"] == message)
    })
    .await
}
