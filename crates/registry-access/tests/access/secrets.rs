//! Pull secrets, certificates and proxies, in Flux's words.

use std::time::Duration;

use api::image::v1::Provider;
use image_ref::ImageName;
use registry_access::{AccessError, Asker, Resolved, Settings};
use registry_client::{Class, Credentials};
use test_support::tls::Authority;

use crate::memory::Memory;
use crate::setup::{build, of_cloud, reference, repository, user_and_password, with_account};

const IMAGE: &str = "ghcr.io/org/app";

async fn resolve(
    objects: &Memory,
    repository: &api::image::v1::ImageRepository,
) -> Result<Resolved, AccessError> {
    let image = ImageName::parse(&repository.spec.image).unwrap();
    build(|_| {}).resolve(objects, repository, &image).await
}

async fn credentials(objects: &Memory, repository: &api::image::v1::ImageRepository) -> String {
    let resolved = resolve(objects, repository).await.unwrap();
    user_and_password(&resolved.access.get().await.unwrap().credentials)
}

#[tokio::test]
async fn nothing_at_all_is_anonymous() {
    let objects = Memory::default();
    let repository = repository(IMAGE, |spec| {
        spec.timeout = Some(api::Duration::from_secs(7));
    });
    let resolved = resolve(&objects, &repository).await.unwrap();
    let access = resolved.access.get().await.unwrap();
    assert!(matches!(access.credentials, Credentials::Anonymous));
    assert_eq!(access.timeout, Duration::from_secs(7));
    assert_eq!(objects.reads(), 0);
}

#[tokio::test]
async fn the_secret_of_the_repository_goes_before_those_of_its_account() {
    let objects = Memory::default();
    objects.add_pull_secret("own", "ghcr.io", "of-own");
    objects.add_pull_secret("of-account", "ghcr.io", "of-account");
    objects.add_pull_secret("more", "ghcr.io/org", "of-more");
    objects.add_account("robot", &["of-account"], &[]);
    objects.add_account("other", &["of-account", "more"], &[]);
    let with = |secret: Option<&str>, account: Option<&str>| {
        repository(IMAGE, |spec| {
            spec.secret_ref = secret.map(reference);
            spec.service_account_name = account.map(str::to_owned);
        })
    };
    for (secret, account, expected) in [
        (Some("own"), None, "robot:of-own"),
        (None, Some("robot"), "robot:of-account"),
        (Some("own"), Some("robot"), "robot:of-own"),
        // The longer key goes first, wherever it comes from.
        (Some("own"), Some("other"), "robot:of-more"),
    ] {
        assert_eq!(
            credentials(&objects, &with(secret, account)).await,
            expected
        );
    }
}

