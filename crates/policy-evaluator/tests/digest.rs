//! Digest reflection against a registry.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has failed")]

use api::image::v1::{DigestReflectionPolicy, ImageRef};
use image_ref::ImageName;
use policy_evaluator::reflect_digest;
use registry_client::{Access, Client, Options};
use test_support::registry::{Endpoint, Registry};

struct Case {
    registry: Registry,
    client: Client,
    selected: ImageRef,
}

impl Case {
    async fn new() -> Self {
        test_support::tls::install_provider();
        let registry = Registry::start().await;
        registry.set_tags("team/app", ["1.0.0"]);
        let selected = ImageRef {
            name: registry.image("team/app"),
            tag: "1.0.0".to_owned(),
            digest: None,
        };
        Self {
            registry,
            client: Client::new(Options::default()).unwrap(),
            selected,
        }
    }

    async fn reflect(
        &self,
        policy: DigestReflectionPolicy,
        previous: Option<&ImageRef>,
    ) -> Option<String> {
        let image = ImageName::parse(&self.selected.name).unwrap();
        let access = Access::default();
        let reflected = reflect_digest(
            (&self.client, &access),
            policy,
            &image,
            self.selected.clone(),
            previous,
        )
        .await
        .unwrap();
        reflected.digest
    }

    fn known(&self, tag: &str, digest: Option<&str>) -> ImageRef {
        ImageRef {
            tag: tag.to_owned(),
            digest: digest.map(str::to_owned),
            ..self.selected.clone()
        }
    }
}

#[tokio::test]
async fn never_asks_and_drops_what_was_known() {
    let case = Case::new().await;
    let known = case.known("1.0.0", Some("sha256:1"));
    assert_eq!(
        case.reflect(DigestReflectionPolicy::Never, Some(&known))
            .await,
        None
    );
    assert_eq!(case.registry.count(Endpoint::Manifest), 0);
}

#[tokio::test]
async fn if_not_present_asks_once_per_tag() {
    let case = Case::new().await;
    let digest = case.registry.digest("team/app", "1.0.0");
    let policy = DigestReflectionPolicy::IfNotPresent;
    assert_eq!(case.reflect(policy, None).await.as_ref(), Some(&digest));
    assert_eq!(
        case.reflect(policy, Some(&case.known("0.9.0", Some("sha256:1"))))
            .await
            .as_ref(),
        Some(&digest)
    );
    assert_eq!(
        case.reflect(policy, Some(&case.known("1.0.0", None)))
            .await
            .as_ref(),
        Some(&digest)
    );
    assert_eq!(case.registry.count(Endpoint::Manifest), 3);
    let kept = case
        .reflect(policy, Some(&case.known("1.0.0", Some("sha256:1"))))
        .await;
    assert_eq!(kept.as_deref(), Some("sha256:1"));
    assert_eq!(case.registry.count(Endpoint::Manifest), 3);
}

#[tokio::test]
async fn always_follows_a_tag_that_moves() {
    let case = Case::new().await;
    let known = case.known("1.0.0", Some("sha256:1"));
    let moved = case.registry.push_tag("team/app", "1.0.0");
    assert_eq!(
        case.reflect(DigestReflectionPolicy::Always, Some(&known))
            .await,
        Some(moved)
    );
}
