//! Policies and GitRepositories of other namespaces, and automations of other instances.

use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};
use test_support::cluster::{ControllerOptions, Scope, TestNamespace};
use test_support::control_plane::ControlPlane;

use crate::setup::{IMAGE, Setup, choose, condition, edits};

#[tokio::test]
async fn a_source_of_another_namespace_can_be_blocked() {
    let setup = Setup::with_args(&["--no-cross-namespace-refs"]).await;
    let fields = json!({ "sourceRef": { "namespace": "elsewhere" } });
    setup.apply_automation(&fields).await;
    let text = "can't access 'GitRepository/elsewhere/fleet', cross-namespace references have been blocked";
    setup.stalls("AccessDenied", text).await;
}

async fn share(other: &TestNamespace, access_from: Option<&Value>) {
    let mut policy = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImagePolicy",
        "metadata": { "name": "shared" },
        "spec": { "imageRepositoryRef": { "name": "app" }, "policy": { "semver": { "range": "*" } } },
    });
    if let Some(access_from) = access_from {
        policy["spec"]["accessFrom"] = access_from.clone();
    }
    other.apply(&policy.to_string()).await;
}

#[tokio::test]
async fn a_policy_lets_automations_of_other_namespaces_in_by_their_labels() {
    let plane = ControlPlane::start().await;
    let cluster = plane.cluster();
    let options = ControllerOptions {
        scope: Scope::All,
        ..ControllerOptions::default()
    };
    let setup = Setup::on(cluster, &["--batch-window=0s"], options).await;
    let other = cluster.namespace().await;
    let marker = format!(
        "image: {IMAGE}:1 # {{\"$imagepolicy\": \"{}:shared\"}}\n",
        other.name()
    );
    setup
        .repository
        .commit("main")
        .file("apps/app.yaml", marker)
        .done();
    share(&other, None).await;
    choose(&other, "shared", "2").await;
    setup.apply_source(&json!({})).await;
    setup.apply_automation(&json!({})).await;
    let denied = setup
        .until("the finding", |automation| {
            let ready = condition(automation, "Ready");
            ready.is_some_and(|ready| ready.message.contains("1 marker without effect"))
        })
        .await;
    let message = &condition(&denied, "Ready").unwrap().message;
    assert!(message.contains("accessFrom"), "{message}");

    // Nobody is told of labels; that the policy lets others in is news.
    let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(cluster.client());
    let labels = Patch::Merge(json!({ "metadata": { "labels": { "team": "a" } } }));
    let params = PatchParams::default();
    let own = setup.namespace.name();
    drop(namespaces.patch(own, &params, &labels).await.unwrap());
    let team = json!({ "namespaceSelectors": [{ "matchLabels": { "team": "a" } }] });
    share(&other, Some(&team)).await;
    let edit = |tag: &str| {
        let value = |tag: &str| format!("{IMAGE}:{tag}");
        ("apps/app.yaml".to_owned(), value("1"), value(tag))
    };
    let first = setup.plan(1).await;
    assert_eq!(edits(&first), [edit("2")]);
    assert_eq!(first.spec.policies[0].namespace, other.name());
    choose(&other, "shared", "3").await;
    let second = setup.plan(2).await;
    assert_eq!(edits(&second), [edit("3")]);
}

#[tokio::test]
async fn a_plan_has_the_labels_by_which_its_automation_was_selected() {
    let selector = "--watch-label-selector=shard.example/key in (one, two),!shard.example/off";
    let setup = Setup::with_args(&[selector]).await;
    setup.apply_all("1.1.0").await;
    let labels = json!({ "shard.example/key": "one", "team": "app" });
    let patch = json!({ "metadata": { "labels": labels } });
    setup.patch_automation(&patch).await;
    let plan = setup.plan(1).await;
    let expected = [
        ("repin.dev/image-update-automation", "fleet"),
        ("shard.example/key", "one"),
    ];
    let labels = plan.labels().iter();
    let labels: Vec<_> = labels.map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(labels, expected);
}