#[tokio::test]
async fn a_secret_serves_as_certificate_and_as_pull_secret_at_once() {
    let objects = Memory::default();
    let authority = Authority::new();
    let config = r#"{"auths": {"ghcr.io": {"username": "robot", "password": "pw"}}}"#;
    let values = [
        (".dockerconfigjson", config),
        ("ca.crt", authority.ca_pem()),
    ];
    objects.add_secret("both", "kubernetes.io/dockerconfigjson", &values);
    let repository = repository(IMAGE, |spec| {
        spec.secret_ref = Some(reference("both"));
        spec.cert_secret_ref = Some(reference("both"));
    });
    let resolved = resolve(&objects, &repository).await.unwrap();
    let access = resolved.access.get().await.unwrap();
    assert_eq!(user_and_password(&access.credentials), "robot:pw");
    assert!(access.ca_bundle.is_some());
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named_in_flux_words() {
    let objects = Memory::default();
    objects.add_account("robot", &["gone"], &[]);
    objects.add_secret("empty", "Opaque", &[]);
    objects.add_secret(
        "bad",
        "kubernetes.io/dockercfg",
        &[(".dockercfg", "hunter2")],
    );
    objects.add_secret("ftp", "Opaque", &[("address", "ftp://u:hunter2@proxy")]);
    objects.add_secret("half", "Opaque", &[("tls.crt", "x")]);
    for (field, name, expected) in [
        ("secretRef", "gone", "secrets \"gone\" not found"),
        ("account", "gone", "serviceaccount 'team/gone' not found"),
        (
            "account",
            "robot",
            "failed to get image pull secret for serviceaccount 'team/robot': secret 'team/gone' not found",
        ),
        ("proxy", "gone", "secret 'team/gone' not found"),
        ("proxy", "", "secret 'team/' not found"),
        (
            "proxy",
            "empty",
            "secret 'team/empty': key 'address' not found",
        ),
        (
            "proxy",
            "ftp",
            "secret 'team/ftp': proxy URL must use one of the supported schemes (http, https, socks5), got 'ftp'",
        ),
        ("cert", "gone", "secret 'team/gone' not found"),
        (
            "cert",
            "empty",
            "secret 'team/empty' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'",
        ),
        (
            "cert",
            "half",
            "secret 'team/half' contains 'tls.crt' but missing 'tls.key'",
        ),
        (
            "secretRef",
            "bad",
            "secret 'team/bad': the docker configuration is not valid JSON of its kind: line 1, column 1",
        ),
    ] {
        let repository = repository(IMAGE, |spec| match field {
            "secretRef" => spec.secret_ref = Some(reference(name)),
            "account" => spec.service_account_name = Some(name.to_owned()),
            "proxy" => spec.proxy_secret_ref = Some(reference(name)),
            _ => spec.cert_secret_ref = Some(reference(name)),
        });
        let error = resolve(&objects, &repository).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.class(), Class::Authentication);
        let secret = match (field, name) {
            ("account", "gone") => None,
            ("account", _) => Some("gone"),
            _ => Some(name),
        };
        assert_eq!(error.secret(), secret, "{expected}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_a_passing_error() {
    let objects = Memory::default();
    objects.break_down();
    let secret = repository(IMAGE, |spec| spec.secret_ref = Some(reference("own")));
    let error = resolve(&objects, &secret).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to get secret 'team/own': the API server is down"
    );
    assert_eq!(error.class(), Class::Transient);
    let account = with_account(repository(IMAGE, |_| {}), "robot");
    let error = resolve(&objects, &account).await.unwrap_err();
    let text = "failed to get serviceaccount 'team/robot': the API server is down";
    assert_eq!(error.to_string(), text);
    assert_eq!(error.class(), Class::Transient);
}

#[tokio::test]
async fn sources_differ_where_anything_behind_them_does() {
    let objects = Memory::default();
    objects.add_pull_secret("own", "ghcr.io", "pw");
    objects.add_pull_secret("of-account", "ghcr.io", "pw");
    objects.add_account("robot", &["of-account"], &[]);
    let repository = repository(IMAGE, |spec| {
        spec.secret_ref = Some(reference("own"));
        spec.service_account_name = Some("robot".to_owned());
    });
    let sources = async || resolve(&objects, &repository).await.unwrap().sources;
    let first = sources().await;
    assert_eq!(first, sources().await);
    assert_eq!(first.secrets().collect::<Vec<_>>(), ["own", "of-account"]);
    assert_eq!(first.service_account(), Some("robot"));
    assert!(!format!("{first:?}").contains("pw"));
    objects.add_pull_secret("of-account", "ghcr.io", "pw");
    let second = sources().await;
    assert_ne!(first, second);
    objects.add_account("robot", &["of-account"], &[]);
    assert_ne!(second, sources().await);
    let mut elsewhere = repository.clone();
    elsewhere.spec.service_account_name = None;
    let elsewhere = resolve(&objects, &elsewhere).await.unwrap().sources;
    assert_ne!(second, elsewhere);
}

#[tokio::test]
async fn a_secret_is_read_each_time() {
    let objects = Memory::default();
    objects.add_pull_secret("own", "ghcr.io", "old");
    let repository = repository(IMAGE, |spec| spec.secret_ref = Some(reference("own")));
    assert_eq!(credentials(&objects, &repository).await, "robot:old");
    objects.add_pull_secret("own", "ghcr.io", "new");
    assert_eq!(credentials(&objects, &repository).await, "robot:new");
    objects.remove_secret("own");
    assert!(resolve(&objects, &repository).await.is_err());
}

#[tokio::test]
async fn a_cloud_makes_pull_secrets_unimportant() {
    let objects = Memory::default();
    let mut repository = of_cloud(Provider::Gcp, "gcr.io/project/app");
    repository.spec.secret_ref = Some(reference("gone"));
    assert!(resolve(&objects, &repository).await.is_ok());
    assert_eq!(objects.reads(), 0);
}

#[tokio::test]
async fn the_gate_is_asked_for_by_both_controllers() {
    let repository = with_account(of_cloud(Provider::Aws, IMAGE), "robot");
    let closed = build(|settings| settings.object_level_identity = false);
    assert!(closed.check_gate(&repository, Asker::ImagePolicy).is_err());
    assert!(
        build(|_| {})
            .check_gate(&repository, Asker::ImagePolicy)
            .is_ok()
    );
    let settings = Settings {
        default_service_account: Some("robot".to_owned()),
        ..Settings::default()
    };
    let error = registry_access::Resolver::new(settings).unwrap_err();
    let text = "cannot set default service accounts when the feature gate ObjectLevelWorkloadIdentity is not enabled";
    assert_eq!(error.to_string(), text);
}
