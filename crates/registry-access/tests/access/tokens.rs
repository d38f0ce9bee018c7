//! What is kept of clouds, and what happens when they do not answer.

use std::time::Duration;

use api::image::v1::Provider;
use image_ref::ImageName;
use parking_lot::Mutex;
use registry_access::{CacheEvent, Environment};
use registry_client::Class;
use test_support::cloud::{Cloud, ROLE, Service};
use test_support::process::free_port;
use test_support::proxy::{Protocol, Proxy};

use crate::memory::Memory;
use crate::setup::{
    access, build, failure, lazy, of_cloud, pair, reference, repository, resolver, with_account,
};

const IMAGE: &str = "gcr.io/project/app";
const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";

#[tokio::test]
async fn credentials_are_kept_and_shared_by_those_who_want_the_same() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    for image in [IMAGE, "eu.gcr.io/project/other"] {
        let repository = of_cloud(Provider::Gcp, image);
        let expected = "oauth2accesstoken:machine-s3cret-1";
        assert_eq!(pair(&resolver, &objects, &repository).await, expected);
    }
    assert_eq!(cloud.count(Service::GcpMetadata), 1);
    let numbers = resolver.cache_numbers();
    assert_eq!(
        (numbers.items, numbers.successes, numbers.failures),
        (1, 2, 0)
    );
}

#[tokio::test]
async fn credentials_that_end_at_once_are_fetched_each_time() {
    let cloud = Cloud::start().await;
    cloud.set_lifetime(Duration::ZERO);
    let resolver = resolver(&cloud, &[]);
    let repository = of_cloud(Provider::Gcp, IMAGE);
    for number in 1..3 {
        let expected = format!("oauth2accesstoken:machine-s3cret-{number}");
        assert_eq!(
            pair(&resolver, &Memory::default(), &repository).await,
            expected
        );
    }
    assert_eq!(resolver.cache_numbers().items, 0);
}

#[tokio::test]
async fn who_asks_learns_what_the_cache_did() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let access = lazy(
        &resolver,
        &Memory::default(),
        &of_cloud(Provider::Gcp, IMAGE),
    )
    .await;
    let events = Mutex::new(Vec::new());
    for _ in 0..2 {
        access
            .get_with(|event| events.lock().push(event))
            .await
            .unwrap();
    }
    assert_eq!(*events.lock(), [CacheEvent::Miss, CacheEvent::Hit]);
}

#[tokio::test]
async fn nothing_is_shared_between_different_identities_and_proxies() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    let image = "012345678901.dkr.ecr.eu-west-1.amazonaws.com/app";
    objects.add_account("one", &[], &[(ROLE_ARN, ROLE)]);
    objects.add_account("two", &[], &[(ROLE_ARN, ROLE)]);
    let proxy = Proxy::start(Protocol::Http).await;
    objects.add_secret("proxy", "Opaque", &[("address", &proxy.url())]);
    let process = of_cloud(Provider::Aws, image);
    let mut proxied = with_account(process.clone(), "one");
    proxied.spec.proxy_secret_ref = Some(reference("proxy"));
    let (one, two) = (
        with_account(process.clone(), "one"),
        with_account(process.clone(), "two"),
    );
    let name = ImageName::parse(image).unwrap();
    let mut keys = Vec::new();
    for repository in [&process, &one, &two, &proxied, &one] {
        pair(&resolver, &objects, repository).await;
        keys.push(lazy(&resolver, &objects, repository).await.list_key(&name));
    }
    assert_eq!(cloud.count(Service::Ecr), 4);
    assert_eq!(keys[1], keys[4]);
    for different in 0..4 {
        assert_eq!(
            keys[..4]
                .iter()
                .filter(|key| **key == keys[different])
                .count(),
            1
        );
    }
    // The services of Amazon are behind the proxy of the object.
    let here = cloud.addr.to_string();
    assert_eq!(proxy.targets(), [here.clone(), here]);
}

#[tokio::test]
async fn an_account_whose_identity_changes_is_somebody_else() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    let repository = with_account(of_cloud(Provider::Gcp, IMAGE), "puller");
    objects.add_account("puller", &[], &[]);
    pair(&resolver, &objects, &repository).await;
    let account = (
        "iam.gke.io/gcp-service-account",
        test_support::cloud::GCP_ACCOUNT,
    );
    objects.add_account("puller", &[], &[account]);
    let expected = "oauth2accesstoken:impersonated-s3cret-1";
    assert_eq!(pair(&resolver, &objects, &repository).await, expected);
}

#[tokio::test]
async fn an_object_without_an_account_has_the_default_one() {
    let cloud = Cloud::start().await;
    let environment: Environment = cloud.variables().into_iter().collect();
    let resolver = build(|settings| {
        settings.environment = environment;
        settings.default_service_account = Some("default-puller".to_owned());
    });
    let objects = Memory::default();
    objects.add_account("default-puller", &["gone"], &[]);
    let of_cloud = of_cloud(Provider::Gcp, IMAGE);
    let expected = "oauth2accesstoken:federated-s3cret-1-system:serviceaccount:team:default-puller";
    assert_eq!(pair(&resolver, &objects, &of_cloud).await, expected);
    // It never counts for pull secrets.
    let generic = repository("ghcr.io/org/app", |_| {});
    let anonymous = access(&resolver, &objects, &generic).await.unwrap();
    assert!(anonymous.credentials.is_anonymous());
}

#[tokio::test]
async fn an_empty_name_of_an_account_is_none() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    let of_cloud = with_account(of_cloud(Provider::Gcp, IMAGE), "");
    let found = pair(&resolver, &objects, &of_cloud).await;
    assert_eq!(found, "oauth2accesstoken:machine-s3cret-1");
    let generic = with_account(repository("ghcr.io/org/app", |_| {}), "");
    let anonymous = access(&resolver, &objects, &generic).await.unwrap();
    assert!(anonymous.credentials.is_anonymous());
    assert_eq!(objects.reads(), 0);
}

