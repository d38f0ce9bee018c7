//! The roles of `deploy/base` grant what the controllers do, and nothing else; the manifests are valid, and the pods
//! are restricted ones.

mod hooks;
mod updates;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use api::image::v1::{
    AccessFrom, DigestReflectionPolicy, ImagePolicy, ImageRepository, LocalObjectReference,
    NamespaceSelector, Provider, ScanResult,
};
use api::repin::v1alpha1::ImageTagSlice;
use api::{Time, finalizers};
use e2e::access::{difference, granted, seen};
use e2e::manifests;
use e2e::objects::{docker_secret, image_policy, image_repository, service_account};
use e2e::stage::{Controller, EVALUATOR, RECEIVER, SCANNER, SETTER, Stage, WRITER};
use image_ref::Tags;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{Api, ObjectMeta, PostParams};
use serde_json::{Value, json};
use tag_slices::{TagHistory, cut, label, revision};
use test_support::registry::Registry;

/// The gate for identities of an object's own ServiceAccount.
const OWN_IDENTITY: &str = "--feature-gates=ObjectLevelWorkloadIdentity=true";
/// Between two looks at the audit log.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// What is granted and was not used by then never is.
const PATIENCE: Duration = Duration::from_secs(20);
/// What `deploy/base` has: the namespace, six admission policies with their bindings, and eight objects a controller; the
/// fifth has two more.
const OBJECTS: usize = 1 + 6 * 2 + 4 * 8 + 10;
/// A registry that nobody here reaches.
const ECR: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app";

#[tokio::test]
async fn the_roles_grant_what_is_used_and_nothing_else() {
    let stage = Stage::alone().await;
    let flags = [
        OWN_IDENTITY,
        "--enable-leader-election",
        "--leader-election-retry-period=500ms",
        "--min-retry-delay=20ms",
    ];
    prepare(&stage).await;
    let scanner = stage.waiting_controller(SCANNER, &flags).await;
    let evaluator = stage.waiting_controller(EVALUATOR, &flags).await;
    let everything = async {
        let _other = credentials_are_used(&stage).await;
        lists_grow_and_shrink(&stage).await;
        finalizers_are_taken_off(&stage).await;
    };
    Box::pin(uses_exactly(&stage, &[&scanner, &evaluator], everything)).await;
    stage.finish([scanner, evaluator]).await;
}

/// Lets the controllers do `everything` they ever do, and compares what it took with what they may do.
async fn uses_exactly(
    stage: &Stage,
    controllers: &[&Controller],
    everything: impl Future<Output = ()>,
) {
    let looked_at = async {
        everything.await;
        for controller in controllers {
            uses_what_is_granted(stage, controller).await;
        }
    };
    tokio::select! {
        () = looked_at => {}
        refused = until_refused(stage, controllers) => {
            assert!(refused.is_empty(), "{refused}");
        }
    }
}

