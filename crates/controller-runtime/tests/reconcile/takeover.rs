//! Objects that Flux's controllers have worked on before, and work on again.

use api::image::v1::ImageRepository;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::{Api, CustomResourceExt as _};
use serde_json::{Value, json};
use test_support::cluster::Cluster;
use test_support::control_plane::ControlPlane;

use crate::harness::{Loop, MANAGER, ready, types};

fn flux_condition(condition: &str, status: &str) -> Value {
    json!({
        "type": condition,
        "status": status,
        "reason": "Progressing",
        "message": "reconciliation in progress",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": 1,
    })
}

/// A status as Flux's controller leaves it when it is stopped in the middle of its work.
fn left_by_flux() -> Value {
    json!({
        "observedGeneration": 1,
        "canonicalImageName": "index.docker.io/library/app",
        "lastHandledReconcileAt": "long ago",
        "observedExclusionList": ["^.*\\.sig$"],
        "conditions": [
            flux_condition("Stalled", "True"),
            flux_condition("Reconciling", "True"),
            flux_condition("Ready", "False"),
        ],
    })
}

/// Who manages something of the status, and by which operation.
fn managers(object: &ImageRepository) -> Vec<(String, String)> {
    let entries = object.metadata.managed_fields.clone().unwrap_or_default();
    entries
        .into_iter()
        .filter(|entry| entry.subresource.as_deref() == Some("status"))
        .map(|entry| (entry.manager.unwrap(), entry.operation.unwrap()))
        .collect()
}

fn ours() -> Vec<(String, String)> {
    vec![(MANAGER.to_owned(), "Apply".to_owned())]
}

/// The whole way there and back again.
async fn there_and_back(cluster: &Cluster) {
    let mut one = Loop::on(cluster, &[]).await;
    one.create_with(&json!({
        "metadata": { "name": "app" },
        "spec": { "image": "app", "interval": "1m", "suspend": true },
    }))
    .await;
    one.patch_status("app", MANAGER, left_by_flux()).await;
    one.patch("app", json!({ "spec": { "suspend": false } }))
        .await;
    one.pass().await;
    let object = one.until_says("app", "fine").await;
    assert_eq!(types(&object), ["Ready"], "nothing of Flux's stays behind");
    assert_eq!(managers(&object), ours());
    let status = object.status.unwrap();
    assert_eq!(
        status.canonical_image_name.as_deref(),
        Some("index.docker.io/app")
    );
    assert_eq!(status.observed_exclusion_list, ["^.*\\.sig$"]);
    assert_eq!(status.observed_generation, Some(2));

    // Flux's controller comes back, and is stopped again.
    let again = json!({
        "canonicalImageName": "index.docker.io/library/app",
        "conditions": [flux_condition("Reconciling", "True"), flux_condition("Ready", "Unknown")],
    });
    one.patch_status("app", MANAGER, again).await;
    one.annotate("app", "example.com/round", "2").await;
    one.pass().await;
    let object = one.until_says("app", "fine").await;
    assert_eq!(types(&object), ["Ready"]);
    assert_eq!(managers(&object), ours());

    let writes = one.status_writes();
    one.annotate("app", "example.com/round", "3").await;
    one.pass().await;
    one.says(ready("better"));
    one.annotate("app", "example.com/round", "4").await;
    one.pass().await;
    one.until_says("app", "better").await;
    assert_eq!(
        one.status_writes(),
        writes + 1,
        "what is ours is simply applied"
    );
}

#[tokio::test]
async fn where_the_schema_merges_conditions_by_type() {
    there_and_back(&Cluster::shared().await).await;
}

#[tokio::test]
async fn where_the_schema_takes_conditions_for_one_value() {
    let plane = ControlPlane::start().await;
    install_as_flux_does(&plane).await;
    there_and_back(plane.cluster()).await;
}

#[tokio::test]
async fn a_status_that_is_right_already_is_not_written() {
    let mut one = Loop::start().await;
    one.create_with(&json!({
        "metadata": { "name": "app" },
        "spec": { "image": "app", "interval": "1m", "suspend": true },
    }))
    .await;
    let mut fine = flux_condition("Ready", "True");
    fine["reason"] = json!("Succeeded");
    fine["message"] = json!("fine");
    fine["observedGeneration"] = json!(2);
    let status = json!({
        "observedGeneration": 2,
        "canonicalImageName": "index.docker.io/app",
        "conditions": [fine],
    });
    one.patch_status("app", MANAGER, status).await;
    one.patch("app", json!({ "spec": { "suspend": false } }))
        .await;
    one.pass().await;
    one.trigger("app");
    one.pass().await;
    assert_eq!(one.proxy.writes(), []);
}

#[tokio::test]
async fn conditions_of_others_stay_with_them() {
    let plane = ControlPlane::start().await;
    install_as_flux_does(&plane).await;
    let (by_type, as_one) = (&Cluster::shared().await, plane.cluster());
    for (cluster, theirs_are_ours) in [(by_type, false), (as_one, true)] {
        let mut one = Loop::on(cluster, &[]).await;
        one.create_with(&json!({
            "metadata": { "name": "app" },
            "spec": { "image": "app", "interval": "1m", "suspend": true },
        }))
        .await;
        let theirs = json!({ "conditions": [
            flux_condition("Audited", "True"),
            flux_condition("Reconciling", "True"),
        ]});
        one.patch_status("app", "auditor", theirs).await;
        one.patch("app", json!({ "spec": { "suspend": false } }))
            .await;
        one.pass().await;
        let object = one.until_says("app", "fine").await;
        assert_eq!(types(&object), ["Ready", "Audited"]);
        one.says(ready("better"));
        one.annotate("app", "example.com/round", "2").await;
        one.pass().await;
        let object = one.until_says("app", "better").await;
        assert_eq!(types(&object), ["Ready", "Audited"]);
        let theirs = ("auditor".to_owned(), "Update".to_owned());
        assert_eq!(managers(&object).contains(&theirs), !theirs_are_ours);
        assert!(!applied(&object).contains("Audited"));
    }
}

/// The fields that we have applied, as text.
fn applied(object: &ImageRepository) -> String {
    let entries = object.metadata.managed_fields.iter().flatten();
    entries
        .filter(|entry| entry.operation.as_deref() == Some("Apply"))
        .filter_map(|entry| entry.fields_v1.as_ref())
        .map(|fields| fields.0.to_string())
        .collect()
}

/// Conditions as Flux's own definitions have them: a list that is one value.
async fn install_as_flux_does(plane: &ControlPlane) {
    let mut definition = serde_json::to_value(ImageRepository::crd()).unwrap();
    let conditions = definition
        .pointer_mut(
            "/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/conditions",
        )
        .and_then(Value::as_object_mut)
        .unwrap();
    for key in ["x-kubernetes-list-type", "x-kubernetes-list-map-keys"] {
        assert!(conditions.remove(key).is_some(), "{key}");
    }
    let definitions: Api<CustomResourceDefinition> = Api::all(plane.client());
    let name = ImageRepository::crd_name();
    let patch = Patch::Merge(json!({ "spec": { "versions": definition["spec"]["versions"] } }));
    let params = PatchParams::default();
    definitions.patch(name, &params, &patch).await.unwrap();
}
