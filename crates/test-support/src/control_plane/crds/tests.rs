use kube::api::{DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::*;
use crate::cluster::{Cluster, TestNamespace};

fn repositories(namespace: &TestNamespace, version: &str) -> (Api<DynamicObject>, ApiResource) {
    let kind = GroupVersionKind::gvk("source.toolkit.fluxcd.io", version, "GitRepository");
    let resource = ApiResource::from_gvk_with_plural(&kind, "gitrepositories");
    let api = Api::namespaced_with(namespace.client(), namespace.name(), &resource);
    (api, resource)
}

fn with_spec(resource: &ApiResource, spec: &Value) -> DynamicObject {
    DynamicObject::new("fleet", resource).data(json!({ "spec": spec }))
}

#[tokio::test]
async fn a_git_repository_is_kept_whole_and_served_in_both_versions() {
    let namespace = Cluster::shared().await.namespace().await;
    let (older, resource) = repositories(&namespace, "v1beta2");
    let spec = json!({
        "url": "ssh://git@example.com/fleet.git",
        "interval": "1h",
        "ref": { "branch": "main" },
        "ignore": "/apps",
        "verify": { "mode": "head" },
    });
    let fleet = with_spec(&resource, &spec);
    older.create(&PostParams::default(), &fleet).await.unwrap();

    let (newer, _) = repositories(&namespace, "v1");
    let stored = newer.get("fleet").await.unwrap().data;
    let mut expected = spec;
    expected["timeout"] = json!("60s");
    assert_eq!(stored["spec"], expected);
    assert_eq!(stored["status"], json!({ "observedGeneration": -1 }));
}

#[tokio::test]
async fn a_git_repository_that_flux_refuses_is_refused() {
    let namespace = Cluster::shared().await.namespace().await;
    let (api, resource) = repositories(&namespace, "v1");
    for (field, value) in [
        ("url", json!("git@example.com:fleet.git")),
        ("url", Value::Null),
        ("interval", json!("1d")),
        ("timeout", json!("1h")),
        ("provider", json!("other")),
        ("secretRef", json!({})),
    ] {
        let mut spec = json!({ "url": "https://example.com/fleet.git", "interval": "1m" });
        spec[field] = value;
        let created = api
            .create(&PostParams::default(), &with_spec(&resource, &spec))
            .await;
        match created {
            Err(kube::Error::Api(status)) => {
                assert!(
                    status.message.contains(&format!("spec.{field}")),
                    "{}",
                    status.message
                );
            }
            other => unreachable!("{field}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_definition_that_is_there_stays_as_it_is() {
    let cluster = Cluster::shared().await;
    let api: Api<CustomResourceDefinition> = Api::all(cluster.client());
    let name = "gitrepositories.source.toolkit.fluxcd.io";
    let before = api.get(name).await.unwrap().metadata.resource_version;
    install(&cluster.client()).await.unwrap();
    let after = api.get(name).await.unwrap().metadata.resource_version;
    assert_eq!(after, before);
}
