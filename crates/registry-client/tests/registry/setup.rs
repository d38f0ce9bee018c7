//! What the tests have in common.

use std::time::Duration;

use image_ref::ImageName;
use registry_client::{Access, Client, Credentials, Error, Limits, Options};
use test_support::registry::Registry;

/// Everything in the tests that must never turn up in a text.
pub(crate) const SECRETS: [&str; 4] = ["s3cret", "czNjcmV0", "bearer-secret", "refresh-t0ken"];

/// A client that repeats without long pauses.
pub(crate) fn client() -> Client {
    client_with(Limits::default())
}

pub(crate) fn client_with(limits: Limits) -> Client {
    build(Options {
        retry_delays: vec![Duration::from_millis(1); 2],
        limits,
        ..Options::default()
    })
}

pub(crate) fn build(options: Options) -> Client {
    test_support::tls::install_provider();
    Client::new(options).expect("a provider is installed")
}

/// A registry with the repository `app` of two tags.
pub(crate) async fn registry() -> Registry {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0", "2.0.0"]);
    registry
}

pub(crate) fn image(registry: &Registry, repository: &str) -> ImageName {
    ImageName::parse(&registry.image(repository)).expect("the test names a valid repository")
}

/// Long enough for any answer, short enough for a test that hangs.
pub(crate) fn access() -> Access {
    Access {
        timeout: Duration::from_secs(20),
        ..Access::default()
    }
}

pub(crate) fn access_as(credentials: Credentials) -> Access {
    Access {
        credentials,
        ..access()
    }
}

pub(crate) fn basic(password: &str) -> Credentials {
    Credentials::Basic {
        username: "robot".to_owned(),
        password: password.into(),
    }
}

/// The tags of a list as text.
pub(crate) async fn tags(client: &Client, image: &ImageName, access: &Access) -> Vec<String> {
    let tags = client
        .list_tags(image, access)
        .await
        .expect("the list ends well");
    tags.iter().map(str::to_owned).collect()
}

/// Asserts that an error says all of `parts`, names the image and holds no secret.
#[track_caller]
pub(crate) fn assert_says(error: &Error, image: &ImageName, parts: &[&str]) {
    let text = error.to_string();
    assert!(text.contains(&image.canonical()), "{text}");
    for part in parts {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
    let both = format!("{text} {error:?}");
    for secret in SECRETS {
        assert!(!both.contains(secret), "{both}");
    }
}
