//! Two replicas: both serve hooks, and one writes.

use std::net::TcpListener;

use api::notification::v1::Receiver;
use k8s_openapi::api::coordination::v1::Lease;
use serde_json::json;
use test_support::api_proxy::ApiProxy;
use test_support::cluster::eventually;

use crate::setup::{self, Setup, TOKEN, status};

const ELECTION: [&str; 4] = [
    "--enable-leader-election",
    "--leader-election-lease-duration=7s",
    "--leader-election-renew-deadline=5s",
    "--leader-election-retry-period=500ms",
];

#[tokio::test]
async fn both_serve_hooks_and_the_one_with_the_lease_writes() {
    let mut first = Setup::with_args(&ELECTION).await;
    first.apply(json!({})).await;
    first.takes(TOKEN).await;
    let proxy = ApiProxy::in_front_of(first.namespace.cluster()).await;
    let (mut second, port) = setup::start(&first.namespace, &proxy, &ELECTION).await;
    second.ready().await;
    let path = first.path(TOKEN);
    let answers = async |path: &str, code: u16| {
        eventually("the second replica serves hooks", async || {
            (setup::hook(port, path).await == code).then_some(())
        })
        .await;
    };
    first.answers(&path, 500).await;
    answers(&path, 500).await;
    assert!(second.output().contains("standing by"));
    assert_eq!(proxy.writes(), []);

    // Who follows knows the Receivers already, and goes on with their status.
    first.controller.kill9();
    first.apply_token("token", "second").await;
    first.takes("second").await;
    answers(&first.path("second"), 500).await;
    answers(&path, 404).await;
    let lease = first.namespace.api::<Lease>();
    let lease = lease.get("webhook-receiver-leader-election").await.unwrap();
    assert_eq!(lease.spec.unwrap().lease_transitions, Some(1));
    assert_eq!(second.terminate().await.code(), Some(0));
}

#[tokio::test]
async fn hooks_are_served_while_nobody_has_the_lease() {
    let setup = Setup::start().await;
    setup.apply(json!({})).await;
    setup.takes(TOKEN).await;
    let path = setup.path(TOKEN);
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": "webhook-receiver-leader-election" },
        "spec": { "holderIdentity": "somebody else", "leaseDurationSeconds": 3600 },
    });
    setup.namespace.apply(&lease.to_string()).await;
    let proxy = ApiProxy::in_front_of(setup.namespace.cluster()).await;
    let (mut second, port) = setup::start(&setup.namespace, &proxy, &ELECTION).await;
    second.ready().await;
    assert_eq!(setup::hook(port, &path).await, 500);
    assert_eq!(setup::hook(port, "/hook/unknown").await, 404);
    assert_eq!(second.terminate().await.code(), Some(0));
    let receiver = setup.namespace.api::<Receiver>().get("app").await.unwrap();
    assert_eq!(status(&receiver).webhook_path, Some(path));
}

#[tokio::test]
async fn an_address_in_use_ends_the_process() {
    let setup = Setup::start().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let flag = format!("--receiverAddr={address}");
    let (mut second, _) = setup::start(&setup.namespace, &setup.proxy, &[&flag]).await;
    assert_eq!(second.ended().await.code(), Some(1));
    let output = second.output();
    assert!(
        output.contains(&format!("listen on {address}: ")),
        "{output}"
    );
}
