//! The objects of a real API server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use image_ref::ImageName;
use registry_access::{Cluster, Objects as _};
use registry_client::Class;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use test_support::cluster::Cluster as Server;

use crate::setup::{build, reference, repository, user_and_password};

const OBJECTS: &str = r#"
apiVersion: v1
kind: Secret
metadata: { name: pull }
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths": {"ghcr.io": {"username": "robot", "password": "hunter2"}}}'
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: puller }
imagePullSecrets: [{ name: pull }]
"#;

#[tokio::test]
async fn secrets_accounts_and_tokens_are_read_from_the_cluster() {
    test_support::tls::install_provider();
    let server = Server::shared().await;
    let namespace = server.namespace().await;
    namespace.apply(OBJECTS).await;
    let objects = Cluster::new(server.client());
    let mut repository = repository("ghcr.io/org/app", |spec| {
        spec.service_account_name = Some("puller".to_owned());
    });
    repository.metadata.namespace = Some(namespace.name().to_owned());
    let image = ImageName::parse(&repository.spec.image).unwrap();
    let resolver = build(|_| {});
    let made = resolver.resolve(&objects, &repository, &image).await;
    let made = made.expect("everything is there");
    let access = made.access.get().await.expect("no cloud is needed");
    assert_eq!(user_and_password(&access.credentials), "robot:hunter2");
    assert_eq!(made.sources.secrets().collect::<Vec<_>>(), ["pull"]);

    repository.spec.secret_ref = Some(reference("gone"));
    let made = resolver.resolve(&objects, &repository, &image).await;
    assert_eq!(made.unwrap_err().to_string(), "secrets \"gone\" not found");

    let token = objects
        .token(namespace.name(), "puller", "sts.amazonaws.com")
        .await;
    let token = token.expect("the account is there");
    let claims = token.expose_secret().split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["aud"], serde_json::json!(["sts.amazonaws.com"]));
    let subject = format!("system:serviceaccount:{}:puller", namespace.name());
    assert_eq!(claims["sub"], Value::String(subject));
}

#[tokio::test]
async fn a_name_that_no_object_has_asks_for_nothing_else() {
    test_support::tls::install_provider();
    let server = Server::shared().await;
    let namespace = server.namespace().await;
    namespace.apply(OBJECTS).await;
    let objects = Cluster::new(server.client());
    let elsewhere = format!("../../{}/secrets/pull", namespace.name());
    // The second one would be the list of all Secrets.
    for name in [
        "", "?", "pull?", "pull#", "pull/", "./pull", "Pull", "..", &elsewhere,
    ] {
        let secret = objects.secret(namespace.name(), name).await;
        assert_eq!(secret.expect("nobody is asked"), None, "{name}");
        let account = name.replace("pull", "puller");
        let found = objects.service_account(namespace.name(), &account).await;
        assert_eq!(found.expect("nobody is asked"), None, "{account}");
        let token = objects.token(namespace.name(), &account, "x").await;
        let text = token.unwrap_err().to_string();
        assert_eq!(text, format!("serviceaccounts {account:?} not found"));
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_told_in_its_words() {
    test_support::tls::install_provider();
    let server = Server::shared().await;
    let namespace = server.namespace().await;
    namespace.apply(OBJECTS).await;
    let objects = Cluster::new(server.client());
    let token = objects.token(namespace.name(), "gone", "x").await;
    let text = token.unwrap_err().to_string();
    assert!(
        text.contains("serviceaccounts \"gone\" not found"),
        "{text}"
    );
    // Nobody listens there.
    let port = test_support::process::free_port();
    let nowhere = kube::Config::new(format!("http://127.0.0.1:{port}").parse().unwrap());
    let objects = Cluster::new(kube::Client::try_from(nowhere).unwrap());
    let repository = repository("ghcr.io/org/app", |spec| {
        spec.secret_ref = Some(reference("pull"));
    });
    let image = ImageName::parse(&repository.spec.image).unwrap();
    let error = build(|_| {})
        .resolve(&objects, &repository, &image)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("failed to get secret 'team/pull': "),
        "{error}"
    );
    assert_eq!(error.class(), Class::Transient);
}
