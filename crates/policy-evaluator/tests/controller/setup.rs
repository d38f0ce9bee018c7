//! A namespace, the controller, and what a scanner would write.

use api::annotations::RECONCILE_REQUESTED;
use api::conditions::{READY, STALLED};
use api::image::v1::{ImagePolicy, ImagePolicyStatus, ImageRepository};
use api::repin::v1alpha1::ImageTagSlice;
use api::{Condition, Time};
use image_ref::{ImageName, Tags};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::ObjectMeta;
use serde_json::{Value, json};
use tag_slices::{Slice, TagHistory, cut, revision};
use test_support::api_proxy::{ApiProxy, Calls};
use test_support::cluster::{
    Cluster, ControllerOptions, ControllerProcess, TestNamespace, eventually,
};

/// The image of the repository `app`; nobody asks its registry for anything.
pub(crate) const IMAGE: &str = "reg.example/team/app";
/// A policy that takes every version.
pub(crate) const ANY_VERSION: &str = r#"{"policy": {"semver": {"range": "*"}}}"#;

pub(crate) struct Setup {
    pub(crate) namespace: TestNamespace,
    pub(crate) proxy: ApiProxy,
    pub(crate) evaluator: ControllerProcess,
}

pub(crate) fn now() -> Time {
    Time(Timestamp::now())
}

pub(crate) fn tags(tags: &[&str]) -> Tags {
    Tags::from_unsorted(tags).unwrap()
}

impl Setup {
    pub(crate) async fn start() -> Self {
        Self::with_args(&[]).await
    }

    pub(crate) async fn with_args(args: &[&str]) -> Self {
        let cluster = Cluster::shared().await;
        Self::on(&cluster, args, ControllerOptions::default()).await
    }

    pub(crate) async fn on(cluster: &Cluster, args: &[&str], options: ControllerOptions) -> Self {
        let namespace = cluster.namespace().await;
        let proxy = ApiProxy::in_front_of(cluster).await;
        let options = ControllerOptions {
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            api_server: Some(proxy.url()),
            ..options
        };
        let name = namespace.name();
        let mut evaluator =
            ControllerProcess::start(cluster, name, "policy-evaluator", options).await;
        evaluator.ready().await;
        Self {
            namespace,
            proxy,
            evaluator,
        }
    }

    /// Applies the ImageRepository `app` of this image.
    pub(crate) async fn apply_repository(&self, image: &str) {
        self.apply_repository_with(&json!({ "image": image, "interval": "1h" }))
            .await;
    }

