//! The Secrets of a GitRepository, against real servers.

use git_access::{Purpose, Question, secrets};
use serde_json::{Value, json};
use test_support::git_http::GitHttp;
use test_support::nginx_git::NginxGit;
use test_support::proxy::{Protocol, Proxy};
use test_support::ssh_keys::{KeyKind, SshKey};
use test_support::sshd::{self, Sshd};
use test_support::tls::Authority;

use crate::objects::Cluster;
use crate::setup::{INFRA, TEAM, access, automation, list, reading, seeded, source, told};

fn with_secret(url: &str) -> Value {
    json!({ "url": url, "secretRef": { "name": "git" } })
}

#[tokio::test]
async fn a_user_and_a_password_over_tls_with_a_ca() {
    let (repo, authority) = (seeded(), Authority::new());
    let server = NginxGit::builder(repo.root())
        .basic("bot", "s3cret")
        .tls(&authority.server(&["localhost"]))
        .start();
    let (access, spec) = (access(), with_secret(&server.url(repo.name())));
    for (password, ca, refusal) in [
        ("s3cret", Some("ca.crt"), None),
        ("s3cret", Some("caFile"), None),
        (
            "s3cret-but-wrong",
            Some("ca.crt"),
            Some("authentication failed (HTTP 401)"),
        ),
        ("s3cret", None, Some("UnknownIssuer")),
    ] {
        let ca_pem = ca.map(|key| (key, authority.ca_pem()));
        let values = [("username", "bot"), ("password", password)].into_iter();
        let values: Vec<_> = values.chain(ca_pem).collect();
        let cluster = Cluster::default().secret(INFRA, "git", &values);
        let listed = list(reading(&access, &cluster, &spec).await.unwrap()).await;
        match refusal {
            None => assert_eq!(listed, Ok(())),
            Some(refusal) => assert!(listed.as_ref().unwrap_err().contains(refusal), "{listed:?}"),
        }
    }
}

#[tokio::test]
async fn a_bearer_token_counts_before_a_password() {
    let repo = seeded();
    let server = GitHttp::builder(repo.root()).bearer("s3cret-token").start();
    let url = server.url(repo.name());
    let (access, spec) = (access(), with_secret(&url));
    let values = [
        ("bearerToken", "s3cret-token"),
        ("username", "bot"),
        ("password", "s3cret"),
    ];
    let cluster = Cluster::default().secret(INFRA, "git", &values);
    let remote = reading(&access, &cluster, &spec).await.unwrap();
    assert_eq!(list(remote).await, Ok(()));

    let wrong = Cluster::default().secret(INFRA, "git", &[("bearerToken", "s3cret-but-wrong")]);
    let remote = reading(&access, &wrong, &spec).await.unwrap();
    let text = list(remote).await.unwrap_err();
    assert!(text.contains("authentication failed (HTTP 401)"), "{text}");

    let with_user = with_secret(&url.replace("http://", "http://bot@"));
    let result = reading(&access, &cluster, &with_user).await;
    let error = result.as_ref().unwrap_err();
    assert_eq!(
        (error.reason(), error.is_stalled()),
        ("GitOperationFailed", false)
    );
    assert_eq!(
        told(result),
        "failed to checkout source: basic auth and bearer token cannot be set at the same time"
    );
}

#[tokio::test]
async fn user_info_of_the_url_fills_the_gaps_of_the_secret() {
    let repo = seeded();
    let server = GitHttp::builder(repo.root()).basic("bot", "s3cret").start();
    let url = server
        .url(repo.name())
        .replace("http://", "http://bot:s3cret@");
    let access = access();
    let nothing = Cluster::default();
    let remote = reading(&access, &nothing, &json!({ "url": url }))
        .await
        .unwrap();
    assert_eq!(list(remote).await, Ok(()));
    let with_user = url.replace("bot:s3cret@", "bot@");
    for (url, value) in [
        (&url, ("username", "bot")),
        (&with_user, ("password", "s3cret")),
    ] {
        let cluster = Cluster::default().secret(INFRA, "git", &[value]);
        let remote = reading(&access, &cluster, &with_secret(url)).await.unwrap();
        assert_eq!(list(remote).await, Ok(()));
    }
}

#[tokio::test]
async fn a_client_certificate() {
    let (repo, authority) = (seeded(), Authority::new());
    let server = NginxGit::builder(repo.root())
        .tls(&authority.server(&["localhost"]))
        .clients_of(&authority)
        .start();
    let identity = authority.server(&["repin"]);
    let spec = with_secret(&server.url(repo.name()));
    let pair = [
        ("ca.crt", authority.ca_pem()),
        ("tls.crt", &identity.cert_pem),
        ("tls.key", &identity.key_pem),
    ];
    let cluster = Cluster::default().secret(INFRA, "git", &pair);
    let remote = reading(&access(), &cluster, &spec).await.unwrap();
    assert_eq!(list(remote).await, Ok(()));

    let without = Cluster::default().secret(INFRA, "git", &pair[..1]);
    let remote = reading(&access(), &without, &spec).await.unwrap();
    let text = list(remote).await.unwrap_err();
    assert!(text.contains("HTTP 400"), "{text}");
}

