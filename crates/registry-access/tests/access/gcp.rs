//! Google Cloud: tokens of the machine, of files, and of ServiceAccounts.

use api::image::v1::Provider;
use serde_json::json;
use test_support::cloud::{Cloud, GCP_ACCOUNT, GCP_PROVIDER, Service, service_account_token};

use crate::memory::Memory;
use crate::setup::{failure, of_cloud, pair, resolver, with_account};

const IMAGE: &str = "europe-docker.pkg.dev/project/app";
const ACCOUNT: &str = "iam.gke.io/gcp-service-account";
const PROVIDER: &str = "gcp.auth.fluxcd.io/workload-identity-provider";

#[tokio::test]
async fn the_machine_has_a_token() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let repository = of_cloud(Provider::Gcp, IMAGE);
    let expected = "oauth2accesstoken:machine-s3cret-1";
    assert_eq!(
        pair(&resolver, &Memory::default(), &repository).await,
        expected
    );
}

#[tokio::test]
async fn a_file_describes_a_federated_identity() {
    let cloud = Cloud::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let audience = format!("//iam.googleapis.com/{GCP_PROVIDER}");
    let token = service_account_token("repin-system", "scanner", &audience);
    std::fs::write(path("token"), token).unwrap();
    let config = json!({
        "type": "external_account",
        "audience": audience,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("http://{}/gcp-sts/v1/token", cloud.addr),
        "credential_source": { "file": path("token"), "format": { "type": "text" } },
    });
    std::fs::write(path("adc.json"), config.to_string()).unwrap();
    let file = path("adc.json");
    let resolver = resolver(&cloud, &[("GOOGLE_APPLICATION_CREDENTIALS", file.as_str())]);
    let repository = of_cloud(Provider::Gcp, IMAGE);
    let expected =
        "oauth2accesstoken:federated-s3cret-1-system:serviceaccount:repin-system:scanner";
    assert_eq!(
        pair(&resolver, &Memory::default(), &repository).await,
        expected
    );
}

#[tokio::test]
async fn a_file_that_names_a_command_runs_none() {
    let cloud = Cloud::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (file, trace) = (folder.path().join("adc.json"), folder.path().join("ran"));
    let config = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("http://{}/gcp-sts/v1/token", cloud.addr),
        "credential_source": { "executable": { "command": format!("touch {}", trace.display()) } },
    });
    std::fs::write(&file, config.to_string()).unwrap();
    let variables = [
        ("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap()),
        ("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1"),
    ];
    let resolver = resolver(&cloud, &variables);
    failure(
        &resolver,
        &Memory::default(),
        &of_cloud(Provider::Gcp, IMAGE),
        &["for the controller"],
    )
    .await;
    assert!(!trace.exists());
}

#[tokio::test]
async fn a_service_account_of_the_cluster_is_known_by_its_pool() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    objects.add_account("direct", &[], &[]);
    objects.add_account("acting", &[], &[(ACCOUNT, GCP_ACCOUNT)]);
    let repository = |account| with_account(of_cloud(Provider::Gcp, IMAGE), account);
    let direct = "oauth2accesstoken:federated-s3cret-1-system:serviceaccount:team:direct";
    assert_eq!(
        pair(&resolver, &objects, &repository("direct")).await,
        direct
    );
    let acting = "oauth2accesstoken:impersonated-s3cret-1";
    assert_eq!(
        pair(&resolver, &objects, &repository("acting")).await,
        acting
    );
    let pool = "project-1.svc.id.goog".to_owned();
    let expected = [
        ("direct".to_owned(), pool.clone()),
        ("acting".to_owned(), pool),
    ];
    assert_eq!(objects.tokens(), expected);
    // The cluster is asked for once: its project, its place, its name.
    assert_eq!(cloud.count(Service::GcpMetadata), 3);
}

#[tokio::test]
async fn a_service_account_may_name_its_provider() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    let annotations = [(ACCOUNT, GCP_ACCOUNT), (PROVIDER, GCP_PROVIDER)];
    objects.add_account("puller", &[], &annotations);
    let repository = with_account(of_cloud(Provider::Gcp, IMAGE), "puller");
    let expected = "oauth2accesstoken:impersonated-s3cret-1";
    assert_eq!(pair(&resolver, &objects, &repository).await, expected);
    let audience = format!("//iam.googleapis.com/{GCP_PROVIDER}");
    assert_eq!(objects.tokens(), [("puller".to_owned(), audience)]);
    assert_eq!(cloud.count(Service::GcpMetadata), 0);
}

#[tokio::test]
async fn what_google_refuses_is_told_without_tokens() {
    let cloud = Cloud::start().await;
    let resolver = resolver(&cloud, &[]);
    let objects = Memory::default();
    let other = "other@project-1.iam.gserviceaccount.com";
    objects.add_account("puller", &[], &[(ACCOUNT, other)]);
    let repository = with_account(of_cloud(Provider::Gcp, IMAGE), "puller");
    let parts = [
        "for service account 'team/puller'",
        "denied service-account impersonation",
    ];
    failure(&resolver, &objects, &repository, &parts).await;
    cloud.fail(Service::GcpSts, 400);
    failure(
        &resolver,
        &objects,
        &repository,
        &["for service account 'team/puller'"],
    )
    .await;
}
