//! Every way a registry fails: an error that names image, cause and remedy, and holds no secret.

use std::time::Duration;

use image_ref::ImageName;
use registry_client::{Access, Class, Client, Error, Limits, Options};
use test_support::process::free_port;
use test_support::registry::{Effect, Endpoint, Registry};
use test_support::tls::Authority;

use crate::setup::{
    access, access_as, assert_says, basic, build, client, client_with, image, registry, tags,
};

/// The error of a list of `app` when `endpoint` always has `effect`.
async fn failure(client: &Client, endpoint: Endpoint, effect: Effect) -> (Error, ImageName, usize) {
    let registry = registry().await;
    registry.fail_always(endpoint, effect);
    let image = image(&registry, "app");
    let result = client.list_tags(&image, &access_as(basic("s3cret"))).await;
    let error = result.expect_err("the fault is permanent");
    (error, image, registry.count(endpoint))
}

#[tokio::test]
async fn statuses_name_cause_and_remedy() {
    let client = client();
    for (code, parts, class, requests) in [
        (
            400,
            &["400 Bad Request", "check that the host is a registry"][..],
            Class::Terminal,
            1,
        ),
        (
            403,
            &["403 Forbidden", "lack the right to pull"],
            Class::Authentication,
            1,
        ),
        (
            404,
            &["404 Not Found", "check the name"],
            Class::NotFound,
            1,
        ),
        (
            408,
            &["408 Request Timeout", "try again later"],
            Class::Transient,
            3,
        ),
        (
            500,
            &["500 Internal Server Error", "try again later"],
            Class::Transient,
            3,
        ),
        (501, &["501 Not Implemented"], Class::Transient, 1),
        (502, &["502 Bad Gateway"], Class::Transient, 3),
        (503, &["503 Service Unavailable"], Class::Transient, 3),
        (504, &["504 Gateway Timeout"], Class::Transient, 3),
        (522, &["522"], Class::Transient, 3),
        (
            429,
            &["allows no more requests", "scan less often"],
            Class::Throttled { retry_after: None },
            3,
        ),
    ] {
        let (error, image, count) = failure(&client, Endpoint::Tags, Effect::status(code)).await;
        assert_says(&error, &image, parts);
        assert_eq!(error.class(), class, "{code}");
        assert_eq!(count, requests, "{code}");
    }
}

#[tokio::test]
async fn a_status_of_the_ping_is_the_error() {
    let (error, image, _) = failure(&client(), Endpoint::Ping, Effect::status(403)).await;
    assert_says(&error, &image, &["/v2/: 403 Forbidden"]);
}

#[tokio::test]
async fn the_registrys_own_words_are_shown() {
    let registry = registry().await;
    let image = image(&registry, "missing");
    let error = client().list_tags(&image, &access()).await.unwrap_err();
    assert_says(
        &error,
        &image,
        &["NAME_UNKNOWN: repository name not known to registry"],
    );
    assert_eq!(error.class(), Class::NotFound);
}

#[tokio::test]
async fn a_passing_failure_is_repeated_away() {
    for effect in [Effect::status(503), Effect::status(429), Effect::BreakOff] {
        let registry = registry().await;
        registry.fail(Endpoint::Tags, 2, effect);
        registry.fail(Endpoint::Ping, 2, Effect::status(502));
        assert_eq!(
            tags(&client(), &image(&registry, "app"), &access())
                .await
                .len(),
            2
        );
        assert_eq!(registry.count(Endpoint::Tags), 3);
    }
}

#[tokio::test]
async fn a_page_that_fails_fails_the_list() {
    let registry = Registry::start().await;
    registry.set_page_size(100);
    let image = image(&registry, "app/r1-1000");
    let client = client();
    // The third page is the one that breaks.
    registry.fail(Endpoint::Tags, 2, Effect::Delay(Duration::ZERO));
    registry.fail_always(Endpoint::Tags, Effect::BreakOff);
    let error = client.list_tags(&image, &access()).await.unwrap_err();
    assert_says(
        &error,
        &image,
        &["/v2/app/r1-1000/tags/list: the connection was lost"],
    );
    assert_eq!(error.class(), Class::Transient);
    registry.heal();
    assert_eq!(tags(&client, &image, &access()).await.len(), 1000);
}