#[tokio::test]
async fn an_identity_is_never_shown_in_plain_http() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let insecure = |mut repository: api::image::v1::ImageRepository| {
        repository.spec.insecure = true;
        repository
    };
    let objects = Memory::default();
    let of_cloud = insecure(of_cloud(Provider::Gcp, IMAGE));
    assert!(
        !access(&resolver, &objects, &of_cloud)
            .await
            .unwrap()
            .insecure
    );
    let generic = insecure(repository("ghcr.io/org/app", |_| {}));
    assert!(
        access(&resolver, &objects, &generic)
            .await
            .unwrap()
            .insecure
    );
}

#[tokio::test]
async fn the_file_of_a_private_cloud_of_azure_is_no_business_of_others() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[("AZURE_ENVIRONMENT_FILEPATH", "/nowhere")]);
    let objects = Memory::default();
    pair(&resolver, &objects, &of_cloud(Provider::Gcp, IMAGE)).await;
    let azure = of_cloud(Provider::Azure, "team.azurecr.io/app");
    let parts = ["AZURE_ENVIRONMENT_FILEPATH: "];
    failure(&resolver, &objects, &azure, &parts).await;
}

#[tokio::test]
async fn a_closed_gate_gives_nobody_the_identity_of_the_process() {
    let cloud = Cloud::start().await;
    let environment: Environment = cloud.variables().into_iter().collect();
    let resolver = build(|settings| {
        settings.environment = environment;
        settings.object_level_identity = false;
    });
    let repository = with_account(of_cloud(Provider::Gcp, IMAGE), "puller");
    let parts = ["please enable the ObjectLevelWorkloadIdentity feature gate"];
    failure(&resolver, &Memory::default(), &repository, &parts).await;
    assert_eq!(cloud.requests(), 0);
}

#[tokio::test]
async fn a_registry_of_somebody_else_is_no_business_of_the_cloud() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    for (provider, text) in [
        (
            Provider::Aws,
            "invalid AWS registry: 'ghcr.io'. must match ",
        ),
        (
            Provider::Azure,
            "invalid Azure registry: 'ghcr.io'. must match ",
        ),
        (
            Provider::Gcp,
            "invalid GCP registry: 'ghcr.io'. must match ",
        ),
    ] {
        let repository = of_cloud(provider, "ghcr.io/org/app");
        let error = failure(&resolver, &Memory::default(), &repository, &[text]).await;
        assert_eq!(error.class(), Class::Authentication);
    }
    assert_eq!(cloud.requests(), 0);
}

#[tokio::test]
async fn a_cloud_that_is_down_passes() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let repository = of_cloud(Provider::Aws, "public.ecr.aws/org/app");
    cloud.fail(Service::EcrPublic, 503);
    let parts = ["503 Service Unavailable: down"];
    let error = failure(&resolver, &Memory::default(), &repository, &parts).await;
    assert_eq!(error.class(), Class::Transient);
    cloud.fail(Service::Imds, 500);
    failure(
        &resolver,
        &Memory::default(),
        &repository,
        &["IMDS server error"],
    )
    .await;
    cloud.heal();
    pair(&resolver, &Memory::default(), &repository).await;
    assert_eq!(resolver.cache_numbers().failures, 2);
}

#[tokio::test]
async fn a_cloud_that_is_not_there_passes() {
    let gone = format!("127.0.0.1:{}", free_port());
    let environment = [
        ("GCE_METADATA_HOST", gone.clone()),
        (
            "AWS_EC2_METADATA_SERVICE_ENDPOINT",
            format!("http://{gone}"),
        ),
        (
            "AZURE_POD_IDENTITY_AUTHORITY_HOST",
            format!("http://{gone}"),
        ),
    ];
    let resolver = build(|settings| settings.environment = environment.into_iter().collect());
    for (provider, image) in [
        (Provider::Gcp, IMAGE),
        (Provider::Aws, "public.ecr.aws/org/app"),
        (Provider::Azure, "team.azurecr.io/app"),
    ] {
        let repository = of_cloud(provider, image);
        let error = failure(&resolver, &Memory::default(), &repository, &[&gone]).await;
        assert_eq!(error.class(), Class::Transient);
    }
}

#[tokio::test]
async fn the_timeout_of_the_object_holds() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    let proxy = Proxy::start(Protocol::Http).await;
    proxy.fall_silent();
    objects.add_secret("proxy", "Opaque", &[("address", &proxy.url())]);
    objects.add_account("puller", &[], &[(ROLE_ARN, ROLE)]);
    let mut repository = with_account(of_cloud(Provider::Aws, "public.ecr.aws/org/app"), "puller");
    repository.spec.proxy_secret_ref = Some(reference("proxy"));
    repository.spec.timeout = Some(api::Duration::from_secs(1));
    let error = failure(
        &resolver,
        &objects,
        &repository,
        &["no credentials within 1s"],
    )
    .await;
    assert_eq!(error.class(), Class::Transient);
}

#[tokio::test]
async fn a_token_that_is_not_given_is_named() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    objects.add_account("puller", &[], &[]);
    let repository = with_account(of_cloud(Provider::Gcp, IMAGE), "puller");
    let access = lazy(&resolver, &objects, &repository).await;
    objects.break_down();
    let error = access.get().await.unwrap_err();
    let text = "failed to create kubernetes token for service account 'team/puller': the API server is down";
    assert_eq!(error.to_string(), text);
    assert_eq!(error.class(), Class::Transient);
}
