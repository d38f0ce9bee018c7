//! The same for the controller that takes webhooks and converts.

use api::annotations::RECONCILE_REQUESTED;
use api::notification::v1::Receiver;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams};
use kube::runtime::{conditions, wait::await_condition};
use test_support::cluster::eventually;

use super::*;

/// What Receivers may name: group, version, kind and plural.
const KINDS: [(&str, &str, &str, &str); 12] = [
    ("source.toolkit.fluxcd.io", "v1", "Bucket", "buckets"),
    (
        "source.toolkit.fluxcd.io",
        "v1",
        "ExternalArtifact",
        "externalartifacts",
    ),
    (
        "source.toolkit.fluxcd.io",
        "v1",
        "GitRepository",
        "gitrepositories",
    ),
    ("source.toolkit.fluxcd.io", "v1", "HelmChart", "helmcharts"),
    (
        "source.toolkit.fluxcd.io",
        "v1",
        "HelmRepository",
        "helmrepositories",
    ),
    (
        "source.toolkit.fluxcd.io",
        "v1",
        "OCIRepository",
        "ocirepositories",
    ),
    (
        "source.extensions.fluxcd.io",
        "v1beta1",
        "ArtifactGenerator",
        "artifactgenerators",
    ),
    (
        "kustomize.toolkit.fluxcd.io",
        "v1",
        "Kustomization",
        "kustomizations",
    ),
    (
        "helm.toolkit.fluxcd.io",
        "v2",
        "HelmRelease",
        "helmreleases",
    ),
    (
        "image.toolkit.fluxcd.io",
        "v1",
        "ImageRepository",
        "imagerepositories",
    ),
    (
        "image.toolkit.fluxcd.io",
        "v1",
        "ImagePolicy",
        "imagepolicies",
    ),
    (
        "image.toolkit.fluxcd.io",
        "v1",
        "ImageUpdateAutomation",
        "imageupdateautomations",
    ),
];
/// The kinds of ours, which are there anyway, and GitRepository.
const INSTALLED: [&str; 4] = [
    "GitRepository",
    "ImageRepository",
    "ImagePolicy",
    "ImageUpdateAutomation",
];
/// The Secret of the conversion.
const CERTIFICATES: &str = "webhook-receiver-conversion";

#[tokio::test]
async fn the_roles_of_the_receiver_grant_what_is_used_and_nothing_else() {
    let stage = Stage::alone().await;
    prepare(&stage).await;
    let flags = [
        "--enable-leader-election",
        "--leader-election-retry-period=500ms",
        "--min-retry-delay=20ms",
    ];
    let receiver = stage.controller(RECEIVER, &flags).await;
    let everything = async {
        every_kind_is_annotated(&stage, &receiver).await;
        a_finalizer_of_flux_is_taken_off(&stage).await;
        a_failure_is_told_again(&stage).await;
        certificates_are_made_again(&stage).await;
    };
    Box::pin(uses_exactly(&stage, &[&receiver], everything)).await;
    stage.finish([receiver]).await;
}

/// An object of every kind, and a Receiver that Flux has looked at.
async fn prepare(stage: &Stage) {
    let cluster = stage.kubectl();
    for (group, version, kind, plural) in KINDS {
        if !INSTALLED.contains(&kind) {
            cluster
                .apply(&definition(group, version, kind, plural))
                .await;
            let definitions: Api<CustomResourceDefinition> = Api::all(stage.client());
            let name = format!("{plural}.{group}");
            await_condition(definitions, &name, conditions::is_crd_established())
                .await
                .unwrap();
        }
        let spec = match kind {
            "GitRepository" => json!({ "url": "https://git.invalid", "interval": "1h" }),
            "ImageRepository" => json!({ "image": "registry.invalid/app", "interval": "1h" }),
            "ImagePolicy" => json!({
                "imageRepositoryRef": { "name": "app" }, "policy": { "alphabetical": {} },
            }),
            "ImageUpdateAutomation" => json!({
                "interval": "1h", "sourceRef": { "kind": "GitRepository", "name": "app" },
            }),
            _ => json!({}),
        };
        let object = json!({
            "apiVersion": format!("{group}/{version}"), "kind": kind,
            "metadata": { "name": "app", "labels": { "app": "app" } }, "spec": spec,
        });
        cluster.apply(&object.to_string()).await;
    }
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "token" },
        "stringData": { "token": "t0ken" },
    });
    cluster.apply(&secret.to_string()).await;
    cluster.apply(&hook_receiver("hook").to_string()).await;
    let status = json!({ "status": { "observedGeneration": 1 } });
    stage.patch_status::<Receiver>("hook", &status).await;
}