#[tokio::test]
async fn a_login_page_instead_of_json_is_shown() {
    let (error, image, _) = failure(&client(), Endpoint::Tags, Effect::Html).await;
    let parts = [
        "expected a list of tags as JSON",
        "text/html",
        "<!DOCTYPE html> <html>",
        "login page",
    ];
    assert_says(&error, &image, &parts);
    assert_eq!(error.class(), Class::Terminal);
}

#[tokio::test]
async fn json_of_another_kind_is_shown() {
    let other = Effect::Json(r#"{"message": "s3cret welcome"}"#.to_owned());
    let (error, image, _) = failure(&client(), Endpoint::Tags, other).await;
    assert_says(
        &error,
        &image,
        &["expected a list of tags as JSON", "*** welcome"],
    );
}

#[tokio::test]
async fn a_text_that_is_no_tag_is_shown() {
    let page = Effect::Json(r#"{"tags":["1.0.0","no tag\u001b"]}"#.to_owned());
    let (error, image, _) = failure(&client(), Endpoint::Tags, page).await;
    assert_says(
        &error,
        &image,
        &["\"no tag\"", "which is no tag", "up to 127"],
    );
    assert_eq!(error.class(), Class::Terminal);
}

#[tokio::test]
async fn a_page_without_end_stops_at_its_bound() {
    let client = client_with(Limits {
        page_bytes: 100_000,
        ..Limits::default()
    });
    let (error, image, count) = failure(&client, Endpoint::Tags, Effect::HugeBody).await;
    assert_says(
        &error,
        &image,
        &["the size of a page in bytes", "limit of 100000"],
    );
    assert_eq!((error.class(), count), (Class::Terminal, 1));
}

#[tokio::test]
async fn an_error_page_without_end_is_cut() {
    let registry = registry().await;
    let image = image(&registry, "app");
    let body = "x".repeat(1 << 20);
    registry.fail_always(
        Endpoint::Tags,
        Effect::Status {
            code: 404,
            headers: Vec::new(),
            body,
        },
    );
    let error = client().list_tags(&image, &access()).await.unwrap_err();
    assert_says(&error, &image, &["404 Not Found"]);
    assert!(error.to_string().len() < 500);
}

#[tokio::test]
async fn pages_without_end_stop_at_their_bounds() {
    let client = client_with(Limits {
        pages: 5,
        ..Limits::default()
    });
    let (error, image, count) = failure(&client, Endpoint::Tags, Effect::EndlessPages).await;
    assert_says(
        &error,
        &image,
        &["the number of pages is above the limit of 5"],
    );
    assert_eq!((error.class(), count), (Class::Terminal, 5));
    let client = client_with(Limits {
        tags: 25,
        ..Limits::default()
    });
    let (error, image, count) = failure(&client, Endpoint::Tags, Effect::EndlessPages).await;
    assert_says(
        &error,
        &image,
        &["the number of tags is above the limit of 25"],
    );
    assert_eq!(count, 3);
}

#[tokio::test]
async fn pages_in_a_circle_are_noticed() {
    let (error, image, count) = failure(&client(), Endpoint::Tags, Effect::RepeatedLink).await;
    assert_says(&error, &image, &["page 1 links back", "would never end"]);
    assert_eq!((error.class(), count), (Class::Terminal, 1));
    let (error, image, count) = failure(&client(), Endpoint::Tags, Effect::RepeatedTags).await;
    assert_says(
        &error,
        &image,
        &["page 2 brings no new tag", "would never end"],
    );
    assert_eq!((error.class(), count), (Class::Terminal, 2));
}

#[tokio::test]
async fn the_next_page_must_be_on_the_same_host() {
    for link in [
        "<https://evil.example/v2/app/tags/list?last=s3cret>",
        "no brackets",
    ] {
        let effect = Effect::Status {
            code: 200,
            headers: vec![("link".to_owned(), link.to_owned())],
            body: r#"{"tags":["1.0.0"]}"#.to_owned(),
        };
        let (error, image, count) = failure(&client(), Endpoint::Tags, effect).await;
        assert_says(
            &error,
            &image,
            &["the next page is at", "expected a URL of the same host"],
        );
        assert_eq!((error.class(), count), (Class::Terminal, 1));
    }
}

#[tokio::test]
async fn a_registry_that_never_answers_is_given_up_in_time() {
    let registry = registry().await;
    registry.fail_always(Endpoint::Tags, Effect::Hang);
    let image = image(&registry, "app");
    let access = Access {
        timeout: Duration::from_millis(50),
        ..access_as(basic("s3cret"))
    };
    let error = client().list_tags(&image, &access).await.unwrap_err();
    assert_says(
        &error,
        &image,
        &["no result within 50ms", "timeout is too short"],
    );
    assert_eq!(error.class(), Class::Transient);
}

#[tokio::test]
async fn an_answer_that_stalls_is_repeated() {
    let registry = registry().await;
    registry.fail(Endpoint::Tags, 1, Effect::Hang);
    let client = build(Options {
        read_timeout: Duration::from_millis(50),
        retry_delays: vec![Duration::from_millis(1)],
        ..Options::default()
    });
    assert_eq!(
        tags(&client, &image(&registry, "app"), &access())
            .await
            .len(),
        2
    );
    assert_eq!(registry.count(Endpoint::Tags), 2);
}

#[tokio::test]
async fn a_port_without_a_listener_is_no_connection() {
    let image = ImageName::parse(&format!("127.0.0.1:{}/app", free_port())).unwrap();
    let error = client()
        .list_tags(&image, &access_as(basic("s3cret")))
        .await
        .unwrap_err();
    assert_says(
        &error,
        &image,
        &[
            "no connection",
            "Connection refused",
            "check the registry's address",
        ],
    );
    assert_eq!(error.class(), Class::Transient);
}

#[tokio::test]
async fn an_unknown_host_is_named() {
    let image = ImageName::parse("registry.invalid/org/app").unwrap();
    let error = client()
        .list_tags(&image, &access_as(basic("s3cret")))
        .await
        .unwrap_err();
    assert_says(
        &error,
        &image,
        &[
            "https://registry.invalid/v2/: unknown host",
            "check the registry's name",
        ],
    );
    assert_eq!(error.class(), Class::Transient);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_a_tls_failure() {
    let registry = Registry::start_tls(&Authority::new().server(&["127.0.0.1"])).await;
    let image = image(&registry, "app-2");
    let other = Access {
        ca_bundle: Some(Authority::new().ca_pem().as_bytes().to_vec()),
        ..access()
    };
    for access in [access(), other] {
        let error = client().list_tags(&image, &access).await.unwrap_err();
        assert_says(
            &error,
            &image,
            &[
                "TLS failure: invalid peer certificate",
                "give the registry's CA",
            ],
        );
        assert_eq!(error.class(), Class::Terminal);
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_a_tls_failure() {
    let authority = Authority::new();
    let registry = Registry::start_tls(&authority.server(&["registry.example"])).await;
    let image = image(&registry, "app-2");
    let access = Access {
        ca_bundle: Some(authority.ca_pem().as_bytes().to_vec()),
        ..access()
    };
    let error = client().list_tags(&image, &access).await.unwrap_err();
    assert_says(&error, &image, &["TLS failure", "not valid for name"]);
}

#[tokio::test]
async fn a_bundle_without_certificates_is_an_error() {
    let registry = registry().await;
    let image = image(&registry, "app");
    for (bundle, text) in [
        ("", "failed to parse CA certificate"),
        ("-----BEGIN CERTIFICATE-----\n%%", "set up the connection"),
    ] {
        let access = Access {
            ca_bundle: Some(bundle.into()),
            ..access()
        };
        let error = client().list_tags(&image, &access).await.unwrap_err();
        assert_says(&error, &image, &[text, "must be PEM"]);
        assert_eq!(error.class(), Class::Terminal);
    }
}
