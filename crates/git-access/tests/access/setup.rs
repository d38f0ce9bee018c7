//! What the tests have in common.

use api::image::v1::ImageUpdateAutomation;
use api::source::GitRepository;
use git_access::{Access, AccessError, Environment, Purpose, Question, Settings};
use git_remote::Remote;
use serde_json::{Value, json};
use test_support::cloud::Cloud;
use test_support::git_repo::TempRepo;

use crate::objects::Cluster;

/// Where the GitRepository and its Secrets are.
pub(crate) const INFRA: &str = "infra";

/// Where the automation is, and the ServiceAccounts of workload identity.
pub(crate) const TEAM: &str = "team";

/// A GitRepository with this spec besides its branch `main`.
pub(crate) fn source(spec: &Value) -> GitRepository {
    let mut object = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": { "namespace": INFRA, "name": "repo" },
        "spec": spec,
    });
    object["spec"]["ref"] = json!({ "branch": "main" });
    serde_json::from_value(object).unwrap()
}

/// An automation with this `spec.git.push`.
pub(crate) fn automation(push: &Value) -> ImageUpdateAutomation {
    let object = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageUpdateAutomation",
        "metadata": { "namespace": TEAM, "name": "apps" },
        "spec": {
            "interval": "1m",
            "sourceRef": { "kind": "GitRepository", "name": "repo", "namespace": INFRA },
            "git": { "commit": { "author": { "email": "a@b.c" } }, "push": push },
        },
    });
    serde_json::from_value(object).unwrap()
}

/// An access with nothing in its environment.
pub(crate) fn access() -> Access {
    access_in(Environment::default())
}

pub(crate) fn access_in(environment: Environment) -> Access {
    build(environment, true)
}

pub(crate) fn build(environment: Environment, object_level_identity: bool) -> Access {
    test_support::tls::install_provider();
    let mut settings = Settings::default();
    settings.identities.environment = environment;
    settings.identities.object_level_identity = object_level_identity;
    Access::new(settings).unwrap()
}

/// The environment of `cloud`, with these variables besides.
pub(crate) fn environment(cloud: &Cloud, variables: &[(&str, &str)]) -> Environment {
    let own = variables
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()));
    cloud.variables().into_iter().chain(own).collect()
}

/// The repository of a GitRepository with this spec, for reading.
pub(crate) async fn reading(
    access: &Access,
    cluster: &Cluster,
    spec: &Value,
) -> Result<Remote, AccessError> {
    let (source, automation) = (source(spec), automation(&json!({})));
    let question = Question {
        source: &source,
        automation: &automation,
        purpose: Purpose::Read,
    };
    access.remote(&question, cluster).await
}

/// The message of the condition that this error stands for. It holds no secret, and `Debug` neither.
pub(crate) fn told(result: Result<Remote, AccessError>) -> String {
    let error = result.unwrap_err();
    let (text, debug) = (error.message(), format!("{error:?}"));
    for secret in ["s3cret", "PRIVATE KEY", "eyJ"] {
        assert!(!text.contains(secret), "{text}");
        assert!(!debug.contains(secret), "{debug}");
    }
    text
}

/// Lists `main` of a repository; the answer says what went wrong, without secrets.
pub(crate) async fn list(remote: Remote) -> Result<(), String> {
    let listing = tokio::task::spawn_blocking(move || {
        assert!(!format!("{remote:?}").contains("s3cret"), "{remote:?}");
        let found = remote.connect()?.find_ref("refs/heads/main");
        found.map(drop)
    });
    listing.await.unwrap().map_err(|error: git_remote::Error| {
        let debug = format!("{error:?}");
        assert!(!debug.contains("s3cret"), "{debug}");
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| {
            error.source()
        });
        let texts: Vec<String> = causes.map(ToString::to_string).collect();
        let text = texts.join(": ");
        assert!(!text.contains("s3cret"), "{text}");
        text
    })
}

pub(crate) fn seeded() -> TempRepo {
    let repo = TempRepo::new();
    repo.commit("main").file("a", "1").done();
    repo
}
