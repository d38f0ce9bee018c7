//! What all callers of a registry share: its budget.

use std::time::Duration;

use registry_client::{Access, Class, Client, Options};
use test_support::registry::{Effect, Endpoint, Registry};

use crate::setup::{access, assert_says, build, client, image, registry, tags};

fn client_of(concurrency: usize) -> Client {
    build(Options {
        concurrency,
        retry_delays: vec![Duration::from_millis(1)],
        ..Options::default()
    })
}

#[tokio::test]
async fn no_more_requests_are_open_than_allowed() {
    let registry = Registry::start().await;
    let client = client_of(4);
    tags(&client, &image(&registry, "app/warm-1"), &access()).await;
    let hold = registry.hold(Endpoint::Tags);
    let callers: Vec<_> = (0..40)
        .map(|i| {
            let (client, image) = (client.clone(), image(&registry, &format!("app/r{i}-10")));
            tokio::spawn(async move { client.list_tags(&image, &access()).await })
        })
        .collect();
    registry.until_held(4).await;
    drop(hold);
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().len(), 10);
    }
    assert_eq!(registry.peak(), 4);
}

#[tokio::test]
async fn a_hundred_first_callers_ping_once() {
    let registry = Registry::start().await;
    let client = client();
    let callers: Vec<_> = (0..100)
        .map(|i| {
            let (client, image) = (client.clone(), image(&registry, &format!("app/r{i}-10")));
            tokio::spawn(async move { client.list_tags(&image, &access()).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().len(), 10);
    }
    assert_eq!(registry.count(Endpoint::Ping), 1);
}

#[tokio::test]
async fn a_wait_longer_than_the_call_fails_at_once_and_for_all() {
    let registry = registry().await;
    let (client, app) = (client(), image(&registry, "app"));
    let refusal = Effect::status_with(429, &[("retry-after", "3600")]);
    registry.fail(Endpoint::Tags, 1, refusal);
    let error = client.list_tags(&app, &access()).await.unwrap_err();
    assert_says(
        &error,
        &app,
        &[
            "allows no more requests for 3",
            "use credentials with a higher limit",
        ],
    );
    let Class::Throttled {
        retry_after: Some(wait),
    } = error.class()
    else {
        unreachable!("throttled with a time: {error}");
    };
    assert!(wait > Duration::from_secs(3500));
    // Another repository of the same host is not even asked for.
    let other = image(&registry, "app/r1-10");
    let before = registry.count(Endpoint::Any);
    let error = client.list_tags(&other, &access()).await.unwrap_err();
    assert!(matches!(error.class(), Class::Throttled { .. }));
    assert_eq!(registry.count(Endpoint::Any), before);
}

#[tokio::test]
async fn a_wait_within_the_call_is_waited_out() {
    let registry = registry().await;
    let client = client();
    registry.fail(
        Endpoint::Tags,
        1,
        Effect::status_with(503, &[("retry-after", "1")]),
    );
    assert_eq!(
        tags(&client, &image(&registry, "app"), &access())
            .await
            .len(),
        2
    );
    assert_eq!(registry.count(Endpoint::Tags), 2);
}

#[tokio::test]
async fn a_used_up_rate_limit_stops_the_next_request() {
    for headers in [
        &[
            ("ratelimit-limit", "100;w=2160000"),
            ("ratelimit-remaining", "0;w=2160000"),
        ][..],
        &[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "3600"),
        ],
        &[("ratelimit", "\"daily\";r=0;t=3600")],
    ] {
        let registry = registry().await;
        let (client, image) = (client(), image(&registry, "app"));
        let owned = headers
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()));
        let last = Effect::Status {
            code: 200,
            headers: owned.collect(),
            body: r#"{"tags":["1.0.0"]}"#.to_owned(),
        };
        registry.fail(Endpoint::Tags, 1, last);
        assert_eq!(tags(&client, &image, &access()).await, ["1.0.0"]);
        let error = client.list_tags(&image, &access()).await.unwrap_err();
        assert!(matches!(error.class(), Class::Throttled { .. }), "{error}");
        assert_eq!(registry.count(Endpoint::Tags), 1);
    }
}

#[tokio::test]
async fn repetitions_end_with_the_callers_time() {
    let registry = registry().await;
    let image = image(&registry, "app");
    registry.fail_always(Endpoint::Tags, Effect::status(503));
    let client = build(Options {
        retry_delays: vec![Duration::from_secs(600)],
        ..Options::default()
    });
    let access = Access {
        timeout: Duration::from_secs(60),
        ..Access::default()
    };
    let error = client.list_tags(&image, &access).await.unwrap_err();
    assert_says(&error, &image, &["503 Service Unavailable"]);
    assert_eq!(registry.count(Endpoint::Tags), 1);
}

#[tokio::test]
async fn other_hosts_have_budgets_of_their_own() {
    let (limited, free) = (registry().await, registry().await);
    let client = client();
    let refusal = Effect::status_with(429, &[("retry-after", "3600")]);
    limited.fail_always(Endpoint::Any, refusal);
    let error = client
        .list_tags(&image(&limited, "app"), &access())
        .await
        .unwrap_err();
    assert!(matches!(error.class(), Class::Throttled { .. }));
    assert_eq!(
        tags(&client, &image(&free, "app"), &access()).await.len(),
        2
    );
}
