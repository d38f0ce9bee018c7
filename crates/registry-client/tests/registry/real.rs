//! Debian's `docker-registry`: what holds for our own server holds for a real one.

use image_ref::ImageName;
use registry_client::{Access, Class};
use test_support::docker_registry::{DockerRegistry, PASSWORD, Setup, USERNAME};
use test_support::tls::Authority;

use crate::setup::{access, access_as, assert_says, client, tags};

fn credentials(password: &str) -> registry_client::Credentials {
    registry_client::Credentials::Basic {
        username: USERNAME.to_owned(),
        password: password.into(),
    }
}

#[tokio::test]
async fn tags_and_digests_of_an_open_registry() {
    let registry = DockerRegistry::start(&Setup::default()).await;
    let image = ImageName::parse(&registry.image("team/app")).unwrap();
    let client = client();
    let error = client.list_tags(&image, &access()).await.unwrap_err();
    assert_says(&error, &image, &["404 Not Found", "NAME_UNKNOWN"]);
    assert_eq!(error.class(), Class::NotFound);

    let digest = registry.push("team/app", "1.0.0").await;
    registry.push("team/app", "1.1.0").await;
    assert_eq!(tags(&client, &image, &access()).await, ["1.0.0", "1.1.0"]);
    let found = client
        .resolve_digest(&image, "1.0.0", &access())
        .await
        .unwrap();
    assert_eq!(found.to_string(), digest);
    let error = client
        .resolve_digest(&image, "9.9.9", &access())
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::NotFound);
}

#[tokio::test]
async fn a_registry_with_a_password_and_a_certificate_of_its_own() {
    let authority = Authority::new();
    let setup = Setup {
        password: true,
        authority: Some(&authority),
    };
    let registry = DockerRegistry::start(&setup).await;
    let digest = registry.push("app", "1.0.0").await;
    let image = ImageName::parse(&registry.image("app")).unwrap();
    let client = client();
    let trusting = |credentials| Access {
        ca_bundle: Some(authority.ca_pem().as_bytes().to_vec()),
        ..access_as(credentials)
    };

    let right = trusting(credentials(PASSWORD));
    assert_eq!(tags(&client, &image, &right).await, ["1.0.0"]);
    let found = client
        .resolve_digest(&image, "1.0.0", &right)
        .await
        .unwrap();
    assert_eq!(found.to_string(), digest);

    let wrong = trusting(credentials("wrong-s3cret"));
    let error = client.list_tags(&image, &wrong).await.unwrap_err();
    assert_says(
        &error,
        &image,
        &["401 Unauthorized", "refuses the credentials"],
    );
    assert_eq!(error.class(), Class::Authentication);

    let error = client
        .list_tags(&image, &access_as(credentials(PASSWORD)))
        .await
        .unwrap_err();
    assert_says(&error, &image, &["TLS failure", "certificate"]);
    assert!(!format!("{error} {error:?}").contains(PASSWORD));
}
