//! The image scanning part of the guide, its objects in `v1` form, against a real registry: what a user types, and
//! what `kubectl` prints.

use api::reasons;
use e2e::kubectl::Kubectl;
use e2e::stage::{EVALUATOR, SCANNER, Stage};
use e2e::table;
use serde_json::{Value, json};
use test_support::cluster::eventually;
use test_support::docker_registry::{DockerRegistry, Setup};

/// As many as the guide's repository has.
const TAGS: [&str; 13] = [
    "4.0.6", "5.0.0", "5.0.1", "5.0.2", "5.0.3", "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4",
    "5.2.0", "5.2.1", "latest",
];

/// SHA-256 of these tags in descending order, each followed by a newline.
const CHECKSUM: &str = "sha256:9934b7346be6770da4e5f039d3785da1970c4f8d909003b8dfd388dc3a12b539";

/// The same with `5.0.4` among them.
const NEXT_CHECKSUM: &str =
    "sha256:4112f14844f54e949d91a54f92436f9963c0d8f243fdec08f3a1c593c6fe52fc";

/// The image of the guide.
const IMAGE: &str = "ghcr.io/stefanprodan/podinfo";

pub(crate) const REPOSITORY: &str = "
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata:
  name: podinfo
spec:
  image: ghcr.io/stefanprodan/podinfo
  interval: 1m0s
";

pub(crate) const POLICY: &str = "
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata:
  name: podinfo
spec:
  imageRepositoryRef:
    name: podinfo
  policy:
    semver:
      range: 5.0.x
";

#[tokio::test]
async fn the_guide_can_be_followed() {
    let registry = DockerRegistry::start(&Setup::default()).await;
    for tag in TAGS {
        registry.push("stefanprodan/podinfo", tag).await;
    }
    let image = registry.image("stefanprodan/podinfo");
    let stage = Stage::start().await;
    let scanner = stage.controller(SCANNER, &[]).await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    let kubectl = stage.kubectl();

    kubectl.apply(&REPOSITORY.replace(IMAGE, &image)).await;
    kubectl.apply(POLICY).await;
    wait_for_ready(&kubectl).await;
    a_scan_is_shown(&kubectl, &image).await;
    a_selection_is_shown(&kubectl, &image).await;

    registry.push("stefanprodan/podinfo", "5.0.4").await;
    request(&kubectl, "1").await;
    a_new_tag_is_selected(&kubectl, &image).await;
    events_tell_what_happened(&kubectl, &image).await;

    registry.push("stefanprodan/podinfo", "5.0.5").await;
    a_suspended_repository_is_not_scanned(&kubectl).await;
    a_resumed_repository_is_scanned_on_request(&kubectl).await;
    the_range_can_be_changed_and_reverted(&kubectl, &image).await;
    stage.finish([scanner, evaluator]).await;
}

async fn wait_for_ready(kubectl: &Kubectl) {
    let objects = ["imagerepository/podinfo", "imagepolicy/podinfo"];
    let wait = ["wait", "--for=condition=Ready", "--timeout=60s"];
    let printed = kubectl.run(&[wait.as_slice(), &objects].concat()).await;
    assert_eq!(
        printed,
        "imagerepository.image.toolkit.fluxcd.io/podinfo condition met\n\
         imagepolicy.image.toolkit.fluxcd.io/podinfo condition met\n"
    );
}

