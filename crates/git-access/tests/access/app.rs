//! GitHub Apps, against a stand-in of GitHub's API.

use std::time::Duration;

use git_access::Access;
use serde_json::json;
use test_support::cloud::{
    APP_ID, APP_INSTALLATION, APP_ORGANIZATION, APP_TOKEN, APP_USER, Cloud, Service,
};
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;
use test_support::proxy::{Protocol, Proxy};
use test_support::ssh_keys::{KeyFormat, KeyKind, SshKey};

use crate::objects::Cluster;
use crate::setup::{INFRA, access, list, reading, seeded, told};

/// GitHub: its API, and its Git server.
struct GitHub {
    api: Cloud,
    key: SshKey,
    repo: TempRepo,
    git: GitHttp,
    access: Access,
}

impl GitHub {
    async fn start() -> Self {
        let key = SshKey::generate_as(KeyKind::Rsa(2048), KeyFormat::Pem, "");
        let (api, repo) = (Cloud::start().await, seeded());
        api.register_app(&key);
        let git = GitHttp::builder(repo.root())
            .basic("x-access-token", APP_TOKEN)
            .start();
        Self {
            api,
            key,
            repo,
            git,
            access: access(),
        }
    }

    /// A Secret with the App, and with these values in the place of others; an empty one is none.
    fn secret(&self, changes: &[(&str, &str)]) -> Cluster {
        let (url, key) = (self.api.github_url(), self.key.private_key());
        let mut values = vec![
            ("githubAppID", APP_ID),
            ("githubAppInstallationID", APP_INSTALLATION),
            ("githubAppPrivateKey", key.as_str()),
            ("githubAppBaseURL", url.as_str()),
        ];
        values.retain(|(key, _)| !changes.iter().any(|(changed, _)| changed == key));
        values.extend(changes);
        Cluster::default().secret(INFRA, "app", &values)
    }

    async fn list(&self, cluster: &Cluster) -> Result<(), String> {
        let spec = json!({
            "url": self.git.url(self.repo.name()),
            "provider": "github",
            "secretRef": { "name": "app" },
        });
        match reading(&self.access, cluster, &spec).await {
            Ok(remote) => list(remote).await,
            result => Err(told(result)),
        }
    }
}

#[tokio::test]
async fn an_installation_gives_a_token_that_is_kept() {
    let github = GitHub::start().await;
    let cluster = github.secret(&[]);
    for _ in 0..3 {
        assert_eq!(github.list(&cluster).await, Ok(()));
    }
    assert_eq!(github.api.count(Service::GitHub), 1);
    let numbers = github.access.identities().numbers();
    assert_eq!((numbers.items, numbers.successes), (1, 3));
}

#[tokio::test]
async fn a_token_that_is_over_is_renewed() {
    let github = GitHub::start().await;
    github.api.set_lifetime(Duration::ZERO);
    let cluster = github.secret(&[]);
    for _ in 0..2 {
        assert_eq!(github.list(&cluster).await, Ok(()));
    }
    assert_eq!(github.api.count(Service::GitHub), 2);
}

