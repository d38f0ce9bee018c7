//! Texts, reasons and the order of the checks.

use git_access::{AccessError, Purpose, Question, source_of};
use serde_json::{Value, json};

use crate::objects::Cluster;
use crate::setup::{INFRA, TEAM, access, automation, build, reading, source, told};

const URL: &str = "https://git.example/repo";

/// What a GitRepository with this spec comes to: reason and message.
async fn outcome(cluster: &Cluster, spec: &Value) -> (&'static str, String) {
    let access = build(git_access::Environment::default(), false);
    let result = reading(&access, cluster, spec).await;
    let error = result.as_ref().unwrap_err();
    let (reason, is_stalled) = (error.reason(), error.is_stalled());
    assert_eq!(is_stalled, reason != "SourceManagerFailed", "{reason}");
    (reason, told(result))
}

fn failed(text: &str) -> (&'static str, String) {
    (
        "SourceManagerFailed",
        format!("failed configuring source manager: {text}"),
    )
}

fn invalid(text: &str) -> (&'static str, String) {
    (
        "InvalidSourceConfiguration",
        format!("{text}: invalid source configuration"),
    )
}

const OPTIONS: &str = "failed to configure authentication options: ";

/// Secrets that are wrong in many ways.
fn cluster() -> Cluster {
    Cluster::default()
        .secret(INFRA, "empty", &[])
        .secret(INFRA, "app", &[("githubAppID", "1")])
        .secret(INFRA, "password", &[("password", "s3cret")])
        .secret(INFRA, "half", &[("tls.key", "s3cret")])
        .secret(INFRA, "ca", &[("ca.crt", "s3cret")])
        .secret(INFRA, "no-ssh-host", &[("identity", "s3cret")])
        .secret(INFRA, "ftp", &[("address", "ftp://u:s3cret@proxy")])
}

