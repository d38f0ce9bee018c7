//! Watches of the kinds that a controller only reads.

use api::image::v1::ImageRepository;
use controller_runtime::watch_all;
use kube::api::DeleteParams;
use kube::runtime::watcher::{Config, Event};
use serde_json::json;
use test_support::api_proxy::{ApiProxy, Calls};
use test_support::cluster::{Cluster, TestNamespace};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::harness::{PLURAL, runtime, through};

async fn create(namespace: &TestNamespace, name: &str, interval: &str) {
    let repository = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageRepository",
        "metadata": { "name": name },
        "spec": { "image": "app", "interval": interval },
    });
    namespace.apply(&repository.to_string()).await;
}

/// The event as one word, and the name of its object.
fn word(event: &Event<ImageRepository>) -> String {
    if let Event::Apply(one) | Event::InitApply(one) | Event::Delete(one) = event {
        assert_eq!(one.metadata.managed_fields, None);
    }
    event.to_string()
}

#[tokio::test]
async fn everything_is_handed_on_but_malformed_objects_until_they_go() {
    let cluster = Cluster::shared().await;
    let namespace = cluster.namespace().await;
    let proxy = ApiProxy::in_front_of(&cluster).await;
    create(&namespace, "a", "1m").await;
    let shutdown = CancellationToken::new();
    let client = through(&proxy, &cluster).await;
    let runtime = runtime(client, namespace.name(), &[], &shutdown);
    let (words, mut heard) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        let tell = |event| words.send(word(&event)).unwrap();
        watch_all(&runtime, Config::default(), tell).await
    });
    for expected in ["Init", "InitApply(a)", "InitDone"] {
        assert_eq!(heard.recv().await.unwrap(), expected);
    }
    // Accepted by the schema, and longer than a duration can be.
    create(&namespace, "strange", "99999999999h").await;
    proxy.cut_watches(&Calls::watches(PLURAL));
    create(&namespace, "b", "1m").await;
    assert_eq!(heard.recv().await.unwrap(), "Apply(b)");
    let repositories = namespace.api::<ImageRepository>();
    repositories
        .delete("b", &DeleteParams::default())
        .await
        .unwrap();
    assert_eq!(heard.recv().await.unwrap(), "Delete(b)");
    // Who knew it before it became strange is told that it is gone, too.
    repositories
        .delete("strange", &DeleteParams::default())
        .await
        .unwrap();
    assert_eq!(heard.recv().await.unwrap(), "Delete(strange)");
    shutdown.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(heard.recv().await, None);
}