async fn a_scan_is_shown(kubectl: &Kubectl, image: &str) {
    let printed = kubectl.run(&["get", "imagerepository", "podinfo"]).await;
    assert_eq!(
        table::headings(&printed),
        ["NAME", "IMAGE", "TAGS", "READY", "STATUS", "AGE"]
    );
    let message = format!("successful scan: found 13 tags with checksum {CHECKSUM}");
    let row = table::rows(&printed).remove(0);
    assert_eq!(row["NAME"], "podinfo");
    assert_eq!(row["IMAGE"], image);
    assert_eq!(row["TAGS"], "13");
    assert_eq!(row["READY"], "True");
    assert_eq!(row["STATUS"], message);

    let printed = kubectl.run(&["get", "imgrepo", "-o", "wide"]).await;
    assert_eq!(
        table::headings(&printed),
        [
            "NAME",
            "IMAGE",
            "TAGS",
            "READY",
            "STATUS",
            "LAST SCAN",
            "AGE"
        ]
    );
    let repository = get(kubectl, "imagerepository").await;
    let status = &repository["status"];
    assert_eq!(
        table::rows(&printed)[0]["LAST SCAN"],
        status["lastScanResult"]["scanTime"]
    );
    assert_eq!(status["canonicalImageName"], image);
    assert_eq!(status["observedExclusionList"], json!(["^.*\\.sig$"]));
    assert_eq!(status["observedGeneration"], 1);
    assert_eq!(status["lastScanResult"]["revision"], CHECKSUM);
    let mut latest = TAGS;
    latest.reverse();
    assert_eq!(status["lastScanResult"]["latestTags"], json!(latest[..10]));
    assert_only_ready(&repository, &message);
}

async fn a_selection_is_shown(kubectl: &Kubectl, image: &str) {
    let printed = kubectl.run(&["get", "imagepolicy", "podinfo"]).await;
    assert_eq!(
        table::headings(&printed),
        ["NAME", "IMAGE", "TAG", "READY", "STATUS", "AGE"]
    );
    let message = format!("Latest image tag for {image} resolved to 5.0.3");
    let row = table::rows(&printed).remove(0);
    assert_eq!(row["NAME"], "podinfo");
    assert_eq!(row["IMAGE"], image);
    assert_eq!(row["TAG"], "5.0.3");
    assert_eq!(row["READY"], "True");
    assert_eq!(row["STATUS"], message);
    let policy = get(kubectl, "imgpol").await;
    let status = &policy["status"];
    assert_eq!(status["latestRef"], json!({"name": image, "tag": "5.0.3"}));
    assert_eq!(status["observedPreviousRef"], Value::Null);
    assert_eq!(status["observedGeneration"], 1);
    assert_only_ready(&policy, &message);
}

async fn a_new_tag_is_selected(kubectl: &Kubectl, image: &str) {
    handled(kubectl, "1").await;
    until_selected(kubectl, "5.0.4").await;
    let repository = get(kubectl, "imagerepository").await;
    let message = format!("successful scan: found 14 tags with checksum {NEXT_CHECKSUM}");
    assert_only_ready(&repository, &message);
    assert_eq!(repository["status"]["lastHandledReconcileAt"], "1");
    let policy = get(kubectl, "imagepolicy").await;
    let status = &policy["status"];
    assert_eq!(status["latestRef"], json!({"name": image, "tag": "5.0.4"}));
    assert_eq!(
        status["observedPreviousRef"],
        json!({"name": image, "tag": "5.0.3"})
    );
    assert_only_ready(
        &policy,
        &format!("Latest image tag for {image} resolved to 5.0.4 (previously {image}:5.0.3)"),
    );
}

/// Events are written beside the passes: they are awaited.
async fn events_tell_what_happened(kubectl: &Kubectl, image: &str) {
    let expected = [
        (
            "imagerepository",
            vec![
                format!("successful scan: found 13 tags with checksum {CHECKSUM}"),
                format!("successful scan: found 14 tags with checksum {NEXT_CHECKSUM}"),
            ],
        ),
        (
            "imagepolicy",
            vec![
                format!("Latest image tag for {image} resolved to 5.0.3"),
                format!(
                    "Latest image tag for {image} resolved to 5.0.4 (previously {image}:5.0.3)"
                ),
            ],
        ),
    ];
    for (kind, messages) in expected {
        eventually(&format!("Events of the {kind}"), async || {
            let printed = kubectl.run(&["describe", kind, "podinfo"]).await;
            let (_, events) = printed.split_once("\nEvents:")?;
            let told = |message: &String| {
                let mut lines = events.lines();
                lines.any(|line| {
                    let mut words = line.split_whitespace();
                    words.next() == Some("Normal")
                        && words.next() == Some(reasons::SUCCEEDED)
                        && line.ends_with(message.as_str())
                })
            };
            messages.iter().all(told).then_some(())
        })
        .await;
    }
}

