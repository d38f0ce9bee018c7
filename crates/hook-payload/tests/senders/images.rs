//! Which image a hook names.

use hook_payload::{Pushed, Sender};
use ring::hmac;

use crate::setup::{Request, TOKEN, hexadecimal_hmac};

/// The image of a hook: registry, repository, tags, digest.
fn pushed(sender: Sender, request: &Request) -> Option<Pushed> {
    request.to(sender).unwrap().pushed
}

#[expect(clippy::unnecessary_wraps, reason = "compared with what may be none")]
fn image(registry: &str, repository: &str, tags: &[&str], digest: &str) -> Option<Pushed> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Some(Pushed {
        registry: given(registry),
        repository: repository.to_owned(),
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        digest: given(digest),
    })
}

#[test]
fn registries_say_what_was_pushed() {
    let cases = [
        (
            Sender::DockerHub,
            include_str!("payloads/dockerhub.json"),
            image("docker.io", "stefanprodan/podinfo", &["6.7.1"], ""),
        ),
        (
            Sender::Quay,
            include_str!("payloads/quay.json"),
            image("quay.io", "team/app", &["latest", "v1.4.0"], ""),
        ),
        (
            Sender::Acr,
            include_str!("payloads/acr.json"),
            image(
                "myregistry.azurecr.io",
                "hello-world",
                &["v1"],
                "sha256:80f0d5c8786bb9e621a45ece0db56d11cdc624ad20da9fe62e9d25490f331d7d",
            ),
        ),
        (
            Sender::CdEvents,
            include_str!("payloads/cdevents-artifact.json"),
            image(
                "ghcr.io",
                "octo-org/app",
                &["v3"],
                "sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427",
            ),
        ),
        (
            Sender::Generic,
            include_str!("payloads/dockerhub.json"),
            None,
        ),
    ];
    for (sender, body, expected) in cases {
        assert_eq!(pushed(sender, &Request::json(body)), expected, "{sender}");
    }
}

#[test]
fn harbor_says_it_in_either_format() {
    let harbor = |content_type, body| {
        let request = Request::of(content_type, body).with("authorization", TOKEN);
        pushed(Sender::Harbor, &request)
    };
    assert_eq!(
        harbor("application/json", include_str!("payloads/harbor.json")),
        image(
            "hub.harbor.example:8443",
            "team/debian",
            &["v2"],
            "sha256:8a9e9863dbb6e10edb5adfe917c00da84e1700fa76e7ed02476aa6e6fb8ee0d8"
        )
    );
    assert_eq!(
        harbor(
            "application/cloudevents+json",
            include_str!("payloads/harbor-cloudevent.json")
        ),
        image(
            "harbor.example",
            "team/alpine",
            &[],
            "sha256:954b378c375d852eb3c63ab88978f640b4348b01c1b3456a024a81536dafbbf4"
        )
    );
}

#[test]
fn nexus_says_no_registry_and_only_docker_components_are_images() {
    let nexus = |body: &str| {
        let signature = hexadecimal_hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, body.as_bytes());
        let request = Request::json(body).with("x-nexus-webhook-signature", &signature);
        pushed(Sender::Nexus, &request)
    };
    let component = nexus(include_str!("payloads/nexus-component.json"));
    assert_eq!(component, image("", "team/app", &["1.2.3"], ""));
    assert_eq!(component.and_then(|pushed| pushed.image()), None);
    assert_eq!(nexus(include_str!("payloads/nexus-asset.json")), None);
}

#[test]
fn github_says_it_in_the_events_about_packages() {
    let expected = image(
        "ghcr.io",
        "octo-org/app",
        &["v0.1.6"],
        "sha256:ceebe538c5f4c3b32dba99b9c3b1d7401d6815db8d7240e8854c87b570a991e9",
    );
    let github = |event: &str, body: &str| {
        let request = Request::json(body).hub_signed();
        pushed(Sender::GitHub, &request.with("x-github-event", event))
    };
    let package = include_str!("payloads/github-package.json");
    let registry_package = include_str!("payloads/github-registry-package.json");
    assert_eq!(github("package", package), expected);
    assert_eq!(github("registry_package", registry_package), expected);
    assert_eq!(github("push", package), None);
    assert_eq!(
        github("push", include_str!("payloads/github-push.json")),
        None
    );
    let npm = package.replace(r#""package_type": "CONTAINER""#, r#""package_type": "npm""#);
    assert_eq!(github("package", &npm), None);
    assert_eq!(github("package", "not even JSON"), None);

    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", package)
        .finish();
    let request = Request::of("application/x-www-form-urlencoded", form).hub_signed();
    let request = request.with("x-github-event", "package");
    assert_eq!(pushed(Sender::GitHub, &request), expected);
}

#[test]
fn what_names_no_image_is_no_reason_to_refuse() {
    let cases = [
        (Sender::DockerHub, r#"{"push_data": {"tag": "v1"}}"#),
        (Sender::DockerHub, r#"{"repository": {"repo_name": ""}}"#),
        (
            Sender::Quay,
            r#"{"docker_url": "app", "updated_tags": ["v1"]}"#,
        ),
        (
            Sender::Acr,
            r#"{"target": {"repository": "app"}, "request": {"host": ""}}"#,
        ),
        (
            Sender::Acr,
            r#"{"target": {"tag": "v1"}, "request": {"host": "h.azurecr.io"}}"#,
        ),
    ];
    for (sender, body) in cases {
        assert_eq!(
            pushed(sender, &Request::json(body)),
            None,
            "{sender} {body}"
        );
    }
}
