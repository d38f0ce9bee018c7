//! Traces that go on from object to object, and the news that they lead to.

use api::annotations::{RECONCILE_REQUESTED, TRACEPARENT};
use kube::ResourceExt as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::json;
use test_support::api_proxy::{Calls, Effect};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::harness::{Loop, PLURAL, ready};

const FIRST: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const SECOND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Records the spans of this process, and sends them nowhere.
fn record_traces() {
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing_subscriber::registry().with(layer).init();
}

/// The part of a `traceparent` that names the trace.
fn trace(parent: &str) -> &str {
    parent.split('-').nth(1).unwrap()
}

/// The trace of the newest pass.
fn newest(one: &Loop) -> String {
    let traces = one.script.traces.lock();
    let newest = traces.last().cloned().flatten();
    trace(&newest.expect("it is recorded")).to_owned()
}

#[tokio::test]
async fn a_pass_continues_the_trace_that_has_come_since_the_one_before() {
    record_traces();
    let mut one = Loop::start().await;
    one.create_with(
        &json!({ "metadata": { "name": "app", "annotations": { TRACEPARENT: FIRST } } }),
    )
    .await;
    one.pass().await;
    assert_eq!(newest(&one), trace(FIRST));
    one.until_says("app", "fine").await;

    one.annotate("app", RECONCILE_REQUESTED, "later").await;
    one.pass().await;
    assert_ne!(newest(&one), trace(FIRST), "that was the pass before");

    let annotations = json!({ TRACEPARENT: SECOND, RECONCILE_REQUESTED: "again" });
    one.patch("app", json!({ "metadata": { "annotations": annotations } }))
        .await;
    one.pass().await;
    assert_eq!(newest(&one), trace(SECOND));
}

#[tokio::test]
async fn news_are_marked_by_one_write_more_and_announced_once() {
    record_traces();
    let mut one = Loop::start().await;
    *one.script.news.lock() = true;
    one.create("app").await;
    one.pass().await;
    let object = one.until_says("app", "fine").await;
    let carried = object.annotations()[TRACEPARENT].clone();
    assert_eq!(trace(&carried), newest(&one));
    assert_eq!(one.proxy.count(&Calls::writes(PLURAL)), 1);
    assert_eq!(one.status_writes(), 1, "and none of them in vain");

    // The mark is the pass's own: nothing that a later one would continue. Nor is it written again.
    one.says(ready("better"));
    one.annotate("app", RECONCILE_REQUESTED, "later").await;
    one.pass().await;
    one.until_says("app", "better").await;
    assert_ne!(newest(&one), trace(&carried));
    let object = one.objects.get("app").await.unwrap();
    assert_eq!(object.annotations()[TRACEPARENT], carried);
    assert_eq!(*one.script.announced.lock(), 1);
}

#[tokio::test]
async fn news_whose_write_fails_are_announced_when_they_are_written() {
    let mut one = Loop::start().await;
    *one.script.news.lock() = true;
    let failing = Effect::Status(500);
    one.proxy.fail(Calls::status_writes(PLURAL), 2, failing);
    one.create("app").await;
    for _ in 0..3 {
        one.pass().await;
    }
    one.until_says("app", "fine").await;
    let announced = async || (*one.script.announced.lock() == 1).then_some(());
    test_support::cluster::eventually("the news", announced).await;
    assert_eq!(one.script.traces.lock().len(), 3);
}