async fn a_suspended_repository_is_not_scanned(kubectl: &Kubectl) {
    suspend(kubectl, true).await;
    request(kubectl, "2").await;
    handled(kubectl, "2").await;
    let repository = get(kubectl, "imagerepository").await;
    assert_eq!(repository["status"]["lastScanResult"]["tagCount"], 14);
    assert_eq!(repository["status"]["observedGeneration"], 2);
}

/// The request that came while it was suspended is swallowed, as Flux does.
async fn a_resumed_repository_is_scanned_on_request(kubectl: &Kubectl) {
    suspend(kubectl, false).await;
    let observed = "--for=jsonpath={.status.observedGeneration}=3";
    kubectl
        .run(&["wait", observed, "--timeout=60s", "imagerepository/podinfo"])
        .await;
    let repository = get(kubectl, "imagerepository").await;
    assert_eq!(repository["status"]["lastScanResult"]["tagCount"], 14);
    request(kubectl, "3").await;
    until_selected(kubectl, "5.0.5").await;
}

async fn the_range_can_be_changed_and_reverted(kubectl: &Kubectl, image: &str) {
    for (range, tag, previous) in [("5.1.x", "5.1.4", "5.0.5"), ("5.0.0", "5.0.0", "5.1.4")] {
        let patch = json!({"spec": {"policy": {"semver": {"range": range}}}}).to_string();
        kubectl
            .run(&[
                "patch",
                "imagepolicy",
                "podinfo",
                "--type=merge",
                "-p",
                &patch,
            ])
            .await;
        until_selected(kubectl, tag).await;
        let printed = kubectl.run(&["get", "imagepolicy", "podinfo"]).await;
        assert_eq!(
            table::rows(&printed)[0]["STATUS"],
            format!(
                "Latest image tag for {image} resolved to {tag} (previously {image}:{previous})"
            )
        );
    }
}

async fn request(kubectl: &Kubectl, value: &str) {
    let annotation = format!("{}={value}", api::annotations::RECONCILE_REQUESTED);
    kubectl
        .run(&[
            "annotate",
            "--overwrite",
            "imagerepository",
            "podinfo",
            &annotation,
        ])
        .await;
}

async fn handled(kubectl: &Kubectl, value: &str) {
    let handled = format!("--for=jsonpath={{.status.lastHandledReconcileAt}}={value}");
    kubectl
        .run(&["wait", &handled, "--timeout=60s", "imagerepository/podinfo"])
        .await;
}

/// Suspends or resumes, and sets an interval that does not end while the test runs.
async fn suspend(kubectl: &Kubectl, value: bool) {
    let patch = json!({"spec": {"suspend": value, "interval": "1h0m0s"}}).to_string();
    kubectl
        .run(&[
            "patch",
            "imagerepository",
            "podinfo",
            "--type=merge",
            "-p",
            &patch,
        ])
        .await;
}

async fn until_selected(kubectl: &Kubectl, tag: &str) {
    let selected = format!("--for=jsonpath={{.status.latestRef.tag}}={tag}");
    kubectl
        .run(&["wait", &selected, "--timeout=60s", "imagepolicy/podinfo"])
        .await;
}

async fn get(kubectl: &Kubectl, kind: &str) -> Value {
    let printed = kubectl.run(&["get", kind, "podinfo", "-o", "json"]).await;
    serde_json::from_str(&printed).expect("kubectl prints JSON")
}

/// Ready, without a trace of work or trouble.
pub(crate) fn assert_only_ready(object: &Value, message: &str) {
    let mut conditions = object["status"]["conditions"].clone();
    for condition in conditions.as_array_mut().expect("conditions are a list") {
        let time = condition["lastTransitionTime"].take();
        assert!(time.is_string(), "{time}");
    }
    assert_eq!(
        conditions,
        json!([{
            "type": "Ready",
            "status": "True",
            "reason": "Succeeded",
            "message": message,
            "observedGeneration": object["metadata"]["generation"],
            "lastTransitionTime": null,
        }])
    );
}
