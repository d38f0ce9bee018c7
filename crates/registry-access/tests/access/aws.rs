//! Amazon: the process's own credentials, and roles of ServiceAccounts.

use api::image::v1::Provider;
use test_support::cloud::{
    CONTAINER_TOKEN, Cloud, ENVIRONMENT_KEY, ROLE, Service, service_account_token,
};

use crate::memory::{Memory, NAMESPACE};
use crate::setup::{failure, of_cloud, pair, resolver, with_account};

const IMAGE: &str = "012345678901.dkr.ecr.eu-west-1.amazonaws.com/app";
const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";

#[tokio::test]
async fn the_keys_of_the_environment_are_signed_with() {
    let cloud = Cloud::start().await;
    let (id, secret) = ENVIRONMENT_KEY;
    let keys = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
    let resolver = resolver(&cloud, &keys);
    let private = of_cloud(Provider::Aws, IMAGE);
    let expected = "AWS:AKIAENVIRONMENT-password-1";
    assert_eq!(
        pair(&resolver, &Memory::default(), &private).await,
        expected
    );
    let public = of_cloud(Provider::Aws, "public.ecr.aws/org/app");
    assert_eq!(pair(&resolver, &Memory::default(), &public).await, expected);
    assert_eq!(cloud.count(Service::EcrPublic), 1);
}

#[tokio::test]
async fn a_wrong_key_is_refused_without_its_secret() {
    let cloud = Cloud::start().await;
    let keys = [
        ("AWS_ACCESS_KEY_ID", ENVIRONMENT_KEY.0),
        ("AWS_SECRET_ACCESS_KEY", "wrong-s3cret"),
    ];
    let resolver = resolver(&cloud, &keys);
    let parts = [
        "failed to create provider access token for the controller: POST http://127.0.0.1",
        "403 Forbidden",
        "the signature is",
    ];
    let repository = of_cloud(Provider::Aws, IMAGE);
    failure(&resolver, &Memory::default(), &repository, &parts).await;
}

#[tokio::test]
async fn the_machine_has_a_role() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let repository = of_cloud(Provider::Aws, IMAGE);
    let expected = "AWS:ASIAMACHINE-password-1";
    assert_eq!(
        pair(&resolver, &Memory::default(), &repository).await,
        expected
    );
}

#[tokio::test]
async fn the_container_has_a_role() {
    let cloud = Cloud::start().await;
    let place = format!("http://{}/container", cloud.metadata);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, CONTAINER_TOKEN).unwrap();
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", place.as_str()),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            file.to_str().unwrap(),
        ),
    ];
    let resolver = resolver(&cloud, &variables);
    let repository = of_cloud(Provider::Aws, IMAGE);
    let expected = "AWS:ASIACONTAINER-password-1";
    assert_eq!(
        pair(&resolver, &Memory::default(), &repository).await,
        expected
    );
    std::fs::write(&file, "wrong-s3cret").unwrap();
    let public = of_cloud(Provider::Aws, "public.ecr.aws/org/app");
    failure(&resolver, &Memory::default(), &public, &["the token is"]).await;
}

#[tokio::test]
async fn the_pod_has_a_role_by_its_token() {
    let cloud = Cloud::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let token = service_account_token("repin-system", "scanner", "sts.amazonaws.com");
    std::fs::write(&file, token).unwrap();
    let variables = [
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
    ];
    let resolver = resolver(&cloud, &variables);
    let private = of_cloud(Provider::Aws, IMAGE);
    let expected = "AWS:ASIAROLE-password-1";
    assert_eq!(
        pair(&resolver, &Memory::default(), &private).await,
        expected
    );
    // A token for another audience; nobody falls back to the machine's role.
    let token = service_account_token("repin-system", "scanner", "kubernetes");
    std::fs::write(&file, token).unwrap();
    let public = of_cloud(Provider::Aws, "public.ecr.aws/org/app");
    failure(
        &resolver,
        &Memory::default(),
        &public,
        &["is for somebody else"],
    )
    .await;
    assert_eq!(cloud.count(Service::Imds), 0);
}

#[tokio::test]
async fn a_service_account_has_a_role_of_its_own() {
    let cloud = Cloud::start().await;
    let (id, secret) = ENVIRONMENT_KEY;
    let keys = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
    let resolver = resolver(&cloud, &keys);
    let objects = Memory::default();
    objects.add_account("puller", &[], &[(ROLE_ARN, ROLE)]);
    let repository = with_account(of_cloud(Provider::Aws, IMAGE), "puller");
    assert_eq!(
        pair(&resolver, &objects, &repository).await,
        "AWS:ASIAROLE-password-1"
    );
    let expected = ("puller".to_owned(), "sts.amazonaws.com".to_owned());
    assert_eq!(objects.tokens(), [expected]);
}

#[tokio::test]
async fn a_role_that_is_not_given_is_named() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    let other = "arn:aws:iam::123456789012:role/other";
    objects.add_account("puller", &[], &[(ROLE_ARN, other)]);
    objects.add_account("nobody", &[], &[]);
    let repository = |account| with_account(of_cloud(Provider::Aws, IMAGE), account);
    let parts = [
        "failed to create provider access token for service account 'team/puller'",
        "the role is",
    ];
    failure(&resolver, &objects, &repository("puller"), &parts).await;
    let parts = [
        "failed to get provider identity from service account 'team/nobody' annotations: ",
        "invalid AWS role ARN: ''. must match ",
    ];
    failure(&resolver, &objects, &repository("nobody"), &parts).await;
    let parts = ["failed to get service account 'team/gone': ", "not found"];
    failure(&resolver, &objects, &repository("gone"), &parts).await;
    assert_eq!(objects.tokens().len(), 1);
    assert_eq!(NAMESPACE, "team");
}

#[tokio::test]
async fn without_any_identity_the_ways_to_one_are_named() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[("AWS_EC2_METADATA_DISABLED", "true")]);
    let repository = of_cloud(Provider::Aws, IMAGE);
    let parts = ["no identity of AWS found", "IRSA", "AWS_ACCESS_KEY_ID"];
    failure(&resolver, &Memory::default(), &repository, &parts).await;
    assert_eq!(cloud.requests(), 0);
}
