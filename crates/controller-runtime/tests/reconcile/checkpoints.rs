//! What a pass stores before it ends, and how long it may go on at the end of the process.

use std::time::Duration;

use serde_json::json;
use test_support::api_proxy::{Calls, Effect, Point};
use test_support::cluster::eventually;

use crate::harness::{Loop, PLURAL, condition};

const STORED: &str = "stored before the end";

fn image(status: &api::image::v1::ImageRepositoryStatus) -> Option<&str> {
    status.canonical_image_name.as_deref()
}

async fn storing() -> Loop {
    let one = Loop::start().await;
    *one.script.stores.lock() = Some(STORED.to_owned());
    one
}

#[tokio::test]
async fn it_is_there_before_the_pass_ends_and_says_nothing_more() {
    let mut one = storing().await;
    one.script.held.send_replace(true);
    one.create("app").await;
    one.pass().await;
    let stored = one
        .until("app", "the checkpoint", |status| {
            image(status) == Some(STORED)
        })
        .await;
    let status = stored.status.unwrap();
    assert!(condition(&status, "Ready").is_none_or(|ready| ready.0 == "Unknown"));
    assert_eq!(status.last_handled_reconcile_at, None);
    one.script.held.send_replace(false);
    let ended = one.until_says("app", "fine").await;
    assert_eq!(image(&ended.status.unwrap()), Some("index.docker.io/app"));
}

#[tokio::test]
async fn a_pass_that_breaks_down_leaves_what_it_stored() {
    let mut one = storing().await;
    *one.script.panics.lock() = true;
    one.create("app").await;
    one.pass().await;
    let broken = one
        .until_says("app", "panic: as the test wants it [recovered]")
        .await;
    assert_eq!(image(&broken.status.unwrap()), Some(STORED));
    let next = one.pass().await;
    assert_eq!(image(next.status.as_ref().unwrap()), Some(STORED));
}

#[tokio::test]
async fn what_others_change_meanwhile_is_no_hindrance() {
    let mut one = storing().await;
    let hold = one.proxy.hold(Calls::status_writes(PLURAL), Point::Before);
    one.create("app").await;
    one.pass().await;
    hold.reached().await;
    one.annotate("app", "somebody", "else").await;
    drop(hold);
    one.until_says("app", "fine").await;
    assert_eq!(one.script.stored.lock().first(), Some(&Ok(())));
}

#[tokio::test]
async fn an_object_that_is_gone_stores_nothing() {
    let mut one = storing().await;
    let hold = one.proxy.hold(Calls::status_writes(PLURAL), Point::Before);
    one.create("app").await;
    one.pass().await;
    hold.reached().await;
    one.delete("app").await;
    one.create_with(
        &json!({ "metadata": { "name": "app" }, "spec": { "image": "new", "interval": "1m" } }),
    )
    .await;
    drop(hold);
    let answer = eventually("an answer", async || {
        one.script.stored.lock().first().cloned()
    })
    .await;
    assert_eq!(answer, Err("the object is gone".to_owned()));
}

#[tokio::test]
async fn what_is_not_stored_is_told() {
    let mut one = storing().await;
    one.proxy
        .fail(Calls::status_writes(PLURAL), 1, Effect::Status(403));
    one.create("app").await;
    one.pass().await;
    one.until_says("app", "fine").await;
    let stored = one.script.stored.lock().first().cloned();
    let error = stored.unwrap().unwrap_err();
    assert!(error.contains("failed to write the status"), "{error}");
}

#[tokio::test]
async fn passes_may_go_on_for_as_long_as_the_reconciler_says() {
    let mut one = Loop::start().await;
    one.script.held.send_replace(true);
    one.create("app").await;
    one.pass().await;
    one.shutdown();
    one.script.held.send_replace(false);
    one.end().await;
    let object = one.object("app").await;
    let status = object.status.unwrap();
    assert_eq!(condition(&status, "Ready").unwrap().2, "fine");

    let mut one = Loop::start().await;
    *one.script.grace.lock() = Duration::from_millis(1);
    one.script.held.send_replace(true);
    one.create("app").await;
    one.pass().await;
    one.end().await;
    let object = one.object("app").await;
    assert!(
        object
            .status
            .is_none_or(|status| condition(&status, "Ready").is_none())
    );
}