/// Waits until a controller is refused anything, and says what its role lacks.
async fn until_refused(stage: &Stage, controllers: &[&Controller]) -> String {
    loop {
        let log = stage.audit();
        for controller in controllers {
            let refused = seen(&log, controller.user()).forbidden;
            if !refused.is_empty() {
                let missing = difference(&BTreeSet::new(), &refused);
                return format!("deploy/base/{}:\n{missing}", controller.name());
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits until everything that is granted was used: Events and leases come beside the passes.
async fn uses_what_is_granted(stage: &Stage, controller: &Controller) {
    let granted = granted(&manifests::rules(controller.name()));
    let mut used = BTreeSet::new();
    let start = Instant::now();
    while !granted.is_subset(&used) && start.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK_AGAIN).await;
        used = seen(&stage.audit(), controller.user()).allowed;
    }
    let difference = difference(&granted, &used);
    let name = controller.name();
    assert!(difference.is_empty(), "deploy/base/{name}:\n{difference}");
}

/// What has to be there before the controllers start: an image of a cloud provider whose list is fresh, so that the
/// evaluator asks for its digest although no scan of it can ever succeed.
async fn prepare(stage: &Stage) {
    let mut account = service_account("identity");
    let role = "arn:aws:iam::123456789012:role/reader".to_owned();
    account
        .annotations_mut()
        .insert("eks.amazonaws.com/role-arn".to_owned(), role);
    stage.create(&account).await;
    let mut repository = image_repository("cloud", ECR);
    repository.spec.provider = Provider::Aws;
    repository.spec.service_account_name = Some("identity".to_owned());
    let repository = stage.create(&repository).await;
    let tags = Tags::from_unsorted(["1.0.0"]).unwrap();
    store_list(stage, &repository, tags).await;
    let mut policy = image_policy("cloud", "cloud", "1.x");
    policy.spec.digest_reflection_policy = DigestReflectionPolicy::IfNotPresent;
    stage.create(&policy).await;
    // As Flux would: it is taken over.
    let status = json!({"status": {"observedGeneration": 1}});
    stage.patch_status::<ImagePolicy>("cloud", &status).await;
}

/// Writes a list as the scanner would have.
async fn store_list(stage: &Stage, repository: &ImageRepository, tags: Tags) {
    let name = repository.name_any();
    let scan = ScanResult {
        tag_count: i64::try_from(tags.len()).unwrap(),
        revision: Some(revision(&tags)),
        scan_time: Some(Time(k8s_openapi::jiff::Timestamp::now())),
        latest_tags: Vec::new(),
    };
    for slice in cut(&name, &TagHistory::first(tags)) {
        let mut object = ImageTagSlice::new(&slice.name, slice.spec());
        object.metadata = ObjectMeta {
            name: Some(slice.name.clone()),
            labels: Some([(api::labels::IMAGE_REPOSITORY.to_owned(), label(&name))].into()),
            owner_references: Some(vec![
                kube::Resource::controller_owner_ref(repository, &()).unwrap(),
            ]),
            ..ObjectMeta::default()
        };
        stage.create(&object).await;
    }
    let status = json!({"status": {
        "canonicalImageName": ECR,
        "lastScanResult": scan,
        "observedExclusionList": ["^.*\\.sig$"],
    }});
    stage.patch_status::<ImageRepository>(&name, &status).await;
}

/// Secrets, ServiceAccounts, and the labels of another namespace, which is handed back to be kept.
async fn credentials_are_used(stage: &Stage) -> Stage {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0"]);
    stage.create(&service_account("puller")).await;
    stage
        .create(&docker_secret(
            "regcred",
            &registry.host(),
            "robot",
            "s3cret",
        ))
        .await;
    let mut repository = image_repository("app", &registry.image("app"));
    repository.spec.secret_ref = Some(LocalObjectReference {
        name: "regcred".to_owned(),
    });
    repository.spec.service_account_name = Some("puller".to_owned());
    repository.spec.access_from = Some(AccessFrom {
        namespace_selectors: vec![NamespaceSelector {
            match_labels: BTreeMap::new(),
        }],
    });
    stage.create(&repository).await;
    let mut policy = image_policy("app", "app", "1.x");
    policy.spec.digest_reflection_policy = DigestReflectionPolicy::IfNotPresent;
    stage.create(&policy).await;
    stage.until_selected("app", "1.0.0").await;

    let other = stage.sibling().await;
    let mut policy = image_policy("app", "app", "1.x");
    policy.spec.image_repository_ref.namespace = Some(stage.namespace().to_owned());
    other.create(&policy).await;
    other.until_selected("app", "1.0.0").await;
    other
}

/// Slices are created, replaced and deleted.
async fn lists_grow_and_shrink(stage: &Stage) {
    let registry = Registry::start().await;
    stage
        .create(&image_repository("big", &registry.image("big-3000")))
        .await;
    stage.until_scanned("big", 3000).await;
    registry.push_tag("big-3000", "1.0.1000");
    stage.request("big").await;
    stage.until_scanned("big", 3001).await;
    registry.set_tags("big-3000", ["1.0.0"]);
    stage.request("big").await;
    stage.until_scanned("big", 1).await;
}

async fn finalizers_are_taken_off(stage: &Stage) {
    let mut repository = image_repository("left", "registry.invalid/left");
    let mut policy = image_policy("left", "left", "1.x");
    repository
        .finalizers_mut()
        .push(finalizers::FLUX.to_owned());
    policy.finalizers_mut().push(finalizers::FLUX.to_owned());
    stage.create(&repository).await;
    stage.create(&policy).await;
    stage.delete_both("left").await;
}

#[tokio::test]
async fn the_manifests_are_valid_and_the_pods_restricted() {
    let stage = Stage::alone().await;
    let kubectl = stage.kubectl().within("flux-system");
    let base = manifests::repository().join("deploy/base");
    let base = base.to_str().unwrap();
    // The namespace is made for real: what lies in it could not be judged otherwise.
    let namespace = format!("{base}/namespace.yaml");
    kubectl
        .run(&["apply", "--server-side", "-f", &namespace])
        .await;
    let enforce = "pod-security.kubernetes.io/enforce=restricted";
    kubectl
        .run(&["label", "namespace", "flux-system", enforce])
        .await;
    let printed = kubectl
        .run(&[
            "apply",
            "--server-side",
            "--dry-run=server",
            "--validate=strict",
            "-k",
            base,
        ])
        .await;
    assert_eq!(printed.lines().count(), OBJECTS, "{printed}");

    // A Deployment is only warned about; its pods are what is refused.
    for controller in [SCANNER, EVALUATOR, SETTER, WRITER, RECEIVER] {
        let account = format!("{base}/{controller}/service-account.yaml");
        kubectl
            .run(&["apply", "--server-side", "-f", &account])
            .await;
        let pod = pod(controller);
        admitted(&stage, &pod).await.unwrap();
        let mut freer = pod;
        freer["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
        let refused = admitted(&stage, &freer).await.unwrap_err().to_string();
        assert!(
            refused.contains("violates PodSecurity \"restricted"),
            "{refused}"
        );
    }
}

/// The pod that a controller's Deployment makes.
fn pod(controller: &str) -> Value {
    let deployment: Value = manifests::only(controller, "Deployment");
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!(controller);
    pod
}

async fn admitted(stage: &Stage, pod: &Value) -> kube::Result<Pod> {
    let pods: Api<Pod> = Api::namespaced(stage.client(), "flux-system");
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let pod: Pod = serde_json::from_value(pod.clone()).unwrap();
    pods.create(&dry_run, &pod).await
}
