//! Statuses that arrive in the end, whatever becomes of the first try.

use serde_json::json;
use test_support::api_proxy::{Calls, Effect, Point};

use crate::harness::{Loop, PLURAL, ready};

#[tokio::test]
async fn a_status_arrives_in_the_end() {
    for effect in [
        Effect::Status(409),
        Effect::TooManyRequests(0),
        Effect::Status(500),
        Effect::LoseCall,
        Effect::LoseAnswer,
    ] {
        let one = Loop::start().await;
        one.proxy
            .fail(Calls::status_writes(PLURAL), 2, effect.clone());
        one.create("app").await;
        let object = one.until_says("app", "fine").await;
        assert_eq!(
            object.status.unwrap().observed_generation,
            Some(1),
            "{effect:?}"
        );
        let accepted = one.proxy.writes().len();
        assert!((1..=3).contains(&accepted), "{effect:?}: {accepted}");
    }
}

#[tokio::test]
async fn an_object_that_is_gone_is_no_failure() {
    let mut one = Loop::start().await;
    let write = one.proxy.hold(Calls::status_writes(PLURAL), Point::Before);
    one.create("app").await;
    one.pass().await;
    write.reached().await;
    one.delete("app").await;
    drop(write);
    one.until_forgotten("app").await;
    one.create("other").await;
    one.pass().await;
    one.until_says("other", "fine").await;
    assert!(!one.has_passed());
}

#[tokio::test]
async fn another_object_of_the_same_name_gets_a_status_of_its_own() {
    let mut one = Loop::start().await;
    let write = one.proxy.hold(Calls::status_writes(PLURAL), Point::Before);
    one.create("app").await;
    one.pass().await;
    write.reached().await;
    one.delete("app").await;
    one.create_with(&json!({
        "metadata": { "name": "app" },
        "spec": { "image": "another", "interval": "1m" },
    }))
    .await;
    drop(write);
    one.says(ready("fine too"));
    let object = one.until_says("app", "fine too").await;
    assert_eq!(object.spec.image, "another");
    let writes: Vec<_> = one.proxy.writes();
    assert_eq!(
        writes.len(),
        1,
        "the first one's status is not the second one's: {writes:?}"
    );
}

#[tokio::test]
async fn a_watch_that_breaks_goes_on() {
    let mut one = Loop::start().await;
    one.create("app").await;
    one.pass().await;
    one.until_says("app", "fine").await;
    one.create("goes").await;
    one.pass().await;
    one.until_says("goes", "fine").await;
    one.proxy.cut();
    one.delete("goes").await;
    one.says(ready("better"));
    one.patch("app", json!({ "spec": { "image": "other" } }))
        .await;
    one.until_says("app", "better").await;
    one.until_forgotten("goes").await;
}
