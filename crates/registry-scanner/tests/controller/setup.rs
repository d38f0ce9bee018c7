//! A registry, a namespace, and the controller between them, seen through a proxy.

use std::collections::BTreeMap;

use api::annotations::RECONCILE_REQUESTED;
use api::conditions::{READY, STALLED};
use api::image::v1::{ImageRepository, ScanResult};
use api::labels::IMAGE_REPOSITORY;
use api::repin::v1alpha1::ImageTagSlice;
use api::{Condition, Time};
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use test_support::api_proxy::{ApiProxy, Calls, Seen};
use test_support::cluster::{
    Cluster, ControllerOptions, ControllerProcess, TestNamespace, eventually,
};
use test_support::registry::{Endpoint, Registry};

pub(crate) struct Setup {
    pub(crate) registry: Registry,
    pub(crate) namespace: TestNamespace,
    pub(crate) proxy: ApiProxy,
    pub(crate) scanner: ControllerProcess,
}

impl Setup {
    pub(crate) async fn start() -> Self {
        Self::with_args(&[]).await
    }

    /// A controller that retries what failed only when something changes.
    pub(crate) async fn without_retries() -> Self {
        Self::with_args(&["--min-retry-delay=15m"]).await
    }

    pub(crate) async fn with_args(args: &[&str]) -> Self {
        let cluster = Cluster::shared().await;
        let namespace = cluster.namespace().await;
        let proxy = ApiProxy::in_front_of(&cluster).await;
        let options = ControllerOptions {
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            api_server: Some(proxy.url()),
            ..ControllerOptions::default()
        };
        let name = namespace.name().to_owned();
        let mut scanner =
            ControllerProcess::start(&cluster, &name, "registry-scanner", options).await;
        scanner.ready().await;
        Self {
            registry: Registry::start().await,
            namespace,
            proxy,
            scanner,
        }
    }

    /// Applies an ImageRepository named `app` of the image `app` with this spec beside the image.
    pub(crate) async fn apply(&self, spec: &Value) {
        self.apply_named("app", &self.registry.image("app"), spec)
            .await;
    }

