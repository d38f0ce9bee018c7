//! Repositories of another namespace.

use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use test_support::cluster::{ControllerOptions, Scope};
use test_support::control_plane::ControlPlane;

use crate::setup::{IMAGE, Setup};

fn refers_to(namespace: &str) -> String {
    let reference = json!({ "name": "app", "namespace": namespace });
    json!({ "policy": { "semver": { "range": "*" } }, "imageRepositoryRef": reference }).to_string()
}

#[tokio::test]
async fn references_to_other_namespaces_can_be_blocked() {
    let setup = Setup::with_args(&["--no-cross-namespace-refs"]).await;
    setup.apply_policy(&refers_to("images")).await;
    let text = "failed to get the referred ImageRepository: cannot access 'ImageRepository/images/app', \
                cross-namespace references have been blocked";
    setup.says("False", "AccessDenied", text).await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(&refers_to(setup.namespace.name())).await;
    setup.chooses("1.0.0").await;
}

#[tokio::test]
async fn a_repository_admits_policies_by_the_labels_of_their_namespace() {
    let plane = ControlPlane::start().await;
    let cluster = plane.cluster();
    let options = ControllerOptions {
        scope: Scope::All,
        ..ControllerOptions::default()
    };
    let setup = Setup::on(cluster, &["--min-retry-delay=200ms"], options).await;
    let own = setup.namespace.name().to_owned();
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;

    let guests = cluster.namespace().await;
    let guest = guests.name();
    let policy = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImagePolicy",
        "metadata": { "name": "app" },
        "spec": serde_json::from_str::<Value>(&refers_to(&own)).unwrap(),
    });
    guests.apply(&policy.to_string()).await;
    let denial = |says: &str| {
        format!(
            "failed to get the referred ImageRepository: access denied: '{own}/app' can't be accessed due to {says}"
        )
    };
    let policies = guests.api::<api::image::v1::ImagePolicy>();
    let until = async |what: &str, text: &str| {
        test_support::cluster::eventually(what, async || {
            let policy = policies.get("app").await.unwrap();
            (crate::setup::message(&policy) == text).then_some(policy)
        })
        .await
    };
    let denied = until("no list", &denial("missing ACL labels on 'accessFrom'")).await;
    let ready = crate::setup::condition(&denied, "Ready").unwrap();
    assert_eq!((&*ready.status, &*ready.reason), ("False", "AccessDenied"));

    let selectors = json!([{ "matchLabels": { "team": "a" } }]);
    setup
        .apply_repository_with(&json!({
            "image": IMAGE, "interval": "1h", "accessFrom": { "namespaceSelectors": selectors },
        }))
        .await;
    let mismatch = format!("ACL labels mismatch on namespace '{guest}'");
    until("no label", &denial(&mismatch)).await;

    // Nothing is told when a namespace is labelled: it is tried again.
    let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(cluster.client());
    let labels = Patch::Merge(json!({ "metadata": { "labels": { "team": "a" } } }));
    let params = PatchParams::default();
    drop(namespaces.patch(guest, &params, &labels).await.unwrap());
    let admitted = "Latest image tag for reg.example/team/app resolved to 1.0.0";
    until("admitted", admitted).await;
}
