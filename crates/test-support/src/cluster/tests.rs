use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt as _;
use kube::api::ListParams;

use super::*;

#[tokio::test]
async fn each_test_has_a_namespace_of_its_own() {
    let cluster = Cluster::shared().await;
    let (mine, other) = (cluster.namespace().await, cluster.namespace().await);
    assert_ne!(mine.name(), other.name());
    let applied = mine
        .apply("{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n---\n")
        .await;
    assert_eq!(applied[0].namespace().as_deref(), Some(mine.name()));
    let found = mine.api::<ConfigMap>().list(&ListParams::default()).await;
    assert!(found.unwrap().iter().any(|map| map.name_any() == "a"));
    let found = other.api::<ConfigMap>().list(&ListParams::default()).await;
    assert!(!found.unwrap().iter().any(|map| map.name_any() == "a"));
}

#[tokio::test]
async fn our_kinds_are_installed_and_their_rules_hold() {
    let cluster = Cluster::shared().await;
    let namespace = cluster.namespace().await;
    let applied = namespace
        .apply(
            "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\nmetadata: { name: app }\n\
             spec: { image: ghcr.io/org/app, interval: 1m }\n",
        )
        .await;
    assert_eq!(applied[0].metadata.generation, Some(1));
}

/// A cluster that nobody gave to tests is left alone.
#[tokio::test]
async fn an_existing_cluster_needs_the_namespace_that_permits_tests() {
    let shared = Cluster::shared().await;
    let problem = Cluster::existing(shared.kubeconfig()).await.unwrap_err();
    assert!(
        problem.contains("kubectl create namespace repin-test-ok"),
        "{problem}"
    );
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "waited in vain for nothing")]
async fn what_never_happens_is_waited_for_in_vain() {
    eventually("nothing", async || None::<()>).await;
}