#[tokio::test]
async fn the_installation_of_an_owner_is_looked_up() {
    let github = GitHub::start().await;
    let of = |owner| {
        github.secret(&[
            ("githubAppInstallationID", ""),
            ("githubAppInstallationOwner", owner),
        ])
    };
    assert_eq!(github.list(&of(APP_ORGANIZATION)).await, Ok(()));
    assert_eq!(github.api.count(Service::GitHub), 2);
    assert_eq!(github.list(&of(APP_USER)).await, Ok(()));
    assert_eq!(github.api.count(Service::GitHub), 5);
    let text = github.list(&of("nobody")).await.unwrap_err();
    for part in [
        "failed configuring source manager: failed to configure authentication options: ",
        "failed to find organization installation: GET ",
        "failed to find user installation: GET ",
        "404 Not Found",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn a_key_in_pkcs8_serves_too() {
    let mut github = GitHub::start().await;
    github.key = SshKey::generate_as(KeyKind::Rsa(2048), KeyFormat::Pkcs8, "");
    github.api.register_app(&github.key);
    assert_eq!(github.list(&github.secret(&[])).await, Ok(()));
}

#[tokio::test]
async fn the_proxy_of_the_repository_leads_to_the_api_too() {
    let github = GitHub::start().await;
    let proxy = Proxy::start(Protocol::Http).await;
    let cluster = github
        .secret(&[("githubAppBaseURL", "http://api.github.example/github")])
        .secret(INFRA, "proxy", &[("address", &proxy.url())]);
    proxy.map("api.github.example:80", github.api.addr);
    let spec = json!({
        "url": github.git.url(github.repo.name()),
        "provider": "github",
        "secretRef": { "name": "app" },
        "proxySecretRef": { "name": "proxy" },
    });
    let remote = reading(&github.access, &cluster, &spec).await.unwrap();
    assert_eq!(list(remote).await, Ok(()));
    let targets = proxy.targets();
    assert_eq!(targets[0], "api.github.example:80");
    assert!(
        targets[1..].contains(&github.git.address().to_string()),
        "{targets:?}"
    );
}

#[tokio::test]
async fn a_proxy_that_tells_tales_gives_no_password_away() {
    let github = GitHub::start().await;
    let proxy = Proxy::start(Protocol::Http).await;
    proxy.tell_tales();
    let values = [
        ("address", &*proxy.url()),
        ("username", "bot"),
        ("password", "s3cret"),
    ];
    let cluster = github
        .secret(&[("githubAppBaseURL", "http://api.github.example/")])
        .secret(INFRA, "proxy", &values);
    let spec = json!({
        "url": github.git.url(github.repo.name()),
        "provider": "github",
        "secretRef": { "name": "app" },
        "proxySecretRef": { "name": "proxy" },
    });
    let text = told(reading(&github.access, &cluster, &spec).await);
    assert!(text.contains("502 Bad Gateway"), "{text}");
    // The header, and what it stands for.
    assert!(text.contains("Basic ***"), "{text}");
    assert!(text.contains("bot:***"), "{text}");
}

#[tokio::test]
async fn what_is_wrong_with_an_app_is_told() {
    let github = GitHub::start().await;
    let stranger = SshKey::generate_as(KeyKind::Rsa(2048), KeyFormat::Pem, "").private_key();
    let not_rsa = SshKey::generate_as(KeyKind::Ecdsa(256), KeyFormat::Pkcs8, "").private_key();
    for (changes, part) in [
        (
            vec![("githubAppInstallationOwner", APP_USER)],
            "only one of app installation owner or ID must be provided to use github app authentication",
        ),
        (
            vec![("githubAppInstallationID", "")],
            "app installation owner or ID must be provided to use github app authentication",
        ),
        (
            vec![("githubAppPrivateKey", "")],
            "private key must be provided to use github app authentication",
        ),
        (
            vec![("githubAppPrivateKey", "s3cret")],
            "could not parse private key: it is no PEM of an RSA key (PKCS #1 or PKCS #8)",
        ),
        (
            vec![("githubAppPrivateKey", not_rsa.as_str())],
            "could not parse private key: it is no RSA key",
        ),
        (
            vec![("githubAppInstallationID", "s3cret")],
            "the value of 'githubAppInstallationID' is not a number",
        ),
        (
            vec![("githubAppBaseURL", "ftp://s3cret")],
            "invalid API URL: githubAppBaseURL must be http:// or https:// with a host",
        ),
        (
            vec![("githubAppPrivateKey", stranger.as_str())],
            "failed to create provider access token for the GitHub App '12345': POST ",
        ),
        (vec![("githubAppInstallationID", "43")], "403 Forbidden"),
    ] {
        let text = github.list(&github.secret(&changes)).await.unwrap_err();
        assert!(text.contains(part), "{part}: {text}");
    }
    github.api.fail(Service::GitHub, 503);
    let text = github.list(&github.secret(&[])).await.unwrap_err();
    assert!(text.contains("503 Service Unavailable"), "{text}");
    github.api.heal();
    assert_eq!(github.list(&github.secret(&[])).await, Ok(()));
}
