//! When a pass runs, and what it sees.

use std::time::Duration;

use controller_runtime::{Class, End, Next};
use serde_json::json;
use test_support::api_proxy::{Calls, Point};
use test_support::cluster::{Cluster, eventually};

use crate::harness::{Loop, PLURAL, ready};

const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";

#[tokio::test]
async fn a_change_that_a_pass_depends_on_leads_to_one_pass() {
    let mut one = Loop::start().await;
    one.create("app").await;
    one.pass().await;
    one.until_says("app", "fine").await;

    one.patch("app", json!({ "metadata": { "labels": { "a": "b" } } }))
        .await;
    one.patch_status("app", "somebody", json!({ "observedExclusionList": ["x"] }))
        .await;
    one.patch("app", json!({ "spec": { "image": "other" } }))
        .await;
    assert_eq!(one.pass().await.spec.image, "other");
    one.annotate("app", REQUESTED, "now").await;
    let requested = one.pass().await;
    assert_eq!(
        requested.metadata.annotations.as_ref().unwrap()[REQUESTED],
        "now"
    );
    one.annotate("app", "repin.dev/minimum-age", "1h").await;
    one.pass().await;
    one.trigger("app");
    one.pass().await;
    one.until("app", "the request to be handled", |status| {
        status.last_handled_reconcile_at.as_deref() == Some("now")
    })
    .await;
    assert!(!one.has_passed(), "labels and statuses ask for no pass");
}

#[tokio::test]
async fn an_object_is_looked_at_again_when_the_pass_says() {
    let mut one = Loop::start().await;
    *one.script.next.lock() = Next::After(Duration::from_millis(1));
    one.create("app").await;
    for _ in 0..5 {
        one.pass().await;
    }
    assert_eq!(one.status_writes(), 1, "no change, no write");
}

#[tokio::test]
async fn who_only_waits_for_others_goes_on_with_its_delays() {
    let mut one = Loop::on(&Cluster::shared().await, &["--min-retry-delay=1h"]).await;
    one.says(End::Failed {
        reason: None,
        message: "no luck".to_owned(),
        class: Class::Transient,
    });
    one.create("app").await;
    one.pass().await;
    let failed = one.until_says("app", "no luck").await;
    one.says(End::Untried);
    for _ in 0..2 {
        one.trigger("app");
        one.pass().await;
    }
    // The first of them has ended.
    let failing = r#"repin_objects_in_backoff{kind="ImageRepository"} 1"#;
    assert!(one.tells(failing));
    assert_eq!(one.object("app").await.status, failed.status);
    one.says(ready("better"));
    one.trigger("app");
    one.until_says("app", "better").await;
    eventually("the end of the delays", async || {
        (!one.tells(failing)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn suspended_objects_are_left_alone() {
    let mut one = Loop::start().await;
    one.create("app").await;
    one.pass().await;
    let before = one.until_says("app", "fine").await;

    one.says(ready("not while suspended"));
    one.patch(
        "app",
        json!({
            "metadata": { "annotations": { REQUESTED: "now" } },
            "spec": { "suspend": true },
        }),
    )
    .await;
    let after = one
        .until("app", "the suspended pass", |status| {
            status.last_handled_reconcile_at.as_deref() == Some("now")
        })
        .await;
    let (before, after) = (before.status.unwrap(), after.status.unwrap());
    assert_eq!(after.conditions, before.conditions);
    assert_eq!(
        (before.observed_generation, after.observed_generation),
        (Some(1), Some(2))
    );
    assert!(!one.has_passed());

    one.patch("app", json!({ "spec": { "suspend": false } }))
        .await;
    one.pass().await;
    one.until_says("app", "not while suspended").await;
}

#[tokio::test]
async fn a_pass_never_sees_an_older_status_than_the_one_written() {
    let mut one = Loop::start().await;
    one.create("first").await;
    one.pass().await;
    one.until_says("first", "fine").await;

    // From here on the watch is silent: what a pass sees of its own write is the API server's answer.
    let watch = one.proxy.hold(Calls::watches(PLURAL), Point::Before);
    one.proxy.cut_watches(&Calls::watches(PLURAL));
    watch.reached().await;
    one.says(ready("second"));
    one.trigger("first");
    one.pass().await;
    one.until_says("first", "second").await;
    one.trigger("first");
    let status = one.pass().await.status.clone().unwrap();
    assert_eq!(status.conditions[0].message, "second");
    assert_eq!(one.status_writes(), 2);
    drop(watch);
}

#[tokio::test]
async fn objects_that_are_gone_are_forgotten() {
    let mut one = Loop::start().await;
    one.create("app").await;
    one.create("gone-while-nobody-watches").await;
    one.pass().await;
    one.pass().await;
    for name in ["app", "gone-while-nobody-watches"] {
        one.until_says(name, "fine").await;
    }
    one.delete("app").await;
    one.until_forgotten("app").await;
}

#[tokio::test]
async fn an_object_on_its_way_out_loses_the_finalizer_of_flux_and_no_other() {
    let mut one = Loop::start().await;
    one.create_with(&json!({ "metadata": {
        "name": "app",
        "finalizers": ["finalizers.fluxcd.io", "example.com/keep"],
    }}))
    .await;
    one.pass().await;
    one.until_says("app", "fine").await;
    one.delete("app").await;
    let left = eventually("the finalizer to go", async || {
        let object = one.objects.get("app").await.unwrap();
        let finalizers = object.metadata.finalizers.unwrap_or_default();
        (finalizers.len() == 1).then_some(finalizers)
    })
    .await;
    assert_eq!(left, ["example.com/keep"]);
    assert!(
        !one.has_passed(),
        "nothing is done for an object that is being deleted"
    );
    one.patch("app", json!({ "metadata": { "finalizers": null } }))
        .await;
    one.until_forgotten("app").await;
}

#[tokio::test]
async fn a_loop_ends_when_it_is_asked_to() {
    let mut one = Loop::start().await;
    one.create("app").await;
    one.pass().await;
    one.until_says("app", "fine").await;
    one.end().await;
}

#[tokio::test]
async fn an_object_that_only_waits_for_us_leaves_nothing_behind() {
    let mut one = Loop::start().await;
    one.create_with(&json!({ "metadata": {
        "name": "app",
        "finalizers": ["finalizers.fluxcd.io"],
    }}))
    .await;
    one.pass().await;
    one.until_says("app", "fine").await;
    // Else its status write would be what is held below.
    eventually("the first pass to be over", async || {
        one.is_measured("app").then_some(())
    })
    .await;
    let answer = one.proxy.hold(Calls::writes(PLURAL), Point::After);
    one.delete("app").await;
    answer.reached().await;
    one.until_forgotten("app").await;
    let told = one.script.forgotten.lock().len();
    drop(answer);
    one.end().await;
    assert!(!one.is_measured("app"));
    assert_eq!(
        one.script.forgotten.lock().len(),
        told + 1,
        "what the pass remembered after the object went is forgotten, too"
    );
}