    pub(crate) async fn apply_repository_with(&self, spec: &Value) {
        let repository = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImageRepository",
            "metadata": { "name": "app" },
            "spec": spec,
        });
        self.namespace.apply(&repository.to_string()).await;
    }

    pub(crate) async fn delete_repository(&self) {
        let api = self.namespace.api::<ImageRepository>();
        drop(api.delete("app", &DeleteParams::default()).await.unwrap());
        eventually("the repository is gone", async || {
            api.get_opt("app").await.unwrap().is_none().then_some(())
        })
        .await;
    }

    /// Applies the ImagePolicy `app` of the repository `app` with this spec beside the reference, as JSON.
    pub(crate) async fn apply_policy(&self, spec: &str) {
        self.apply_policy_named("app", spec, &json!({})).await;
    }

    pub(crate) async fn apply_policy_named(&self, name: &str, spec: &str, annotations: &Value) {
        let mut spec: Value = serde_json::from_str(spec).unwrap();
        if spec["imageRepositoryRef"].is_null() {
            spec["imageRepositoryRef"] = json!({ "name": "app" });
        }
        let policy = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImagePolicy",
            "metadata": { "name": name, "annotations": annotations },
            "spec": spec,
        });
        self.namespace.apply(&policy.to_string()).await;
    }

    /// Writes what a scan of `image` that found these tags writes.
    pub(crate) async fn scanned(&self, image: &str, found: &[&str]) {
        self.scanned_history(image, &TagHistory::first(tags(found)))
            .await;
    }

    pub(crate) async fn scanned_history(&self, image: &str, history: &TagHistory) {
        self.write_slices(&cut("app", history)).await;
        self.write_status(image, history.tags()).await;
    }

    /// Makes these the only slices of the repository.
    pub(crate) async fn write_slices(&self, slices: &[Slice]) {
        let api = self.namespace.api::<ImageTagSlice>();
        for slice in slices {
            self.write_slice(slice).await;
        }
        let held = api.list(&ListParams::default()).await.unwrap();
        for old in held.iter().map(kube::ResourceExt::name_any) {
            if !slices.iter().any(|slice| slice.name == old) {
                drop(api.delete(&old, &DeleteParams::default()).await.unwrap());
            }
        }
    }

    /// Creates or replaces one slice.
    pub(crate) async fn write_slice(&self, slice: &Slice) {
        let api = self.namespace.api::<ImageTagSlice>();
        let repository = self.repository().await;
        let before = api.get_opt(&slice.name).await.unwrap();
        let object = ImageTagSlice {
            metadata: ObjectMeta {
                name: Some(slice.name.clone()),
                resource_version: before.as_ref().and_then(ImageTagSlice::resource_version),
                owner_references: Some(vec![OwnerReference {
                    api_version: "image.toolkit.fluxcd.io/v1".to_owned(),
                    kind: "ImageRepository".to_owned(),
                    name: "app".to_owned(),
                    uid: repository.uid().unwrap(),
                    ..OwnerReference::default()
                }]),
                ..ObjectMeta::default()
            },
            spec: slice.spec(),
        };
        let params = PostParams::default();
        if before.is_some() {
            api.replace(&slice.name, &params, &object).await.unwrap();
        } else {
            api.create(&params, &object).await.unwrap();
        }
    }

    /// Writes the status that speaks of these tags.
    pub(crate) async fn write_status(&self, image: &str, tags: &Tags) {
        let status = json!({ "status": {
            "canonicalImageName": ImageName::parse(image).unwrap().canonical(),
            "lastScanResult": {
                "revision": revision(tags),
                "tagCount": tags.len(),
                "scanTime": now(),
            },
        }});
        let api = self.namespace.api::<ImageRepository>();
        let params = PatchParams::default();
        let status = Patch::Merge(&status);
        drop(api.patch_status("app", &params, &status).await.unwrap());
    }

    pub(crate) async fn repository(&self) -> ImageRepository {
        let api = self.namespace.api::<ImageRepository>();
        api.get("app").await.unwrap()
    }

    pub(crate) async fn policy(&self) -> ImagePolicy {
        self.policy_named("app").await
    }

    pub(crate) async fn policy_named(&self, name: &str) -> ImagePolicy {
        let api = self.namespace.api::<ImagePolicy>();
        api.get(name).await.unwrap()
    }

    pub(crate) async fn patch_policy(&self, patch: &Value) {
        let api = self.namespace.api::<ImagePolicy>();
        let params = PatchParams::default();
        drop(
            api.patch("app", &params, &Patch::Merge(patch))
                .await
                .unwrap(),
        );
    }

    /// Waits until `app` is as `condition` says.
    pub(crate) async fn until(
        &self,
        what: &str,
        condition: impl Fn(&ImagePolicy) -> bool,
    ) -> ImagePolicy {
        eventually(what, async || {
            Some(self.policy().await).filter(|policy| condition(policy))
        })
        .await
    }

    /// Waits until `app` has chosen this tag for its newest spec.
    pub(crate) async fn chooses(&self, tag: &str) -> ImagePolicy {
        self.until(&format!("the choice of {tag}"), |policy| {
            is_ready(policy) && chosen(policy).as_deref() == Some(tag)
        })
        .await
    }

    /// Waits until Ready of `app` says this, with this status and reason and for its newest spec.
    pub(crate) async fn says(&self, status: &str, reason: &str, message: &str) -> ImagePolicy {
        let what = format!("Ready is {status}, {reason}: {message}");
        self.until(&what, |policy| {
            condition(policy, READY).is_some_and(|ready| {
                (&*ready.status, &*ready.reason, &*ready.message) == (status, reason, message)
                    && ready.observed_generation == policy.metadata.generation
            })
        })
        .await
    }

    /// Waits until `app` is Stalled and says this.
    pub(crate) async fn stalls(&self, reason: &str, message: &str) {
        let policy = self.says("False", reason, message).await;
        let stalled = condition(&policy, STALLED).unwrap();
        assert_eq!(
            (&*stalled.status, &*stalled.reason, &*stalled.message),
            ("True", reason, message)
        );
        assert_eq!(
            status(&policy).observed_generation,
            policy.metadata.generation
        );
    }

    /// Asks for a reconciliation and waits until it was answered with a pass.
    pub(crate) async fn reconcile(&self, value: &str) -> ImagePolicy {
        let annotations = json!({ RECONCILE_REQUESTED: value });
        self.patch_policy(&json!({ "metadata": { "annotations": annotations } }))
            .await;
        self.until("the request is answered", |policy| {
            status(policy).last_handled_reconcile_at.as_deref() == Some(value)
        })
        .await
    }

    /// How many evaluations over complete lists there were.
    pub(crate) async fn evaluations(&self) -> u64 {
        self.counted("repin_policy_evaluations_total{").await
    }

    /// How often the process has looked at the policy `app`.
    pub(crate) async fn passes(&self) -> u64 {
        let series = format!(
            "gotk_reconcile_duration_seconds_count{{kind=\"ImagePolicy\",name=\"app\",namespace=\"{}\"}}",
            self.namespace.name()
        );
        self.counted(&series).await
    }

    pub(crate) async fn until_passed(&self) {
        eventually("a pass", async || (self.passes().await > 0).then_some(())).await;
    }

    /// The sum of the series that begin like this.
    pub(crate) async fn counted(&self, series: &str) -> u64 {
        let metrics = self.evaluator.metrics().await;
        let of_series = metrics.lines().filter(|line| line.starts_with(series));
        of_series
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum()
    }

    /// How many statuses of policies were written.
    pub(crate) fn status_writes(&self) -> usize {
        self.proxy.count(&Calls::status_writes("imagepolicies"))
    }
}

pub(crate) fn status(policy: &ImagePolicy) -> ImagePolicyStatus {
    policy.status.clone().unwrap_or_default()
}

pub(crate) fn chosen(policy: &ImagePolicy) -> Option<String> {
    Some(status(policy).latest_ref?.tag)
}

pub(crate) fn condition<'a>(policy: &'a ImagePolicy, of: &str) -> Option<&'a Condition> {
    let conditions = &policy.status.as_ref()?.conditions;
    conditions.iter().find(|condition| condition.type_ == of)
}

pub(crate) fn message(policy: &ImagePolicy) -> &str {
    condition(policy, READY).map_or("", |ready| &ready.message)
}

pub(crate) fn is_ready(policy: &ImagePolicy) -> bool {
    let observed = policy
        .status
        .as_ref()
        .and_then(|status| status.observed_generation);
    condition(policy, READY).is_some_and(|ready| ready.status == "True")
        && observed == policy.metadata.generation
}
