//! Whole processes: probes, metrics, logs, traces, leases, signals and exit codes, on a real API server.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "process/child.rs"]
mod child;

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use test_support::cluster::{Cluster, TestNamespace, eventually};
use test_support::control_plane::ControlPlane;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::child::{Behaviour, Controller, LEASE};

/// Flags of an election that does not keep a test waiting.
const ELECTION: [&str; 4] = [
    "--enable-leader-election",
    "--leader-election-lease-duration=3s",
    "--leader-election-renew-deadline=2s",
    "--leader-election-retry-period=500ms",
];

/// What the processes below are: this very program, started again. Nothing to do without the variables that it is started with.
#[tokio::test]
async fn controller() {
    if let Some(behaviour) = Behaviour::of_this_process() {
        child::run(behaviour).await.unwrap();
    }
}

async fn holder(leases: &Api<Lease>) -> Option<String> {
    let lease = leases.get_opt(LEASE).await.unwrap()?;
    let holder = lease.spec?.holder_identity?;
    (!holder.is_empty()).then_some(holder)
}

#[tokio::test]
async fn a_process_answers_probes_and_ends_when_asked_to() {
    let cluster = Cluster::shared().await;
    let mut controller = Controller::start(cluster.kubeconfig(), Behaviour::Works, &[]);
    controller.works().await;
    assert_eq!(
        controller.probe("/healthz").await.unwrap(),
        (200, "ok\n".to_owned())
    );
    let (code, text) = controller.probe("/readyz").await.unwrap();
    assert_eq!(
        (code, text.as_str()),
        (200, "[+]CustomResourceDefinitions ok\nready\n")
    );
    let metrics = controller.metrics().await;
    for line in ["repin_leader 1", "# EOF"] {
        assert!(metrics.lines().any(|l| l == line), "{line}:\n{metrics}");
    }
    controller.terminate();
    let output = controller.ended("exit status: 0");
    let lines: Vec<Value> = output
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["msg"].as_str())
        .collect();
    assert!(messages.contains(&"shutting down"), "{output}");
    assert!(messages.contains(&"in flight, and finished"), "{output}");
    for line in &lines {
        for key in ["level", "ts", "logger", "msg"] {
            assert!(line[key].is_string(), "{line}");
        }
    }
}

#[tokio::test]
async fn of_two_processes_one_works_and_the_other_is_ready() {
    let namespace = Cluster::shared().await.namespace().await;
    let leases: Api<Lease> = namespace.api();
    let mut first = start(&namespace, Behaviour::Works);
    first.works().await;
    let leader = holder(&leases).await.unwrap();
    let second = start(&namespace, Behaviour::Works);
    eventually("the second stands by", async || {
        second.output().contains("standing by").then_some(())
    })
    .await;
    assert_eq!(second.probe("/readyz").await.unwrap().0, 200);
    assert!(second.metrics().await.contains("repin_leader 0"));
    assert!(!second.output().contains("work begins"));
    first.terminate();
    let output = first.ended("exit status: 0");
    assert!(output.contains("lease released"), "{output}");
    second.works().await;
    assert_ne!(holder(&leases).await.unwrap(), leader);
    assert!(
        second
            .metrics()
            .await
            .contains("repin_lease_transitions_total 1")
    );
}

#[tokio::test]
async fn what_every_replica_does_needs_no_lease_and_the_rest_waits_for_it() {
    let namespace = Cluster::shared().await.namespace().await;
    let mut first = start(&namespace, Behaviour::WorksEverywhere);
    first.says("leading begins").await;
    let mut second = start(&namespace, Behaviour::WorksEverywhere);
    second.works().await;
    second.says("standing by").await;
    assert_eq!(second.probe("/readyz").await.unwrap().0, 200);
    assert!(!second.output().contains("leading begins"));
    first.terminate();
    let output = first.ended("exit status: 0");
    for text in ["in flight, and finished", "lease released"] {
        assert!(output.contains(text), "{text}:\n{output}");
    }
    second.says("leading begins").await;
    let leases: Api<Lease> = namespace.api();
    let other = json!({ "spec": { "holderIdentity": "other" } });
    let params = PatchParams::default();
    drop(
        leases
            .patch(LEASE, &params, &Patch::Merge(other))
            .await
            .unwrap(),
    );
    let output = second.ended("exit status: 101");
    for text in ["leader election lost", "in flight, and finished"] {
        assert!(output.contains(text), "{text}:\n{output}");
    }
}

#[tokio::test]
async fn who_stands_by_ends_when_asked_to() {
    let namespace = Cluster::shared().await.namespace().await;
    let first = start(&namespace, Behaviour::WorksEverywhere);
    first.says("leading begins").await;
    let leader = holder(&namespace.api()).await;
    let mut second = start(&namespace, Behaviour::WorksEverywhere);
    second.says("standing by").await;
    second.terminate();
    let output = second.ended("exit status: 0");
    assert!(output.contains("in flight, and finished"), "{output}");
    assert_eq!(holder(&namespace.api()).await, leader);
}

#[tokio::test]
async fn a_process_that_was_killed_is_followed() {
    let namespace = Cluster::shared().await.namespace().await;
    let first = start(&namespace, Behaviour::Works);
    first.works().await;
    drop(first);
    assert!(
        holder(&namespace.api()).await.is_some(),
        "nobody gave it up"
    );
    start(&namespace, Behaviour::Works).works().await;
}

#[tokio::test]
async fn a_process_that_lost_its_lease_ends() {
    let namespace = Cluster::shared().await.namespace().await;
    let mut controller = start(&namespace, Behaviour::Works);
    controller.works().await;
    let leases: Api<Lease> = namespace.api();
    let other = json!({ "spec": { "holderIdentity": "other" } });
    leases
        .patch(LEASE, &PatchParams::default(), &Patch::Merge(other))
        .await
        .unwrap();
    let output = controller.ended("exit status: 101");
    let lost = format!("leader election lost: other holds the lease {LEASE}");
    assert!(output.contains(&lost), "{output}");
}