#[tokio::test]
async fn a_deploy_key_over_ssh_and_through_a_proxy() {
    let (repo, key) = (seeded(), SshKey::generate(KeyKind::Ed25519));
    let server = Sshd::builder().authorize(&key).start();
    let proxy = Proxy::start(Protocol::Socks5).await;
    proxy.require("bot", "s3cret-of-the-proxy");
    let url = server.url(repo.path());
    let (private_key, known_hosts) = (key.private_key(), server.known_hosts());
    let stranger = SshKey::generate(KeyKind::Ed25519);
    let of_others = stranger.known_hosts_line(&server.known_name());
    let unlisted = stranger.known_hosts_line("other.example");
    let access = access();
    for (private_key, known_hosts, password, refusal) in [
        (&private_key, &known_hosts, "s3cret-of-the-proxy", None),
        (
            &stranger.private_key(),
            &known_hosts,
            "s3cret-of-the-proxy",
            Some("does not accept the key"),
        ),
        (
            &private_key,
            &of_others,
            "s3cret-of-the-proxy",
            Some("is not the known one"),
        ),
        (
            &private_key,
            &unlisted,
            "s3cret-of-the-proxy",
            Some("known_hosts has no entry for it"),
        ),
        (
            &private_key,
            &known_hosts,
            "s3cret-but-wrong",
            Some("check username and password of the proxy's Secret"),
        ),
    ] {
        let proxy_url = proxy.url();
        let cluster = Cluster::default()
            .secret(
                INFRA,
                "git",
                &[("identity", private_key), ("known_hosts", known_hosts)],
            )
            .secret(
                INFRA,
                "proxy",
                &[
                    ("address", &proxy_url),
                    ("username", "bot"),
                    ("password", password),
                ],
            );
        let mut spec = with_secret(&url);
        spec["proxySecretRef"] = json!({ "name": "proxy" });
        let listed = list(reading(&access, &cluster, &spec).await.unwrap()).await;
        match refusal {
            None => assert_eq!(listed, Ok(())),
            Some(refusal) => assert!(listed.as_ref().unwrap_err().contains(refusal), "{listed:?}"),
        }
    }
    let address = format!("{}:{}", sshd::HOST, server.port());
    assert_eq!(proxy.targets(), vec![address; 4]);
}

#[tokio::test]
async fn pushes_have_a_secret_of_their_own() {
    let repo = seeded();
    let server = GitHttp::builder(repo.root())
        .basic("writer", "s3cret")
        .start();
    let source = source(&with_secret(&server.url(repo.name())));
    let cluster = Cluster::default()
        .secret(
            INFRA,
            "git",
            &[("username", "reader"), ("password", "s3cret")],
        )
        .secret(
            INFRA,
            "push",
            &[("username", "writer"), ("password", "s3cret")],
        );
    let (with, without) = (
        automation(&json!({ "secretRef": { "name": "push" } })),
        automation(&json!({})),
    );
    let access = access();
    for (automation, purpose, secret, admitted) in [
        (&with, Purpose::Push, "push", true),
        (&with, Purpose::Read, "git", false),
        (&without, Purpose::Push, "git", false),
    ] {
        let question = Question {
            source: &source,
            automation,
            purpose,
        };
        let name = (INFRA.to_owned(), secret.to_owned());
        assert_eq!(secrets(&question), [name]);
        let remote = access.remote(&question, &cluster).await.unwrap();
        assert_eq!(list(remote).await.is_ok(), admitted, "{purpose:?} {secret}");
    }
}

#[tokio::test]
async fn repositories_of_different_namespaces_share_nothing_that_was_fetched() {
    let url = "https://git.example/repo";
    let (here, mut elsewhere) = (
        source(&json!({ "url": url })),
        source(&json!({ "url": url })),
    );
    elsewhere.metadata.namespace = Some(TEAM.to_owned());
    let (access, automation) = (access(), automation(&json!({})));
    let mut keys = Vec::new();
    for source in [&here, &here, &elsewhere] {
        let question = Question {
            source,
            automation: &automation,
            purpose: Purpose::Read,
        };
        let remote = access.remote(&question, &Cluster::default()).await.unwrap();
        keys.push(remote.key());
    }
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
}
