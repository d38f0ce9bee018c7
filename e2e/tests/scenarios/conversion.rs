//! Older API versions: the guide's objects as they stand there, in every version, through `kubectl`; and what webhook-receiver
//! may write for that.

mod rights;

use api::convert;
use e2e::kubectl::Kubectl;
use e2e::stage::{Controller, RECEIVER, Stage};
use e2e::table;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use serde_json::Value;
use test_support::cluster::eventually;

/// The definitions whose objects are converted.
const CONVERTED: [&str; 4] = [
    "imagepolicies.image.toolkit.fluxcd.io",
    "imagerepositories.image.toolkit.fluxcd.io",
    "imageupdateautomations.image.toolkit.fluxcd.io",
    "receivers.notification.toolkit.fluxcd.io",
];
/// The objects of the guide's images and updates.
const OBJECTS: [&str; 3] = [
    include_str!("../../../xtask/demo/objects/podinfo-registry.yaml"),
    include_str!("../../../xtask/demo/objects/podinfo-policy.yaml"),
    include_str!("../../../xtask/demo/objects/flux-system-automation.yaml"),
];
/// The object of its part about webhooks.
const WEBHOOK: &str = include_str!("../../../xtask/demo/cluster/podinfo-receiver.yaml");
const IMAGE_VERSIONS: [&str; 5] = ["v1", "v1beta2", "v1beta1", "v1alpha2", "v1alpha1"];

/// Starts the controller and waits until the API server asks it.
async fn converting(stage: &Stage) -> Controller {
    let receiver = stage.controller(RECEIVER, &[]).await;
    let definitions: Api<CustomResourceDefinition> = Api::all(stage.client());
    for name in CONVERTED {
        eventually(&format!("the conversion of {name}"), async || {
            let definition = definitions.get(name).await.ok()?;
            (definition.spec.conversion?.strategy == "Webhook").then_some(())
        })
        .await;
    }
    receiver
}

#[tokio::test]
async fn the_guide_applies_as_it_stands_and_is_seen_in_every_version() {
    let stage = Stage::alone().await;
    stage.admission().await;
    let kubectl = stage.kubectl().within("flux-system");
    kubectl.run(&["create", "namespace", "flux-system"]).await;
    let refused = kubectl.refused(&["apply", "-f", "-"], OBJECTS[2]).await;
    let why = "nobody converts v1alpha1 yet: wait until webhook-receiver is ready, or write the object in v1 \
               (`repin convert` does)";
    assert!(refused.contains(why), "{refused}");

    let receiver = converting(&stage).await;
    for manifest in OBJECTS.iter().chain([&WEBHOOK]) {
        eventually("the API server takes the definitions in", async || {
            // Until then its cache of an older version starts anew.
            let output = kubectl.try_apply(manifest).await;
            output.ok()
        })
        .await;
        let again = kubectl.apply(manifest).await;
        assert!(again.trim_end().ends_with(" unchanged"), "{again}");
    }
    every_version_says_the_same(&kubectl).await;
    the_columns_are_those_of_the_version(&kubectl).await;
    an_edit_keeps_what_the_version_does_not_know(&kubectl).await;
    stage.finish([receiver]).await;
}

async fn raw(kubectl: &Kubectl, group: &str, version: &str, object: &str) -> Value {
    let path = format!("/apis/{group}/{version}/namespaces/flux-system/{object}");
    let printed = kubectl.run(&["get", "--raw", &path]).await;
    serde_json::from_str(&printed).unwrap()
}

async fn every_version_says_the_same(kubectl: &Kubectl) {
    let image = "image.toolkit.fluxcd.io";
    let notification = "notification.toolkit.fluxcd.io";
    let objects = [
        (image, "imagerepositories/podinfo", &IMAGE_VERSIONS[..]),
        (image, "imagepolicies/podinfo", &IMAGE_VERSIONS),
        (image, "imageupdateautomations/flux-system", &IMAGE_VERSIONS),
        (
            notification,
            "receivers/podinfo",
            &["v1", "v1beta2", "v1beta1"],
        ),
    ];
    for (group, object, versions) in objects {
        let stored = raw(kubectl, group, "v1", object).await;
        for version in versions {
            let seen = raw(kubectl, group, version, object).await;
            assert_eq!(seen["apiVersion"], format!("{group}/{version}"));
            let back = convert::to_v1(seen).unwrap();
            assert_eq!(back["spec"], stored["spec"], "{object} {version}");
            assert_eq!(back["metadata"]["uid"], stored["metadata"]["uid"]);
            let listed = object.split_once('/').unwrap().0;
            let list = raw(kubectl, group, version, listed).await;
            assert_eq!(
                list["items"].as_array().unwrap().len(),
                1,
                "{object} {version}"
            );
        }
    }
    let written: Value = serde_saphyr::from_str(OBJECTS[2]).unwrap();
    let seen = raw(
        kubectl,
        image,
        "v1alpha1",
        "imageupdateautomations/flux-system",
    )
    .await;
    assert_eq!(seen["spec"], written["spec"]);
}

async fn the_columns_are_those_of_the_version(kubectl: &Kubectl) {
    let printed = kubectl
        .run(&[
            "get",
            "imageupdateautomations.v1alpha1.image.toolkit.fluxcd.io",
        ])
        .await;
    assert_eq!(table::headings(&printed), ["NAME", "LAST RUN"]);
    let printed = kubectl
        .run(&[
            "get",
            "receivers.v1beta1.notification.toolkit.fluxcd.io",
            "-o",
            "yaml",
        ])
        .await;
    assert!(
        printed.contains("apiVersion: notification.toolkit.fluxcd.io/v1beta1"),
        "{printed}"
    );
}

async fn an_edit_keeps_what_the_version_does_not_know(kubectl: &Kubectl) {
    let new = "imageupdateautomations.v1.image.toolkit.fluxcd.io/flux-system";
    let approval = r#"{"spec":{"approval":"Required"}}"#;
    kubectl
        .run(&["patch", new, "--type=merge", "-p", approval])
        .await;
    let edited = OBJECTS[2].replace("interval: 1m0s", "interval: 2m0s");
    assert_ne!(edited, OBJECTS[2]);
    kubectl.apply(&edited).await;
    let printed = kubectl.run(&["get", new, "-o", "json"]).await;
    let stored: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(stored["spec"]["approval"], "Required");
    assert_eq!(stored["spec"]["interval"], "2m0s");
    assert_eq!(
        stored["metadata"]["annotations"]["repin.dev/carried"],
        Value::Null
    );
}
