//! What a pass leaves in the status.

use std::time::Duration;

use api::image::v1::ImageRepositoryStatus;
use controller_runtime::{Class, End, Next};
use kube::api::DeleteParams;
use serde_json::{Value, json};
use test_support::api_proxy::Seen;
use test_support::cluster::{Cluster, eventually};

use crate::harness::{Loop, condition, ready, types};

fn failing() -> End {
    End::Failed {
        reason: Some("ReadOperationFailed"),
        message: "scan failed: no luck".to_owned(),
        class: Class::Transient,
    }
}

#[tokio::test]
async fn a_first_pass_makes_one_write() {
    let mut one = Loop::start().await;
    one.create("app").await;
    one.pass().await;
    let object = one.until_says("app", "fine").await;
    let status = object.status.unwrap();
    assert_eq!(
        condition(&status, "Ready"),
        Some(("True", "Succeeded", "fine"))
    );
    assert_eq!(status.conditions.len(), 1);
    assert_eq!(status.conditions[0].observed_generation, Some(1));
    assert_eq!(status.observed_generation, Some(1));
    assert_eq!(
        status.canonical_image_name.as_deref(),
        Some("index.docker.io/app")
    );
    assert_eq!(one.status_writes(), 1);
    let writes = one.proxy.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
}

#[tokio::test]
async fn failing_again_in_the_same_way_writes_nothing() {
    let mut one = Loop::start().await;
    one.says(failing());
    one.create("app").await;
    let object = one.until_says("app", "scan failed: no luck").await;
    assert_eq!(types(&object), ["Reconciling", "Ready"]);
    let status = object.status.unwrap();
    let doing = "processing object: new generation -1 -> 1";
    assert_eq!(
        condition(&status, "Reconciling"),
        Some(("True", "ProgressingWithRetry", doing))
    );
    assert_eq!(
        condition(&status, "Ready"),
        Some(("False", "ReadOperationFailed", "scan failed: no luck"))
    );
    assert_eq!(status.observed_generation, Some(-1));
    for _ in 0..4 {
        one.pass().await;
    }
    assert_eq!(one.status_writes(), 1);

    one.says(ready("fine"));
    let object = one.until_says("app", "fine").await;
    assert_eq!(types(&object), ["Ready"]);
    assert_eq!(object.status.unwrap().observed_generation, Some(1));
}

#[tokio::test]
async fn stalled_objects_wait_for_a_change() {
    let mut one = Loop::start().await;
    one.says(End::Stalled {
        reason: "ImageURLInvalid",
        message: "no such thing".to_owned(),
    });
    one.create("app").await;
    one.pass().await;
    let object = one.until_says("app", "no such thing").await;
    assert_eq!(types(&object), ["Stalled", "Ready"]);
    assert_eq!(object.status.unwrap().observed_generation, Some(1));
    one.says(ready("fine"));
    one.patch("app", json!({ "spec": { "image": "other" } }))
        .await;
    one.pass().await;
    let object = one.until_says("app", "fine").await;
    assert_eq!(types(&object), ["Ready"]);
    assert!(!one.has_passed());
}

#[tokio::test]
async fn waiting_grows_no_delay() {
    let hours = ["--min-retry-delay=1h", "--max-retry-delay=1h"];
    let mut one = Loop::on(&Cluster::shared().await, &hours).await;
    *one.script.next.lock() = Next::After(Duration::from_millis(1));
    one.says(End::Waiting {
        reason: "DependencyNotReady",
        message: "no tags".to_owned(),
    });
    one.create("app").await;
    for _ in 0..3 {
        one.pass().await;
    }
    let object = one.until_says("app", "no tags").await;
    assert_eq!(types(&object), ["Reconciling", "Ready"]);
    assert_eq!(one.status_writes(), 1);
}

