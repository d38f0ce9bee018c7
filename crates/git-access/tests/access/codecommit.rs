//! CodeCommit, against a server that checks the signature, and a stand-in of STS.

use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::cloud::{Cloud, ENVIRONMENT_KEY, ROLE, Service, code_commit_admits};
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;
use test_support::proxy::{Protocol, Proxy};
use test_support::tls::Authority;

use crate::objects::Cluster;
use crate::setup::{INFRA, TEAM, access_in, environment, list, reading, told};

const REGION: &str = "eu-west-1";
const HOST: &str = "git-codecommit.eu-west-1.amazonaws.com";

/// The repository `app` of CodeCommit, and the Secrets to get there.
struct CodeCommit {
    _folder: TempDir,
    _repo: TempRepo,
    _server: GitHttp,
    _proxy: Proxy,
    cluster: Cluster,
}

impl CodeCommit {
    async fn start() -> Self {
        let (folder, authority) = (TempDir::new().unwrap(), Authority::new());
        let repo = TempRepo::create_in(folder.path(), "v1/repos/app");
        repo.commit("main").file("a", "1").done();
        let server = GitHttp::builder(folder.path())
            .basic_for(|host, path, username, password| {
                code_commit_admits(REGION, (host, path), (username, password))
            })
            .tls(&authority.server(&[HOST]))
            .start();
        let proxy = Proxy::start(Protocol::Http).await;
        proxy.map(&format!("{HOST}:443"), server.address());
        let cluster = Cluster::default()
            .secret(INFRA, "ca", &[("ca.crt", authority.ca_pem())])
            .secret(INFRA, "proxy", &[("address", &proxy.url())]);
        Self {
            _folder: folder,
            _repo: repo,
            _server: server,
            _proxy: proxy,
            cluster,
        }
    }
}

fn spec(account: Option<&str>) -> Value {
    json!({
        "url": format!("https://{HOST}/v1/repos/app"),
        "provider": "aws",
        "secretRef": { "name": "ca" },
        "proxySecretRef": { "name": "proxy" },
        "serviceAccountName": account.unwrap_or_default(),
    })
}

#[tokio::test]
async fn keys_of_the_environment_sign() {
    let (cloud, codecommit) = (Cloud::start().await, CodeCommit::start().await);
    let variables = [
        ("AWS_ACCESS_KEY_ID", ENVIRONMENT_KEY.0),
        ("AWS_SECRET_ACCESS_KEY", ENVIRONMENT_KEY.1),
    ];
    let access = access_in(environment(&cloud, &variables));
    let remote = reading(&access, &codecommit.cluster, &spec(None)).await;
    assert_eq!(list(remote.unwrap()).await, Ok(()));
    assert_eq!(cloud.requests(), 0);

    let wrong = [variables[0], ("AWS_SECRET_ACCESS_KEY", "s3cret-but-wrong")];
    let access = access_in(environment(&cloud, &wrong));
    let remote = reading(&access, &codecommit.cluster, &spec(None)).await;
    let text = list(remote.unwrap()).await.unwrap_err();
    assert!(text.contains("authentication failed (HTTP 401)"), "{text}");
}

#[tokio::test]
async fn the_role_of_a_service_account_signs_and_the_password_is_kept() {
    let (cloud, codecommit) = (Cloud::start().await, CodeCommit::start().await);
    let access = access_in(environment(&cloud, &[]));
    let annotation = [("eks.amazonaws.com/role-arn", ROLE)];
    let cluster = codecommit
        .cluster
        .clone()
        .account(TEAM, "robot", &annotation);
    for _ in 0..2 {
        let remote = reading(&access, &cluster, &spec(Some("robot"))).await;
        assert_eq!(list(remote.unwrap()).await, Ok(()));
    }
    assert_eq!(cloud.count(Service::Sts), 1);

    cloud.fail(Service::Sts, 403);
    let access = access_in(environment(&cloud, &[]));
    let text = told(reading(&access, &cluster, &spec(Some("robot"))).await);
    let begin = "failed configuring source manager: failed to configure authentication options: \
                 failed to create provider access token for service account 'team/robot': ";
    assert!(text.starts_with(begin), "{text}");
}
