use api::object::Object;
use k8s_openapi::ByteString;
use registry_access::Environment;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use test_support::cloud::Cloud;

use super::*;

fn typed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the test describes a valid object")
}

/// Objects with a pull secret `robot`, an account `puller` with it and another one, and a proxy.
fn store() -> Store {
    let config = r#"{"auths": {"ghcr.io": {"username": "robot", "password": "of-objects"}}}"#;
    let secret = |name: &str, kind: &str, values: &[(&str, &str)]| -> Object {
        let mut secret: Secret = typed(json!({ "metadata": { "name": name }, "type": kind }));
        let values = values.iter();
        let values = values.map(|&(key, value)| (key.to_owned(), ByteString(value.into())));
        secret.data = Some(values.collect());
        Object::Secret(Box::new(secret))
    };
    let kind = "kubernetes.io/dockerconfigjson";
    let account = json!({
        "metadata": { "name": "puller" },
        "imagePullSecrets": [{ "name": "robot" }, { "name": "elsewhere" }],
    });
    let mut store = Store::default();
    for object in [
        secret("robot", kind, &[(".dockerconfigjson", config)]),
        secret("proxy", "Opaque", &[("address", "http://proxy:3128")]),
        secret("ftp", "Opaque", &[("address", "ftp://proxy")]),
        Object::ServiceAccount(Box::new(typed(account))),
    ] {
        store
            .add(object, "apps", "test")
            .expect("the objects differ");
    }
    store
}

fn surroundings() -> Keyring {
    let config = br#"{"auths": {"ghcr.io": {"username": "robot", "password": "of-surroundings"}}}"#;
    let mut keyring = Keyring::new();
    keyring
        .add_docker_config_json(config)
        .expect("the test gives a valid config");
    keyring
}

fn repository(spec: &Value) -> ImageRepository {
    let mut all = json!({ "image": "ghcr.io/org/app", "interval": "1m" });
    for (key, value) in spec.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    typed(json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageRepository",
        "metadata": { "name": "app", "namespace": "apps" },
        "spec": all,
    }))
}

async fn access(
    registries: &Registries,
    repository: &ImageRepository,
) -> Result<Access, AccessError> {
    let image = ImageName::parse(&repository.spec.image).expect("the test names an image");
    let reach = registries.reach(&store(), repository, &image).await?;
    reach.access().await
}

fn password(access: &Access) -> String {
    match &access.credentials {
        Credentials::Basic { password, .. } => password.expose_secret().to_owned(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn secrets_among_the_objects_go_before_the_surroundings() {
    let registries = Registries::new(surroundings());
    for (spec, expected) in [
        (json!({}), "of-surroundings"),
        (json!({ "secretRef": { "name": "robot" } }), "of-objects"),
        (
            json!({ "secretRef": { "name": "gone" } }),
            "of-surroundings",
        ),
        (json!({ "serviceAccountName": "puller" }), "of-objects"),
        (json!({ "serviceAccountName": "gone" }), "of-surroundings"),
        // A Secret that is there counts, even where it has nothing for the image.
        (
            json!({ "secretRef": { "name": "robot" }, "image": "quay.io/org/app" }),
            "Anonymous",
        ),
    ] {
        let access = access(&registries, &repository(&spec))
            .await
            .expect("all Secrets are valid");
        assert_eq!(password(&access), expected, "{spec}");
    }
}

#[tokio::test]
async fn proxies_among_the_objects_count() {
    let registries = Registries::new(surroundings());
    let through = |name: &str| repository(&json!({ "proxySecretRef": { "name": name } }));
    let found = access(&registries, &through("proxy"))
        .await
        .expect("it is a valid proxy");
    assert!(found.proxy.is_some());
    let found = access(&registries, &through("gone"))
        .await
        .expect("it does not count");
    assert!(found.proxy.is_none());
    let error = access(&registries, &through("ftp")).await.unwrap_err();
    let text = format!("{:#}", anyhow::Error::from(error));
    let expected = "ImageRepository 'apps/app': failed to configure authentication options: secret 'apps/ftp': proxy URL";
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn no_proxy_of_the_objects_reads_the_credentials_of_the_surroundings() {
    let registries = Registries::new(surroundings());
    let proxy = json!({ "name": "proxy" });
    let robot = json!({ "name": "robot" });
    for (spec, expected) in [
        (json!({ "proxySecretRef": proxy }), Some("of-surroundings")),
        (json!({ "insecure": true }), Some("of-surroundings")),
        (json!({ "proxySecretRef": proxy, "insecure": true }), None),
        (
            json!({ "proxySecretRef": proxy, "insecure": true, "secretRef": robot }),
            Some("of-objects"),
        ),
        (
            json!({ "proxySecretRef": proxy, "insecure": true, "image": "quay.io/org/app" }),
            Some("Anonymous"),
        ),
    ] {
        let access = access(&registries, &repository(&spec)).await;
        let found = access.as_ref().map(password);
        if let Some(expected) = expected {
            assert_eq!(found.expect("nobody reads them"), expected, "{spec}");
        } else {
            let text = found.unwrap_err().to_string();
            assert!(text.contains("where it could read them"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_cloud_knows_the_process_itself() {
    test_support::tls::install_provider();
    let cloud = Cloud::start().await;
    let settings = Settings {
        environment: cloud.variables().into_iter().collect::<Environment>(),
        ..Settings::default()
    };
    let registries = Registries::with(settings, surroundings());
    let of_gcp = |image: &str| {
        let secret = json!({ "name": "gone" });
        repository(&json!({
            "provider": "gcp", "image": image, "secretRef": secret, "serviceAccountName": "puller",
        }))
    };
    let found = access(&registries, &of_gcp("gcr.io/project/app")).await;
    assert_eq!(
        password(&found.expect("the machine has a token")),
        "machine-s3cret-1"
    );
    let error = access(&registries, &of_gcp("ghcr.io/org/app"))
        .await
        .unwrap_err();
    let text = format!("{:#}", anyhow::Error::from(error));
    let expected = "ImageRepository 'apps/app': no credentials for its registry: invalid GCP registry: 'ghcr.io'";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn missing_secrets_are_those_that_count() {
    let spec = json!({
        "secretRef": { "name": "gone" },
        "certSecretRef": { "name": "robot" },
        "proxySecretRef": { "name": "lost" },
    });
    let mut repository = repository(&spec);
    assert_eq!(
        missing_secrets(&store(), &repository),
        ["apps/gone", "apps/lost"]
    );
    repository.spec.provider = Provider::Aws;
    assert_eq!(missing_secrets(&store(), &repository), ["apps/lost"]);
}