fn definition(group: &str, version: &str, kind: &str, plural: &str) -> String {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase() },
            "versions": [{
                "name": version, "served": true, "storage": true,
                "schema": { "openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                } },
            }],
        },
    })
    .to_string()
}

/// A Receiver that names every kind, by name with a filter and by labels.
fn hook_receiver(name: &str) -> Value {
    let resources = KINDS.iter().flat_map(|(group, version, kind, _)| {
        let api_version = format!("{group}/{version}");
        [
            json!({ "apiVersion": api_version, "kind": kind, "name": "app", "filter": "true" }),
            json!({
                "apiVersion": api_version, "kind": kind, "name": "*",
                "matchLabels": { "app": "app" },
            }),
        ]
    });
    json!({
        "apiVersion": "notification.toolkit.fluxcd.io/v1", "kind": "Receiver",
        "metadata": { "name": name },
        "spec": {
            "type": "generic", "secretRef": { "name": "token" },
            "resources": resources.collect::<Vec<_>>(),
        },
    })
}

async fn every_kind_is_annotated(stage: &Stage, receiver: &Controller) {
    let receivers: Api<Receiver> = Api::namespaced(stage.client(), stage.namespace());
    let path = eventually("the path of the Receiver", async || {
        receivers.get("hook").await.ok()?.status?.webhook_path
    })
    .await;
    eventually("a hook that is taken", async || {
        receiver.post(&path, &json!({})).await.ok()
    })
    .await;
    for (group, version, kind, plural) in KINDS {
        let kind = GroupVersionKind::gvk(group, version, kind);
        let resource = ApiResource::from_gvk_with_plural(&kind, plural);
        let api: Api<DynamicObject> =
            Api::namespaced_with(stage.client(), stage.namespace(), &resource);
        let object = api.get("app").await.unwrap();
        assert!(
            object.annotations().contains_key(RECONCILE_REQUESTED),
            "{plural}"
        );
    }
}

async fn certificates_are_made_again(stage: &Stage) {
    let secrets: Api<Secret> = Api::namespaced(stage.client(), stage.namespace());
    secrets
        .delete(CERTIFICATES, &DeleteParams::default())
        .await
        .unwrap();
    eventually("a new Secret", async || {
        secrets.get(CERTIFICATES).await.ok()
    })
    .await;
    // What is damaged is replaced.
    let damage = json!({ "data": null });
    let params = kube::api::PatchParams::default();
    secrets
        .patch(CERTIFICATES, &params, &kube::api::Patch::Merge(&damage))
        .await
        .unwrap();
    eventually("new certificates", async || {
        secrets.get(CERTIFICATES).await.ok()?.data
    })
    .await;
}

async fn a_finalizer_of_flux_is_taken_off(stage: &Stage) {
    let mut left = hook_receiver("left");
    left["metadata"]["finalizers"] = json!([finalizers::FLUX]);
    stage.kubectl().apply(&left.to_string()).await;
    stage.delete::<Receiver>("left").await;
    let all = ListParams::default();
    let receivers: Api<Receiver> = Api::namespaced(stage.client(), stage.namespace());
    assert_eq!(receivers.list(&all).await.unwrap().items.len(), 1);
}

/// An Event that repeats is patched.
async fn a_failure_is_told_again(stage: &Stage) {
    let mut lost = hook_receiver("lost");
    lost["spec"]["secretRef"]["name"] = json!("gone");
    stage.kubectl().apply(&lost.to_string()).await;
}
