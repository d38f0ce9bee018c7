//! Which objects a hook is about.

use serde_json::{Value, json};

use crate::setup::Setup;

const ALL: [&str; 3] = ["one", "three", "two"];

/// What a hook with this body does to the ImageRepositories.
async fn check(setup: &Setup, spec: Value, body: &str, expected: (u16, &[&'static str])) {
    let path = setup.receiver("any", "generic", spec.clone()).await;
    let (status, asked) = setup.asked(&ALL, setup.post(&path, body)).await;
    assert_eq!((status, asked.as_slice()), expected, "{spec} {body}");
}

#[tokio::test]
async fn objects_are_named_or_selected_by_labels() {
    let setup = Setup::start().await;
    setup.apply_repositories(&ALL).await;
    let elsewhere = setup.namespace.cluster().namespace().await;
    for (resources, expected) in [
        (json!([{ "name": "one" }]), (200, &["one"][..])),
        (
            json!([{ "name": "one", "matchLabels": { "app": "two" } }]),
            (200, &["one"]),
        ),
        (
            json!([{ "name": "one", "apiVersion": "image.toolkit.fluxcd.io/v1beta2" }]),
            (200, &["one"]),
        ),
        (
            json!([{ "name": "*", "matchLabels": { "app": "two" } }]),
            (200, &["two"]),
        ),
        (json!([{ "name": "*", "matchLabels": {} }]), (200, &ALL)),
        (
            json!([{ "name": "*", "matchLabels": { "app": "four" } }]),
            (200, &[]),
        ),
        (json!([{ "name": "*" }]), (500, &[])),
        (
            json!([{ "name": "missing" }, { "name": "two" }]),
            (500, &["two"]),
        ),
        (
            json!([{ "name": "two", "apiVersion": "none.example/v1" }, { "name": "one" }]),
            (500, &["one"]),
        ),
        (
            json!([{ "name": "one", "namespace": elsewhere.name() }]),
            (500, &[]),
        ),
        (
            json!([{ "name": "one", "kind": "ImagePolicy" }, { "name": "two" }]),
            (500, &["two"]),
        ),
    ] {
        let mut resources = resources;
        for resource in resources.as_array_mut().unwrap() {
            if resource["kind"].is_null() {
                resource["kind"] = "ImageRepository".into();
            }
        }
        check(&setup, json!({ "resources": resources }), "{}", expected).await;
    }
}

#[tokio::test]
async fn filters_decide_over_the_object_and_the_body() {
    let setup = Setup::start().await;
    setup.apply_repositories(&ALL).await;
    let with = |all: Option<&str>, each: &str| {
        let mut spec = json!({ "resources": [
            { "kind": "ImageRepository", "name": "one", "filter": each },
            { "kind": "ImageRepository", "name": "*", "matchLabels": { "app": "two" } },
        ]});
        if let Some(all) = all {
            spec["resourceFilter"] = all.into();
        }
        spec
    };
    for (spec, body, expected) in [
        (
            with(None, "req.tag == 'v1'"),
            r#"{"tag": "v1"}"#,
            (200, &["one", "two"][..]),
        ),
        (
            with(None, "req.tag == 'v1'"),
            r#"{"tag": "v2"}"#,
            (200, &["two"]),
        ),
        (with(None, "has(req.tag)"), "{}", (200, &["two"])),
        (with(None, "req.tag == 'v1'"), "{}", (500, &["two"])),
        (
            with(Some("res.metadata.name == req.name"), "true"),
            r#"{"name": "two"}"#,
            (200, &["two"]),
        ),
        (
            with(
                Some(
                    "res.kind == 'ImageRepository' && res.apiVersion == 'image.toolkit.fluxcd.io/v1'",
                ),
                "false",
            ),
            "{}",
            (200, &["two"]),
        ),
        (with(None, "true"), "[]", (500, &[])),
        (with(None, "true"), "no JSON", (500, &[])),
        (with(None, "true"), "null", (200, &["one", "two"])),
    ] {
        check(&setup, spec, body, expected).await;
    }
}

#[tokio::test]
async fn other_namespaces_are_asked_unless_that_is_forbidden() {
    for (args, expected) in [(&[][..], 200), (&["--no-cross-namespace-refs"][..], 500)] {
        let setup = Setup::with_args(args).await;
        let elsewhere = setup.namespace.cluster().namespace().await;
        setup.grant(elsewhere.name()).await;
        elsewhere
            .apply(r#"{"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImageRepository", "metadata": {"name": "one"}, "spec": {"image": "reg.example/one", "interval": "1h"}}"#)
            .await;
        let spec = json!({ "resources": [
            { "kind": "ImageRepository", "name": "one", "namespace": elsewhere.name() },
        ]});
        let path = setup.receiver("any", "generic", spec).await;
        assert_eq!(setup.post(&path, "{}").await, expected, "{args:?}");
    }
}