#[tokio::test]
async fn a_controller_that_ends_by_itself_is_a_failure() {
    let cluster = Cluster::shared().await;
    for (behaviour, text) in [
        (Behaviour::EndsEarly, "the controller ended unexpectedly"),
        (Behaviour::Fails, "the watch ended unexpectedly"),
    ] {
        let mut controller = Controller::start(cluster.kubeconfig(), behaviour, &[]);
        let output = controller.ended("exit status: 101");
        assert!(output.contains(text), "{output}");
    }
}

#[tokio::test]
async fn flags_that_cannot_be_used_end_the_process_before_it_starts() {
    let nowhere = std::path::Path::new("/nonexistent");
    for (flags, text) in [
        (
            &["--feature-gates=Wings=true"][..],
            "feature-gate 'Wings' not supported",
        ),
        (
            &[
                "--enable-leader-election",
                "--leader-election-renew-deadline=1h",
            ],
            "expected more than --leader-election-renew-deadline",
        ),
        (&["--leader-election-renew-deadline=1h"], "no cluster found"),
        (&["--events-addr=:9090"], "--events-addr: expected a URL"),
        (&["--otlp-endpoint=http://["], "--otlp-endpoint: "),
    ] {
        let mut controller = Controller::start(nowhere, Behaviour::Works, flags);
        let output = controller.ended("exit status: 101");
        assert!(output.contains(text), "{text}:\n{output}");
    }
}

#[tokio::test]
async fn a_controller_that_cannot_be_made_is_an_error_in_the_log() {
    let nowhere = std::path::Path::new("/nonexistent");
    let mut controller = Controller::start(nowhere, Behaviour::CannotBeMade, &[]);
    let output = controller.ended("exit status: 101");
    let logged = |line: &str| line.starts_with('{') && line.contains("the tools are missing");
    assert!(output.lines().any(logged), "{output}");
}

#[tokio::test]
async fn definitions_that_are_missing_are_awaited_and_those_of_flux_are_told() {
    let plane = ControlPlane::start().await;
    let crds: Api<CustomResourceDefinition> = Api::all(plane.client());
    let mut policies = crds
        .get("imagepolicies.image.toolkit.fluxcd.io")
        .await
        .unwrap();
    for version in &mut policies.spec.versions {
        let mut schema = serde_json::to_value(&version.schema).unwrap();
        let spec = schema.pointer_mut("/openAPIV3Schema/properties/spec/properties");
        if let Some(fields) = spec.and_then(Value::as_object_mut) {
            fields.remove("minimumAge");
            fields.remove("downgradePolicy");
        }
        version.schema = serde_json::from_value(schema).unwrap();
    }
    let name = policies.metadata.name.clone().unwrap();
    crds.replace(&name, &PostParams::default(), &policies)
        .await
        .unwrap();
    let slices = "imagetagslices.repin.dev";
    let mut definition = crds.get(slices).await.unwrap();
    crds.delete(slices, &DeleteParams::default()).await.unwrap();
    eventually("the definition is gone", async || {
        crds.get_opt(slices).await.unwrap().is_none().then_some(())
    })
    .await;

    let controller = Controller::start(plane.kubeconfig(), Behaviour::Works, &[]);
    let awaited = "[-]CustomResourceDefinitions awaited: not served: ImageTagSlice (repin.dev/v1alpha1)\nnot ready\n";
    eventually("it waits for the definition", async || {
        let answer = controller.probe("/readyz").await;
        answer.filter(|answer| *answer == (503, awaited.to_owned()))
    })
    .await;
    assert!(!controller.output().contains("work begins"));
    definition.metadata.resource_version = None;
    crds.create(&PostParams::default(), &definition)
        .await
        .unwrap();
    controller.works().await;
    let told =
        "[!]the served schema of ImagePolicy lacks spec.downgradePolicy, spec.minimumAge\nready\n";
    eventually("it tells which fields are missing", async || {
        let (code, text) = controller.probe("/readyz").await?;
        (code == 200 && text.ends_with(told)).then_some(())
    })
    .await;
    let metric = r#"repin_schema_missing_fields{kind="ImagePolicy",field="spec.minimumAge"} 1"#;
    assert!(controller.metrics().await.contains(metric));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_the_collector_before_the_end() {
    let cluster = Cluster::shared().await;
    let (sender, mut received) = mpsc::channel(16);
    let collector = Router::new().route(
        "/v1/traces",
        post(async move |headers: HeaderMap, body: Bytes| {
            sender.send((headers, body)).await.unwrap();
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("--otlp-endpoint=http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, collector).await });
    let mut controller = Controller::start(cluster.kubeconfig(), Behaviour::Works, &[&endpoint]);
    controller.works().await;
    controller.terminate();
    let (headers, body) = tokio::time::timeout(Duration::from_secs(60), received.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(headers["content-type"], "application/x-protobuf");
    for text in ["idle-controller", "the work"] {
        let found = body
            .windows(text.len())
            .any(|bytes| bytes == text.as_bytes());
        assert!(found, "{text} is not in {body:?}");
    }
    controller.ended("exit status: 0");
    serving.abort();
}

/// A process that takes part in the election of `namespace`.
fn start(namespace: &TestNamespace, behaviour: Behaviour) -> Controller {
    let here = format!("--runtime-namespace={}", namespace.name());
    let flags = [&ELECTION[..], &[&here]].concat();
    Controller::start(namespace.cluster().kubeconfig(), behaviour, &flags)
}