    pub(crate) async fn apply_named(&self, name: &str, image: &str, spec: &Value) {
        let mut object = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImageRepository",
            "metadata": { "name": name },
            "spec": { "image": image },
        });
        for (key, value) in spec.as_object().unwrap() {
            object["spec"][key] = value.clone();
        }
        self.namespace.apply(&object.to_string()).await;
    }

    /// Applies a docker config Secret for the registry; a watched one where `labels` say so.
    pub(crate) async fn apply_secret(&self, password: &str, labels: &Value) {
        let config = json!({ "auths": { self.registry.host(): { "username": "robot", "password": password } } });
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/dockerconfigjson",
            "metadata": { "name": "registry", "labels": labels },
            "stringData": { ".dockerconfigjson": config.to_string() },
        });
        self.namespace.apply(&secret.to_string()).await;
    }

    pub(crate) async fn repository(&self, name: &str) -> ImageRepository {
        self.namespace
            .api::<ImageRepository>()
            .get(name)
            .await
            .unwrap()
    }

    /// Waits until `app` is as `condition` says.
    pub(crate) async fn until(
        &self,
        what: &str,
        condition: impl Fn(&ImageRepository) -> bool,
    ) -> ImageRepository {
        self.until_named("app", what, condition).await
    }

    pub(crate) async fn until_named(
        &self,
        name: &str,
        what: &str,
        condition: impl Fn(&ImageRepository) -> bool,
    ) -> ImageRepository {
        eventually(what, async || {
            Some(self.repository(name).await).filter(|repository| condition(repository))
        })
        .await
    }

    /// Waits until `app` is Ready for its newest spec.
    pub(crate) async fn ready(&self) -> ImageRepository {
        self.until("the repository is ready", is_ready).await
    }

    /// Waits until Ready of `app` is False for this reason.
    pub(crate) async fn not_ready(&self, reason: &str) -> ImageRepository {
        let what = format!("Ready is False: {reason}");
        self.until(&what, |repository| {
            condition(repository, READY)
                .is_some_and(|ready| ready.status == "False" && ready.reason == reason)
        })
        .await
    }

    /// Asks for a reconciliation of `app`.
    pub(crate) async fn request(&self, value: &str) {
        let patch = json!({ "metadata": { "annotations": { RECONCILE_REQUESTED: value } } });
        self.patch(&patch).await;
    }

    /// Asks for a reconciliation and waits until it was answered with a pass.
    pub(crate) async fn reconcile(&self, value: &str) -> ImageRepository {
        self.request(value).await;
        self.until("the request is answered", |repository| {
            let status = repository.status.as_ref();
            status.and_then(|status| status.last_handled_reconcile_at.as_deref()) == Some(value)
        })
        .await
    }

    pub(crate) async fn patch(&self, patch: &Value) {
        let api = self.namespace.api::<ImageRepository>();
        let patched = api
            .patch("app", &PatchParams::default(), &Patch::Merge(patch))
            .await;
        drop(patched.unwrap());
    }

    /// The slices of `app`, in the order of their first tags.
    pub(crate) async fn slices(&self) -> Vec<ImageTagSlice> {
        let of_app = ListParams::default().labels(&format!("{IMAGE_REPOSITORY}=app"));
        let mut slices = self
            .namespace
            .api::<ImageTagSlice>()
            .list(&of_app)
            .await
            .unwrap()
            .items;
        slices.sort_by_key(|slice| tags_of(slice).into_keys().next());
        slices
    }

    /// All tags of `app`'s slices, with the time they were first seen.
    pub(crate) async fn tags(&self) -> BTreeMap<String, Option<Time>> {
        self.slices().await.iter().flat_map(tags_of).collect()
    }

    /// How many lists the registry was asked for.
    pub(crate) fn lists(&self) -> usize {
        self.registry.count(Endpoint::Tags)
    }

    /// What the controller has written, as `verb plural`, once the answers to all `count` writes are noted.
    pub(crate) async fn writes(&self, count: usize) -> Vec<String> {
        eventually("the writes", async || {
            let writes = self.proxy.writes();
            (writes.len() >= count).then(|| writes.iter().map(described).collect())
        })
        .await
    }

    /// Waits until the process has ended a pass over `app` since it was started.
    pub(crate) async fn until_passed(&self) {
        let series = format!(
            "gotk_reconcile_duration_seconds_count{{kind=\"ImageRepository\",name=\"app\",namespace=\"{}\"}}",
            self.namespace.name()
        );
        eventually("a pass", async || {
            let metrics = self.scanner.metrics().await;
            metrics
                .lines()
                .any(|line| line.starts_with(&series))
                .then_some(())
        })
        .await;
    }
}

fn described(seen: &Seen) -> String {
    let call = &seen.call;
    let verb = format!("{:?}", call.verb).to_lowercase();
    match call.subresource.as_str() {
        "" => format!("{verb} {}", call.resource),
        subresource => format!("{verb} {}/{subresource}", call.resource),
    }
}

/// Writes of the slices themselves.
pub(crate) fn slice_writes() -> Calls {
    Calls::writes("imagetagslices")
}

pub(crate) fn status_writes() -> Calls {
    Calls::status_writes("imagerepositories")
}

pub(crate) fn tags_of(slice: &ImageTagSlice) -> BTreeMap<String, Option<Time>> {
    let observations = slice.spec.observations.iter();
    observations
        .flat_map(|one| {
            one.tags
                .iter()
                .map(|tag| (tag.clone(), one.first_seen.clone()))
        })
        .collect()
}

pub(crate) fn condition<'a>(repository: &'a ImageRepository, of: &str) -> Option<&'a Condition> {
    let conditions = &repository.status.as_ref()?.conditions;
    conditions.iter().find(|condition| condition.type_ == of)
}

pub(crate) fn message(repository: &ImageRepository) -> &str {
    condition(repository, READY).map_or("", |ready| &ready.message)
}

pub(crate) fn result(repository: &ImageRepository) -> ScanResult {
    let status = repository.status.clone().unwrap_or_default();
    status.last_scan_result.unwrap_or_default()
}

pub(crate) fn is_ready(repository: &ImageRepository) -> bool {
    let observed = repository
        .status
        .as_ref()
        .and_then(|status| status.observed_generation);
    condition(repository, READY).is_some_and(|ready| ready.status == "True")
        && observed == repository.metadata.generation
        && condition(repository, STALLED).is_none()
}

/// `count` versions in ascending byte order of their numbers.
pub(crate) fn versions(count: usize) -> Vec<String> {
    (0..count)
        .map(|n| format!("1.{}.{}", n / 100, n % 100))
        .collect()
}
