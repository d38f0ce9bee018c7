//! `match: Image`: only the ImageRepositories of the pushed image are asked.

use serde_json::json;

use crate::setup::Setup;

const ALL: [&str; 4] = ["alpine", "app", "other", "podinfo"];

#[tokio::test]
async fn only_the_repositories_of_the_pushed_image_are_asked() {
    let setup = Setup::start().await;
    for (name, image) in [
        ("alpine", "alpine"),
        ("app", "ghcr.io/stefanprodan/podinfo"),
        ("other", "stefanprodan/other"),
        ("podinfo", "index.docker.io/stefanprodan/podinfo"),
    ] {
        setup
            .apply_repository(name, image, json!({ "all": "yes" }))
            .await;
    }
    let selected =
        json!([{ "kind": "ImageRepository", "name": "*", "matchLabels": { "all": "yes" } }]);
    let named = json!([
        { "kind": "ImageRepository", "name": "podinfo" },
        { "kind": "ImageRepository", "name": "other" },
    ]);
    let pushed = |image: &str| {
        json!({ "push_data": { "tag": "6.7.1" }, "repository": { "repo_name": image } }).to_string()
    };
    for (spec, body, expected) in [
        (
            json!({ "resources": selected }),
            pushed("stefanprodan/podinfo"),
            &ALL[..],
        ),
        (
            json!({ "match": "Image", "resources": selected }),
            pushed("stefanprodan/podinfo"),
            &["podinfo"],
        ),
        (
            json!({ "match": "Image", "resources": selected }),
            pushed("library/alpine"),
            &["alpine"],
        ),
        (
            json!({ "match": "Image", "resources": selected }),
            pushed("nobody/nothing"),
            &[],
        ),
        (
            json!({ "match": "Image", "resources": named }),
            pushed("stefanprodan/other"),
            &["other"],
        ),
        // A hook that names no image may be about any.
        (
            json!({ "match": "Image", "resources": selected }),
            "{}".to_owned(),
            &ALL,
        ),
    ] {
        let path = setup.receiver("hub", "dockerhub", spec.clone()).await;
        let (status, asked) = setup.asked(&ALL, setup.post(&path, &body)).await;
        assert_eq!((status, asked.as_slice()), (200, expected), "{spec} {body}");
    }
}
