//! Beside Flux's notification-controller: hooks are served, and nothing about Receivers is written.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt as _;
use kube::api::ListParams;
use serde_json::json;
use test_support::api_proxy::Calls;

use crate::setup::{Setup, TOKEN, status};
use crate::stand_in::StandIn;

/// For how many seconds the Receiver has to stay as it is, besides what the test does in any case.
const SOAK: &str = "REPIN_OBSERVE_SOAK_SECONDS";

const OBSERVE: [&str; 2] = ["--receiver-status=observe", "--enable-leader-election"];

#[tokio::test]
async fn hooks_are_served_at_the_paths_of_flux_and_nothing_is_written() {
    let mut setup = Setup::with_args(&OBSERVE).await;
    let mut flux = StandIn::start(&setup.namespace);
    setup.apply(json!({})).await;
    let repository = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageRepository",
        "metadata": { "name": "app" },
        "spec": { "image": "reg.example/app", "interval": "1h" },
    });
    setup.namespace.apply(&repository.to_string()).await;
    setup.takes(TOKEN).await;
    let path = setup.path(TOKEN);
    setup.answers(&path, 200).await;
    let before = setup.receiver().await;
    let until = Instant::now() + soak();
    loop {
        for _ in 0..3 {
            assert_eq!(setup.hook(&path).await, 200);
        }
        flux.looks(3).await;
        setup.proxy.cut();
        setup.controller.restart();
        setup.controller.ready().await;
        flux.looks(3).await;
        assert_eq!(setup.hook(&path).await, 200);
        let after = setup.receiver().await;
        assert_eq!(after.resource_version(), before.resource_version());
        if Instant::now() >= until {
            break;
        }
    }
    assert_eq!(setup.proxy.count(&Calls::writes("receivers")), 0);
    assert_eq!(setup.status_writes(), 0);
    assert_eq!(setup.proxy.count(&Calls::to("events")), 0);
    assert_eq!(setup.proxy.count(&Calls::to("leases")), 0);
    assert!(setup.events().await.is_empty());
    let leases = setup.namespace.api::<Lease>();
    assert!(
        leases
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert_eq!(setup.controller.terminate().await.code(), Some(0));
}

fn soak() -> Duration {
    let seconds = std::env::var(SOAK).ok();
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or_default())
}

#[tokio::test]
async fn what_flux_changes_is_followed() {
    let setup = Setup::with_args(&OBSERVE).await;
    let mut flux = StandIn::start(&setup.namespace);
    setup.apply(json!({})).await;
    setup.takes(TOKEN).await;
    // The ImageRepository does not exist.
    setup.answers(&setup.path(TOKEN), 500).await;
    setup.apply_token("token", "second").await;
    setup.takes("second").await;
    setup.answers(&setup.path("second"), 500).await;
    setup.answers(&setup.path(TOKEN), 404).await;
    let receiver = setup.reconcile("now").await;
    flux.looks(3).await;
    let after = setup.receiver().await;
    assert_eq!(after.resource_version(), receiver.resource_version());
    assert_eq!(
        status(&after).last_handled_reconcile_at.as_deref(),
        Some("now")
    );
    assert_eq!(setup.proxy.count(&Calls::writes("receivers")), 0);
}
