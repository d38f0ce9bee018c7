//! From a tag to the digest it stands for.

use registry_client::{Class, Limits};
use test_support::registry::{Auth, Effect, Endpoint};

use crate::setup::{access, access_as, assert_says, basic, client, client_with, image, registry};

#[tokio::test]
async fn the_head_of_the_manifest_is_enough() {
    let registry = registry().await;
    let (client, image) = (client(), image(&registry, "app"));
    let digest = client
        .resolve_digest(&image, "1.0.0", &access())
        .await
        .unwrap();
    assert_eq!(digest.to_string(), registry.digest("app", "1.0.0"));
    let moved = registry.push_tag("app", "1.0.0");
    let digest = client
        .resolve_digest(&image, "1.0.0", &access())
        .await
        .unwrap();
    assert_eq!(digest.to_string(), moved);
    let requests = registry.requests();
    let heads: Vec<_> = requests
        .iter()
        .filter(|request| request.method == "HEAD")
        .collect();
    assert_eq!((heads.len(), requests.len()), (2, 3));
    assert!(
        heads[0]
            .header("accept")
            .contains("application/vnd.oci.image.index.v1+json")
    );
    assert_eq!(
        heads[0]
            .header("accept")
            .matches("application/vnd.")
            .count(),
        6
    );
}

#[tokio::test]
async fn the_manifest_is_hashed_where_no_digest_is_named() {
    let registry = registry().await;
    registry.set_digest_header(false);
    let image = image(&registry, "app");
    let digest = client()
        .resolve_digest(&image, "1.0.0", &access())
        .await
        .unwrap();
    assert_eq!(digest.to_string(), registry.digest("app", "1.0.0"));
    assert_eq!(registry.count(Endpoint::Manifest), 2);
}

#[tokio::test]
async fn the_manifest_is_fetched_where_heads_are_refused() {
    for code in [404, 405] {
        let registry = registry().await;
        registry.fail(Endpoint::Manifest, 1, Effect::status(code));
        let image = image(&registry, "app");
        let digest = client()
            .resolve_digest(&image, "1.0.0", &access())
            .await
            .unwrap();
        assert_eq!(digest.to_string(), registry.digest("app", "1.0.0"));
    }
}

#[tokio::test]
async fn a_private_tag_is_resolved_with_a_token() {
    let registry = registry().await;
    registry.set_auth(Auth::token("robot", "s3cret"));
    let image = image(&registry, "app");
    let access = access_as(basic("s3cret"));
    let digest = client()
        .resolve_digest(&image, "2.0.0", &access)
        .await
        .unwrap();
    assert_eq!(digest.to_string(), registry.digest("app", "2.0.0"));
}

#[tokio::test]
async fn a_tag_that_does_not_exist_is_not_found() {
    let registry = registry().await;
    let image = image(&registry, "app");
    let error = client()
        .resolve_digest(&image, "9.9.9", &access())
        .await
        .unwrap_err();
    assert_says(
        &error,
        &image,
        &["resolve the digest of", ":9.9.9", "MANIFEST_UNKNOWN"],
    );
    assert_eq!(error.class(), Class::NotFound);
}

#[tokio::test]
async fn a_digest_that_is_none_is_shown() {
    let registry = registry().await;
    let image = image(&registry, "app");
    let odd = Effect::status_with(200, &[("docker-content-digest", "md5:1234")]);
    registry.fail_always(Endpoint::Manifest, odd);
    let error = client()
        .resolve_digest(&image, "1.0.0", &access())
        .await
        .unwrap_err();
    assert_says(
        &error,
        &image,
        &["expected a digest in Docker-Content-Digest", "md5:1234"],
    );
}

#[tokio::test]
async fn bytes_of_another_digest_are_refused() {
    let registry = registry().await;
    let image = image(&registry, "app");
    let named = format!("sha256:{}", "0".repeat(64));
    let other = Effect::Status {
        code: 200,
        headers: vec![("docker-content-digest".to_owned(), named.clone())],
        body: r#"{"schemaVersion":2}"#.to_owned(),
    };
    registry.fail(Endpoint::Manifest, 1, Effect::status(405));
    registry.fail_always(Endpoint::Manifest, other);
    let error = client()
        .resolve_digest(&image, "1.0.0", &access())
        .await
        .unwrap_err();
    assert_says(
        &error,
        &image,
        &[&named, "something on the way changes the answers"],
    );
    assert_eq!(error.class(), Class::Terminal);
}

#[tokio::test]
async fn a_login_page_is_no_manifest() {
    let registry = registry().await;
    let image = image(&registry, "app");
    registry.fail_always(Endpoint::Manifest, Effect::Html);
    let error = client()
        .resolve_digest(&image, "1.0.0", &access())
        .await
        .unwrap_err();
    assert_says(
        &error,
        &image,
        &["expected a manifest as JSON", "text/html", "Sign in"],
    );
}

#[tokio::test]
async fn a_huge_manifest_stops_at_its_bound() {
    let registry = registry().await;
    let image = image(&registry, "app");
    registry.fail_always(Endpoint::Manifest, Effect::HugeBody);
    let client = client_with(Limits {
        manifest_bytes: 50_000,
        ..Limits::default()
    });
    let error = client
        .resolve_digest(&image, "1.0.0", &access())
        .await
        .unwrap_err();
    assert_says(
        &error,
        &image,
        &["the size of the manifest in bytes", "limit of 50000"],
    );
}

#[tokio::test]
async fn paths_out_of_the_repository_are_refused() {
    let registry = registry().await;
    let app = image(&registry, "app");
    for tag in ["..", "../../other/manifests/1", "a?b", ""] {
        let error = client()
            .resolve_digest(&app, tag, &access())
            .await
            .unwrap_err();
        assert_says(&error, &app, &["it is no tag"]);
    }
    let outside = image(&registry, "app/../../x");
    let error = client().list_tags(&outside, &access()).await.unwrap_err();
    assert_says(
        &error,
        &outside,
        &["not in normal form", "correct the name"],
    );
    assert_eq!(
        registry.count(Endpoint::Manifest) + registry.count(Endpoint::Tags),
        0
    );
}
