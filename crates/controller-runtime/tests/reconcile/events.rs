//! What people are told.

use controller_runtime::{Class, End};
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::ListParams;
use serde_json::json;
use test_support::api_proxy::{Calls, Effect};
use test_support::cluster::eventually;

use crate::harness::{Loop, PLURAL, ready};

async fn events(one: &Loop, count: usize) -> Vec<Event> {
    let events: Api<Event> = one.namespace.api();
    let mut found = eventually("the events", async || {
        let found = events.list(&ListParams::default()).await.unwrap().items;
        (found.len() >= count).then_some(found)
    })
    .await;
    found.sort_by_key(|event| event.event_time.as_ref().map(|time| time.0));
    found
}

/// The client asks once more by itself; the next pass finds its status written.
#[tokio::test]
async fn a_status_whose_answers_are_lost_is_told_of_once() {
    let mut one = Loop::start().await;
    one.proxy
        .fail(Calls::status_writes(PLURAL), 2, Effect::LoseAnswer);
    one.create("app").await;
    one.until_says("app", "fine").await;
    events(&one, 1).await;
    one.says(ready("better"));
    one.trigger("app");
    one.until_says("app", "better").await;
    let told = events(&one, 2).await;
    let notes: Vec<_> = told.iter().map(|event| event.note.as_deref()).collect();
    assert_eq!(notes, [Some("fine"), Some("better")]);
    one.end().await;
}

#[tokio::test]
async fn a_success_is_told_once() {
    let mut one = Loop::start().await;
    one.create_with(&json!({ "metadata": {
        "name": "app",
        "annotations": { "event.toolkit.fluxcd.io/team": "a", "other": "b" },
    }}))
    .await;
    one.pass().await;
    let object = one.until_says("app", "fine").await;
    for _ in 0..3 {
        one.trigger("app");
        one.pass().await;
    }
    one.says(ready("better"));
    one.trigger("app");
    one.until_says("app", "better").await;

    let told = events(&one, 2).await;
    let notes: Vec<_> = told
        .iter()
        .map(|event| event.note.as_deref().unwrap())
        .collect();
    assert_eq!(notes, ["fine", "better"]);
    let first = &told[0];
    assert_eq!(first.type_.as_deref(), Some("Normal"));
    assert_eq!(first.reason.as_deref(), Some("Succeeded"));
    assert_eq!(
        first.reporting_controller.as_deref(),
        Some("registry-scanner")
    );
    assert_eq!(first.reporting_instance.as_deref(), Some("test"));
    let regarding = first.regarding.as_ref().unwrap();
    assert_eq!(regarding.kind.as_deref(), Some("ImageRepository"));
    assert_eq!(regarding.uid, object.metadata.uid);
    let annotations = first.metadata.annotations.as_ref().unwrap();
    assert_eq!(annotations.len(), 1);
    assert_eq!(annotations["event.toolkit.fluxcd.io/team"], "a");
    assert_eq!(first.series, None);
}

#[tokio::test]
async fn a_failure_that_repeats_is_a_series() {
    let mut one = Loop::start().await;
    one.says(End::Failed {
        reason: Some("ReadOperationFailed"),
        message: "no luck".to_owned(),
        class: Class::Transient,
    });
    one.create("app").await;
    for _ in 0..4 {
        one.pass().await;
    }
    let series = eventually("a series", async || {
        let event = events(&one, 1).await.remove(0);
        event.series.filter(|series| series.count >= 3)
    })
    .await;
    assert!(series.count >= 3);
    let told = events(&one, 1).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].type_.as_deref(), Some("Warning"));
    assert_eq!(told[0].reason.as_deref(), Some("ReadOperationFailed"));
    assert_eq!(told[0].note.as_deref(), Some("no luck"));
}