#[tokio::test]
async fn a_long_pass_says_what_it_does() {
    let mut one = Loop::start().await;
    one.create("app").await;
    one.pass().await;
    one.until_says("app", "fine").await;

    *one.script.says.lock() = Some("scanning: triggered by interval".to_owned());
    one.script.held.send_replace(true);
    one.trigger("app");
    let scanning = |status: &ImageRepositoryStatus| {
        condition(status, "Reconciling")
            == Some(("True", "Progressing", "scanning: triggered by interval"))
    };
    let object = one.until("app", "the word of a long pass", scanning).await;
    assert_eq!(types(&object), ["Reconciling", "Ready"]);
    assert_eq!(
        condition(&object.status.unwrap(), "Ready"),
        Some(("True", "Succeeded", "fine"))
    );
    one.script.held.send_replace(false);
    let over = |status: &ImageRepositoryStatus| status.conditions.len() == 1;
    one.until("app", "the end of the pass", over).await;
    assert_eq!(one.status_writes(), 3);
}

#[tokio::test]
async fn an_edit_while_a_pass_runs_is_not_observed_by_it() {
    let mut one = Loop::start().await;
    one.script.held.send_replace(true);
    one.create("app").await;
    one.pass().await;
    one.patch("app", json!({ "spec": { "image": "other" } }))
        .await;
    one.script.held.send_replace(false);
    one.pass().await;
    let done = |status: &ImageRepositoryStatus| status.observed_generation == Some(2);
    one.until("app", "the second pass", done).await;
    let written: Vec<_> = one.proxy.writes().iter().map(status_of).collect();
    let expected = [(1, "index.docker.io/app"), (2, "index.docker.io/other")];
    assert_eq!(written.len(), expected.len());
    for (status, (generation, name)) in written.iter().zip(expected) {
        assert_eq!(status["observedGeneration"], generation);
        assert_eq!(status["conditions"][0]["observedGeneration"], generation);
        assert_eq!(status["canonicalImageName"], name);
    }
}

fn status_of(write: &Seen) -> Value {
    let body: Value = serde_json::from_slice(&write.body).unwrap();
    body["status"].clone()
}

#[tokio::test]
async fn a_panic_is_a_failure() {
    let mut one = Loop::start().await;
    *one.script.panics.lock() = true;
    one.create("app").await;
    one.pass().await;
    let object = one
        .until_says("app", "panic: as the test wants it [recovered]")
        .await;
    assert_eq!(types(&object), ["Reconciling", "Ready"]);
    *one.script.panics.lock() = false;
    one.until_says("app", "fine").await;
}

#[tokio::test]
async fn a_pass_that_does_not_end_is_a_failure() {
    let mut one = Loop::start().await;
    *one.script.longest.lock() = Duration::from_millis(1);
    one.script.held.send_replace(true);
    one.create("app").await;
    one.pass().await;
    one.until_says("app", "the pass did not end within 1ms")
        .await;
    *one.script.longest.lock() = Duration::from_secs(3600);
    one.script.held.send_replace(false);
    one.until_says("app", "fine").await;
}

#[tokio::test]
async fn an_object_that_cannot_be_read_stalls_and_keeps_nobody_waiting() {
    let mut one = Loop::start().await;
    // Accepted by the schema, and longer than a duration can be.
    one.create_with(&json!({
        "metadata": { "name": "strange" },
        "spec": { "image": "app", "interval": "99999999999h" },
    }))
    .await;
    one.create("app").await;
    one.pass().await;
    one.until_says("app", "fine").await;
    let raw = one.raw();
    let stalled = eventually("the object to be Stalled", async || {
        let object = raw.get("strange").await.unwrap();
        let stalled = object.data["status"]["conditions"][0].clone();
        (stalled["type"] == "Stalled").then_some(stalled)
    })
    .await;
    assert_eq!(stalled["reason"], "ValidationFailed");
    let message = stalled["message"].as_str().unwrap();
    assert!(
        message.starts_with("object cannot be read: invalid duration"),
        "{message}"
    );

    one.patch("strange", json!({ "spec": { "interval": "1h" } }))
        .await;
    one.pass().await;
    let object = one.until_says("strange", "fine").await;
    assert_eq!(types(&object), ["Ready"]);
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_let_go() {
    let one = Loop::start().await;
    one.create_with(&json!({
        "metadata": { "name": "strange", "finalizers": ["finalizers.fluxcd.io"] },
        "spec": { "image": "app", "interval": "99999999999h" },
    }))
    .await;
    one.raw()
        .delete("strange", &DeleteParams::default())
        .await
        .unwrap();
    one.until_forgotten("strange").await;
}
