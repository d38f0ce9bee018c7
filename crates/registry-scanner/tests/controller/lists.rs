//! Lists of 100,000 tags, and namespaces that go away.

use serde_json::json;
use tag_slices::SliceIndex;
use test_support::api_proxy::ApiProxy;
use test_support::cluster::{ControllerOptions, ControllerProcess, Scope, eventually};
use test_support::control_plane::ControlPlane;
use test_support::registry::{Endpoint, Registry};

use crate::setup::{Setup, result, slice_writes, versions};

#[tokio::test]
async fn a_hundred_thousand_tags() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", versions(100_000));
    setup
        .apply(&json!({ "interval": "1h", "timeout": "50s" }))
        .await;
    let repository = setup.ready().await;
    assert_eq!(result(&repository).tag_count, 100_000);
    let mut index = SliceIndex::new();
    for slice in setup.slices().await {
        index.apply(&slice);
    }
    let uid = repository.metadata.uid.unwrap();
    let status = result(&setup.repository("app").await);
    let slices = index.set(&uid).expect("slices of its own");
    assert!(slices.complete(&status).is_some());

    setup.registry.push_tag("app", "1.555.55-new");
    setup.proxy.forget();
    let repository = setup.reconcile("now").await;
    assert_eq!(result(&repository).tag_count, 100_001);
    assert_eq!(setup.proxy.count(&slice_writes()), 1);
}

#[tokio::test]
async fn a_namespace_that_goes_away_takes_its_objects_with_it_and_nothing_else() {
    let plane = ControlPlane::start().await;
    let cluster = plane.cluster();
    let (home, going) = (cluster.namespace().await, cluster.namespace().await);
    let proxy = ApiProxy::in_front_of(cluster).await;
    let options = ControllerOptions {
        scope: Scope::All,
        api_server: Some(proxy.url()),
        ..ControllerOptions::default()
    };
    let mut scanner =
        ControllerProcess::start(cluster, home.name(), "registry-scanner", options).await;
    scanner.ready().await;
    let registry = Registry::start().await;
    registry.set_tags("app", versions(1500));
    let object = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageRepository",
        "metadata": { "name": "app" },
        "spec": { "image": registry.image("app"), "interval": "1h" },
    });
    let hold = registry.hold(Endpoint::Tags);
    going.apply(&object.to_string()).await;
    registry.until_held(1).await;
    let namespaces = kube::Api::<k8s_openapi::api::core::v1::Namespace>::all(cluster.client());
    drop(
        namespaces
            .delete(going.name(), &kube::api::DeleteParams::default())
            .await
            .unwrap(),
    );
    drop(hold);
    eventually("the namespace is gone", async || {
        namespaces
            .get_opt(going.name())
            .await
            .unwrap()
            .is_none()
            .then_some(())
    })
    .await;

    home.apply(&object.to_string()).await;
    let repositories = home.api::<api::image::v1::ImageRepository>();
    eventually("the other namespace's object is ready", async || {
        let repository = repositories.get("app").await.unwrap();
        crate::setup::is_ready(&repository).then_some(())
    })
    .await;
}
