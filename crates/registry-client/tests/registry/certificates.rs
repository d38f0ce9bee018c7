//! Registries that ask their clients for a certificate.

use image_ref::ImageName;
use registry_client::{Access, ClientCertificate};
use test_support::registry::{Endpoint, Registry};
use test_support::tls::{Authority, ServerIdentity};

use crate::setup::{access, assert_says, client, image, tags};

/// A registry for clients of `clients`, and how to trust it.
async fn registry(clients: &Authority) -> (Registry, Access) {
    let authority = Authority::new();
    let identity = authority.server(&["127.0.0.1"]);
    let registry = Registry::start_mutual_tls(&identity, clients).await;
    registry.set_tags("app", ["1.0.0", "2.0.0"]);
    let access = Access {
        ca_bundle: Some(authority.ca_pem().as_bytes().to_vec()),
        ..access()
    };
    (registry, access)
}

fn as_client(access: &Access, robot: &ServerIdentity) -> Access {
    let pair = (robot.cert_pem.as_bytes(), robot.key_pem.as_bytes());
    let certificate = ClientCertificate::from_pem(pair.0, pair.1);
    Access {
        client_certificate: Some(certificate.expect("key and certificate belong together")),
        ..access.clone()
    }
}

#[tokio::test]
async fn a_client_with_a_certificate_of_its_authority_is_let_in() {
    let clients = Authority::new();
    let (registry, access) = registry(&clients).await;
    let image = image(&registry, "app");
    let robot = clients.server(&["robot"]);
    let access = as_client(&access, &robot);
    assert_eq!(tags(&client(), &image, &access).await, ["1.0.0", "2.0.0"]);
    assert!(!format!("{access:?}").contains("PRIVATE"));
}

#[tokio::test]
async fn nothing_is_shared_with_a_client_of_another_certificate() {
    let clients = Authority::new();
    let (registry, access) = registry(&clients).await;
    let image = image(&registry, "app");
    let client = client();
    let admitted = as_client(&access, &clients.server(&["robot"]));
    tags(&client, &image, &admitted).await;
    let before = registry.count(Endpoint::Any);
    let stranger = as_client(&access, &Authority::new().server(&["robot"]));
    for refused in [&access, &stranger] {
        let error = client.list_tags(&image, refused).await.unwrap_err();
        assert_says(&error, &image, &["GET https://127.0.0.1"]);
        assert_ne!(admitted.list_key(&image), refused.list_key(&image));
    }
    assert_eq!(registry.count(Endpoint::Any), before);
}

#[test]
fn the_key_of_a_list_is_that_of_the_whole_access() {
    let image = ImageName::parse("ghcr.io/org/app").unwrap();
    let other = ImageName::parse("ghcr.io/org/other").unwrap();
    let robot = Authority::new().server(&["robot"]);
    let key = access().list_key(&image);
    let later = Access {
        timeout: std::time::Duration::from_secs(1),
        ..access()
    };
    assert_eq!(key, later.list_key(&image));
    assert_ne!(key, access().list_key(&other));
    assert_ne!(key, as_client(&access(), &robot).list_key(&image));
    let insecure = Access {
        insecure: true,
        ..access()
    };
    assert_ne!(key, insecure.list_key(&image));
    assert_ne!(
        key,
        crate::setup::access_as(crate::setup::basic("s3cret")).list_key(&image)
    );
}