#[tokio::test]
async fn what_is_wrong_with_a_proxy_is_told() {
    for (secret, text) in [
        ("missing", "secret 'infra/missing' not found"),
        ("empty", "secret 'infra/empty': key 'address' not found"),
        (
            "ftp",
            "secret 'infra/ftp': proxy URL must use one of the supported schemes (http, https, socks5), got 'ftp'",
        ),
    ] {
        let spec = json!({ "url": URL, "proxySecretRef": { "name": secret } });
        assert_eq!(outcome(&cluster(), &spec).await, failed(text), "{secret}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_secret_is_told() {
    let over_ssh = "ssh://git@git.example/repo";
    for (url, secret, text) in [
        (
            URL,
            "missing",
            "failed to get auth secret 'infra/missing': secrets \"missing\" not found".to_owned(),
        ),
        (
            URL,
            "password",
            format!(
                "{OPTIONS}invalid 'https' auth option: 'password' requires 'username' to be set"
            ),
        ),
        (
            URL,
            "half",
            format!("{OPTIONS}contains 'tls.key' but missing 'tls.crt'"),
        ),
        (
            URL,
            "ca",
            format!(
                "{OPTIONS}the CA bundle for https://git.example/repo cannot be used: expected PEM certificates"
            ),
        ),
        (
            over_ssh,
            "empty",
            format!("{OPTIONS}invalid 'ssh' auth option: 'identity' is required"),
        ),
        (
            over_ssh,
            "no-ssh-host",
            format!("{OPTIONS}invalid 'ssh' auth option: 'known_hosts' is required"),
        ),
    ] {
        let spec = json!({ "url": url, "secretRef": { "name": secret } });
        assert_eq!(outcome(&cluster(), &spec).await, failed(&text), "{secret}");
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_told_without_its_user_info() {
    for (url, shown) in [
        ("https://u:s3cret@/", "https://***@/"),
        ("https://u:s3cret/@s3cret@/a", "https://***@/a"),
        ("https://u:s3cret@h:x/a?t=1", "https://***@h:x/a?t=1"),
        ("https://", "https://"),
    ] {
        let text = format!(
            "failed to parse URL '{shown}': invalid Git URL: it cannot be parsed; \
             expected http://, https:// or ssh:// with a host and a path"
        );
        let spec = json!({ "url": url });
        assert_eq!(outcome(&cluster(), &spec).await, failed(&text), "{shown}");
    }
}

#[tokio::test]
async fn a_provider_has_to_fit_secret_and_url() {
    let no_app = "secretRef with github app data must be specified when provider is set to github";
    let app = "secretRef 'infra/app' has github app data but provider is not set to github";
    for (provider, secret, expected) in [
        ("github", None, invalid(no_app)),
        ("github", Some("empty"), invalid(no_app)),
        ("generic", Some("app"), invalid(app)),
        (
            "github",
            Some("app"),
            failed(&format!(
                "{OPTIONS}app installation owner or ID must be provided to use github app authentication"
            )),
        ),
        (
            "aws",
            Some("empty"),
            failed(&format!(
                "{OPTIONS}invalid AWS CodeCommit Git URL: git.example"
            )),
        ),
        (
            "azure",
            None,
            failed(&format!(
                "{OPTIONS}invalid Azure DevOps Git URL: git.example. must be dev.azure.com or below visualstudio.com"
            )),
        ),
    ] {
        let mut spec = json!({ "url": URL, "provider": provider });
        if let Some(secret) = secret {
            spec["secretRef"] = json!({ "name": secret });
        }
        assert_eq!(outcome(&cluster(), &spec).await, expected, "{spec}");
    }
}

#[tokio::test]
async fn a_service_account_needs_the_gate() {
    for (provider, url) in [
        ("azure", "https://dev.azure.com/o/p/_git/r"),
        (
            "aws",
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/r",
        ),
    ] {
        let spec = json!({ "url": url, "provider": provider, "serviceAccountName": "robot" });
        let text = "to use spec.serviceAccountName for provider authentication please enable the \
                    ObjectLevelWorkloadIdentity feature gate in the controller";
        let expected = ("FeatureGateDisabled", text.to_owned());
        assert_eq!(outcome(&cluster(), &spec).await, expected);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_of_its_own() {
    let down = Cluster::default().down();
    let spec = json!({ "url": URL, "secretRef": { "name": "git" } });
    assert_eq!(
        outcome(&down, &spec).await,
        failed("failed to get auth secret 'infra/git': the API server is down")
    );
    let spec = json!({ "url": URL, "proxySecretRef": { "name": "proxy" } });
    assert_eq!(
        outcome(&down, &spec).await,
        failed("failed to get secret 'infra/proxy': the API server is down")
    );
}

#[tokio::test]
async fn the_push_branch_is_checked_before_the_secrets() {
    let mut source = source(&json!({ "url": URL, "proxySecretRef": { "name": "missing" } }));
    source.spec.reference = None;
    let automation = automation(&json!({}));
    let question = Question {
        source: &source,
        automation: &automation,
        purpose: Purpose::Read,
    };
    let text = told(access().remote(&question, &Cluster::default()).await);
    assert_eq!(
        text,
        "failed configuring source manager: push spec not provided, and cannot be inferred from \
         .spec.git.checkout.ref or GitRepository .spec.ref"
    );
}

#[test]
fn the_source_is_named_or_refused() {
    let mut automation = automation(&json!({}));
    let names = (INFRA.to_owned(), "repo".to_owned());
    assert_eq!(source_of(&automation, false).unwrap(), names);
    let error = source_of(&automation, true).unwrap_err();
    assert_eq!((error.reason(), error.is_stalled()), ("AccessDenied", true));
    assert_eq!(
        error.message(),
        "can't access 'GitRepository/infra/repo', cross-namespace references have been blocked"
    );
    automation.spec.source_ref.namespace = None;
    let names = (TEAM.to_owned(), "repo".to_owned());
    assert_eq!(source_of(&automation, true).unwrap(), names);
    automation.spec.git = None;
    let error = source_of(&automation, true).unwrap_err();
    assert_eq!(error.reason(), "InvalidSourceConfiguration");
    assert_eq!(
        error.message(),
        "source kind 'GitRepository' necessitates field .spec.git: invalid source configuration"
    );
    let missing = AccessError::FindSource {
        name: "repo".to_owned(),
    };
    assert_eq!(
        missing.message(),
        "failed configuring source manager: referenced git repository does not exist: \
         gitrepositories.source.toolkit.fluxcd.io \"repo\" not found"
    );
}
