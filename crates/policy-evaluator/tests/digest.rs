//! Digest reflection against a registry.

use api::image::v1::{DigestReflectionPolicy, ImageRef};
use image_ref::ImageName;
use policy_evaluator::{Decision, DigestSource, digest_source, fetch_digest};
use registry_client::{Access, Client, Options};
use test_support::registry::Registry;

fn reference(tag: &str, digest: Option<&str>) -> ImageRef {
    ImageRef {
        name: "reg.example/app".to_owned(),
        tag: tag.to_owned(),
        digest: digest.map(str::to_owned),
    }
}

fn source(
    policy: DigestReflectionPolicy,
    previous: Option<&ImageRef>,
    is_unlisted: bool,
) -> DigestSource {
    let decision = Decision {
        latest: reference("1.0.0", None),
        is_unlisted,
        refused: None,
        waiting: None,
        wake: None,
    };
    digest_source(policy, &decision, previous)
}

#[test]
fn the_policy_says_where_the_digest_comes_from() {
    use DigestReflectionPolicy::{Always, IfNotPresent, Never};
    let known = reference("1.0.0", Some("sha256:1"));
    let other_tag = reference("0.9.0", Some("sha256:1"));
    let other_name = ImageRef {
        name: "reg.example/other".to_owned(),
        ..known.clone()
    };
    let without = reference("1.0.0", None);
    let kept = DigestSource::Known("sha256:1".to_owned());
    for previous in [None, Some(&known), Some(&other_tag)] {
        assert_eq!(source(Never, previous, false), DigestSource::Without);
        assert_eq!(source(Always, previous, false), DigestSource::Registry);
    }
    for previous in [None, Some(&other_tag), Some(&other_name), Some(&without)] {
        assert_eq!(
            source(IfNotPresent, previous, false),
            DigestSource::Registry
        );
    }
    assert_eq!(source(IfNotPresent, Some(&known), false), kept);
    // What is not there cannot be asked for; another spelling of its image is the same image.
    for policy in [Always, IfNotPresent] {
        assert_eq!(source(policy, Some(&known), true), kept);
        assert_eq!(source(policy, Some(&other_name), true), kept);
        assert_eq!(source(policy, Some(&without), true), DigestSource::Without);
    }
}

#[tokio::test]
async fn the_digest_is_that_of_the_registry() {
    test_support::tls::install_provider();
    let registry = Registry::start().await;
    registry.set_tags("team/app", ["1.0.0"]);
    let client = Client::new(Options::default()).unwrap();
    let image = ImageName::parse(&registry.image("team/app")).unwrap();
    let access = Access::default();
    let with = (&client, &access);
    let digest = fetch_digest(with, &image, "1.0.0").await.unwrap();
    assert_eq!(digest, registry.digest("team/app", "1.0.0"));
    let moved = registry.push_tag("team/app", "1.0.0");
    assert_eq!(fetch_digest(with, &image, "1.0.0").await.unwrap(), moved);

    let error = fetch_digest(with, &image, "2.0.0").await.unwrap_err();
    let name = image.as_written();
    let begin = format!(
        "failed fetching digest of {name}:2.0.0: failed fetching descriptor for \"{name}:2.0.0\": "
    );
    assert!(error.to_string().starts_with(&begin), "{error}");
}
