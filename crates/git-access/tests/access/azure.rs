//! Azure DevOps, against a stand-in of Entra.

use serde_json::{Value, json};
use test_support::cloud::{CLIENT, CLIENT_SECRET, Cloud, Service, TENANT, devops_token};
use test_support::git_http::GitHttp;
use test_support::proxy::{Protocol, Proxy};
use test_support::tls::Authority;

use crate::objects::Cluster;
use crate::setup::{INFRA, TEAM, access_in, environment, list, reading, seeded, told};

const VARIABLES: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", TENANT),
    ("AZURE_CLIENT_ID", CLIENT),
    ("AZURE_CLIENT_SECRET", CLIENT_SECRET),
];

const ANNOTATIONS: [(&str, &str); 2] = [
    ("azure.workload.identity/tenant-id", TENANT),
    ("azure.workload.identity/client-id", CLIENT),
];

/// A repository at Azure DevOps that lets in whoever has this token, and the Secrets to get there.
struct DevOps {
    _repo: test_support::git_repo::TempRepo,
    _server: GitHttp,
    proxy: Proxy,
    url: String,
    cluster: Cluster,
}

impl DevOps {
    async fn start(token: &str) -> Self {
        let (repo, authority) = (seeded(), Authority::new());
        let server = GitHttp::builder(repo.root())
            .bearer(token)
            .tls(&authority.server(&["dev.azure.com"]))
            .start();
        let proxy = Proxy::start(Protocol::Http).await;
        proxy.map("dev.azure.com:443", server.address());
        let cluster = Cluster::default()
            .secret(INFRA, "ca", &[("ca.crt", authority.ca_pem())])
            .secret(INFRA, "proxy", &[("address", &proxy.url())]);
        Self {
            // The URL that Azure shows has a user.
            url: format!("https://org@dev.azure.com/{}", repo.name()),
            _repo: repo,
            _server: server,
            proxy,
            cluster,
        }
    }

    fn spec(&self, account: Option<&str>) -> Value {
        json!({
            "url": self.url,
            "provider": "azure",
            "secretRef": { "name": "ca" },
            "proxySecretRef": { "name": "proxy" },
            "serviceAccountName": account.unwrap_or_default(),
        })
    }
}

#[tokio::test]
async fn the_identity_of_the_process_gives_a_bearer_token_that_is_kept() {
    let cloud = Cloud::start().await;
    let devops = DevOps::start(&devops_token("client")).await;
    let access = access_in(environment(&cloud, &VARIABLES));
    for _ in 0..2 {
        let remote = reading(&access, &devops.cluster, &devops.spec(None)).await;
        assert_eq!(list(remote.unwrap()).await, Ok(()));
    }
    assert_eq!(cloud.count(Service::Entra), 1);
    let targets = devops.proxy.targets();
    assert_eq!(targets[0], cloud.addr.to_string(), "tokens go the same way");
    assert!(
        targets[1..].contains(&"dev.azure.com:443".to_owned()),
        "{targets:?}"
    );
}

#[tokio::test]
async fn the_identity_of_a_service_account_beside_the_automation() {
    let cloud = Cloud::start().await;
    let who = format!("system:serviceaccount:{TEAM}:robot");
    let devops = DevOps::start(&devops_token(&who)).await;
    let access = access_in(environment(&cloud, &[]));
    let cluster = devops.cluster.clone().account(TEAM, "robot", &ANNOTATIONS);
    let remote = reading(&access, &cluster, &devops.spec(Some("robot"))).await;
    assert_eq!(list(remote.unwrap()).await, Ok(()));

    let elsewhere = devops.cluster.clone().account(INFRA, "robot", &ANNOTATIONS);
    let text = told(reading(&access, &elsewhere, &devops.spec(Some("robot"))).await);
    assert_eq!(
        text,
        "failed configuring source manager: failed to configure authentication options: \
         failed to get service account 'team/robot': serviceaccounts \"robot\" not found"
    );
}

#[tokio::test]
async fn the_identity_of_the_machine() {
    let cloud = Cloud::start().await;
    let devops = DevOps::start(&devops_token("machine")).await;
    let access = access_in(environment(&cloud, &[]));
    let remote = reading(&access, &devops.cluster, &devops.spec(None)).await;
    assert_eq!(list(remote.unwrap()).await, Ok(()));
}

#[tokio::test]
async fn wrong_credentials_are_told() {
    let cloud = Cloud::start().await;
    let devops = DevOps::start("another token").await;
    let access = access_in(environment(&cloud, &VARIABLES));
    let remote = reading(&access, &devops.cluster, &devops.spec(None)).await;
    let text = list(remote.unwrap()).await.unwrap_err();
    assert!(text.contains("authentication failed (HTTP 401)"), "{text}");

    let wrong = [
        VARIABLES[0],
        VARIABLES[1],
        ("AZURE_CLIENT_SECRET", "s3cret-but-wrong"),
    ];
    let access = access_in(environment(&cloud, &wrong));
    let text = told(reading(&access, &devops.cluster, &devops.spec(None)).await);
    let begin = "failed configuring source manager: failed to configure authentication options: \
                 failed to create provider access token for the controller: POST ";
    assert!(text.starts_with(begin), "{text}");
    assert!(text.contains("403 Forbidden"), "{text}");
}
