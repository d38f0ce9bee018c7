//! A loop over ImageRepositories whose reconciler says what the test tells it to say.

use std::sync::Arc;
use std::time::Duration;

use api::image::v1::{ImageRepository, ImageRepositoryStatus};
use clap::Parser as _;
use controller_runtime::events::Reporter;
use controller_runtime::trace::current_traceparent;
use controller_runtime::{
    Args, Claims, Done, End, Events, Grace, Identity, Metrics, Next, Pass, Readiness, Reconciler,
    Runtime, Scope, Triggers, reconcile,
};
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client, Config};
use parking_lot::Mutex;
use serde_json::{Value, json};
use test_support::api_proxy::{ApiProxy, Calls};
use test_support::cluster::{Cluster, TestNamespace, eventually};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const PLURAL: &str = "imagerepositories";
pub(crate) const MANAGER: &str = "image-reflector-controller";
const PATIENCE: Duration = Duration::from_secs(30);

/// A running loop over one namespace.
pub(crate) struct Loop {
    pub(crate) proxy: ApiProxy,
    pub(crate) objects: Api<ImageRepository>,
    pub(crate) namespace: TestNamespace,
    pub(crate) script: Arc<Script>,
    metrics: Metrics,
    passes: mpsc::UnboundedReceiver<Arc<ImageRepository>>,
    triggers: Triggers<ImageRepository>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

/// What the reconciler says at each pass, and what it saw.
pub(crate) struct Script {
    pub(crate) end: Mutex<End>,
    pub(crate) next: Mutex<Next>,
    pub(crate) says: Mutex<Option<String>>,
    pub(crate) panics: Mutex<bool>,
    pub(crate) longest: Mutex<Duration>,
    pub(crate) forgotten: Mutex<Vec<String>>,
    /// Whether what passes say is news.
    pub(crate) news: Mutex<bool>,
    pub(crate) announced: Mutex<usize>,
    /// The spans of the passes.
    pub(crate) traces: Mutex<Vec<Option<String>>>,
    /// The name of an image that passes store before they end.
    pub(crate) stores: Mutex<Option<String>>,
    /// What came of storing it.
    pub(crate) stored: Mutex<Vec<Result<(), String>>>,
    /// How long passes may go on at the end.
    pub(crate) grace: Mutex<Duration>,
    /// While true, passes do not end.
    pub(crate) held: watch::Sender<bool>,
    seen: mpsc::UnboundedSender<Arc<ImageRepository>>,
}

impl Reconciler for Script {
    type Object = ImageRepository;

    async fn pass(&self, object: Arc<ImageRepository>, pass: &Pass) -> Done<ImageRepositoryStatus> {
        self.traces.lock().push(current_traceparent());
        if let Some(message) = self.says.lock().clone() {
            pass.progress.says(message);
        }
        drop(self.seen.send(Arc::clone(&object)));
        self.store(&object, pass).await;
        let mut held = self.held.subscribe();
        held.wait_for(|held| !held).await.unwrap();
        assert!(!*self.panics.lock(), "as the test wants it");
        let mut status = object.status.clone().unwrap_or_default();
        status.canonical_image_name = Some(format!("index.docker.io/{}", object.spec.image));
        Done {
            status,
            end: self.end.lock().clone(),
            next: *self.next.lock(),
            trace_message: None,
        }
    }

    fn longest_pass(&self) -> Duration {
        *self.longest.lock()
    }

    fn grace(&self) -> Duration {
        *self.grace.lock()
    }

    fn is_news(&self, before: &ImageRepositoryStatus, after: &ImageRepositoryStatus) -> bool {
        *self.news.lock() && before.canonical_image_name != after.canonical_image_name
    }

    fn announced(&self) {
        *self.announced.lock() += 1;
    }

    fn forget(&self, object: &ObjectRef<ImageRepository>) {
        self.forgotten.lock().push(object.name.clone());
    }
}

impl Script {
    async fn store(&self, object: &ImageRepository, pass: &Pass) {
        let Some(name) = self.stores.lock().clone() else {
            return;
        };
        let mut status = object.status.clone().unwrap_or_default();
        status.canonical_image_name = Some(name);
        let stored = pass.checkpoints.store(&status).await;
        let stored = stored.map_err(|error| error.to_string());
        self.stored.lock().push(stored);
    }
}

impl Loop {
    /// A loop on the shared cluster.
    pub(crate) async fn start() -> Self {
        Self::on(&Cluster::shared().await, &[]).await
    }

    /// A loop on this cluster, with flags of its own.
    pub(crate) async fn on(cluster: &Cluster, flags: &[&str]) -> Self {
        let namespace = cluster.namespace().await;
        let proxy = ApiProxy::in_front_of(cluster).await;
        let (seen, passes) = mpsc::unbounded_channel();
        let triggers = Triggers::new();
        let script = Arc::new(Script {
            end: Mutex::new(ready("fine")),
            next: Mutex::new(Next::OnChange),
            says: Mutex::default(),
            panics: Mutex::default(),
            longest: Mutex::new(PATIENCE),
            forgotten: Mutex::default(),
            news: Mutex::default(),
            announced: Mutex::default(),
            traces: Mutex::default(),
            stores: Mutex::default(),
            stored: Mutex::default(),
            grace: Mutex::new(PATIENCE),
            held: watch::Sender::new(false),
            seen,
        });
        let shutdown = CancellationToken::new();
        let client = through(&proxy, cluster).await;
        let runtime = runtime(client, namespace.name(), flags, &shutdown);
        let metrics = runtime.metrics.clone();
        let (reconciler, triggered) = (Arc::clone(&script), triggers.objects());
        let task = tokio::spawn(async move {
            reconcile(&runtime, reconciler, triggered).await.unwrap();
        });
        Self {
            objects: namespace.api(),
            namespace,
            proxy,
            script,
            metrics,
            passes,
            triggers,
            shutdown,
            task,
        }
    }

    /// Creates an object of this name.
    pub(crate) async fn create(&self, name: &str) {
        self.create_with(&json!({ "metadata": { "name": name } }))
            .await;
    }

    /// Creates an object with this metadata and, where given, this spec and status.
    pub(crate) async fn create_with(&self, object: &Value) {
        let mut body = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImageRepository",
            "spec": { "image": "app", "interval": "1m" },
        });
        for (key, value) in object.as_object().unwrap() {
            body[key] = value.clone();
        }
        let body: DynamicObject = serde_json::from_value(body).unwrap();
        self.raw()
            .create(&PostParams::default(), &body)
            .await
            .unwrap();
    }

    /// The objects in whatever form they are.
    pub(crate) fn raw(&self) -> Api<DynamicObject> {
        let resource = ApiResource::erase::<ImageRepository>(&());
        Api::namespaced_with(self.namespace.client(), self.namespace.name(), &resource)
    }

    /// Merges this into the object, as a user does.
    pub(crate) async fn patch(&self, name: &str, patch: Value) {
        let params = PatchParams::default();
        let patch = Patch::Merge(patch);
        self.objects.patch(name, &params, &patch).await.unwrap();
    }

    /// Merges this into the status, as Flux's controllers do.
    pub(crate) async fn patch_status(&self, name: &str, manager: &str, status: Value) {
        let params = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(json!({ "status": status }));
        let patched = self.objects.patch_status(name, &params, &patch).await;
        patched.unwrap();
    }

    pub(crate) async fn annotate(&self, name: &str, key: &str, value: &str) {
        self.patch(
            name,
            json!({ "metadata": { "annotations": { key: value } } }),
        )
        .await;
    }

    pub(crate) async fn delete(&self, name: &str) {
        let params = DeleteParams::default();
        self.objects.delete(name, &params).await.unwrap();
    }

    /// Asks for a pass as a controller does for another reason than a change of the object.
    pub(crate) fn trigger(&self, name: &str) {
        let object = ObjectRef::new(name).within(self.namespace.name());
        self.triggers.send(object);
    }

    /// The object of the next pass that begins, or began since the last call.
    pub(crate) async fn pass(&mut self) -> Arc<ImageRepository> {
        let pass = tokio::time::timeout(PATIENCE, self.passes.recv()).await;
        pass.expect("a pass within the patience of this test")
            .unwrap()
    }

    /// Whether another pass has begun.
    pub(crate) fn has_passed(&mut self) -> bool {
        self.passes.try_recv().is_ok()
    }

    /// Waits until the status of the object is as it should be, and returns the object.
    pub(crate) async fn until(
        &self,
        name: &str,
        what: &str,
        holds: impl Fn(&ImageRepositoryStatus) -> bool,
    ) -> ImageRepository {
        eventually(what, async || {
            let object = self.objects.get(name).await.unwrap();
            object.status.as_ref().is_some_and(&holds).then_some(object)
        })
        .await
    }

    /// Waits until Ready has this message.
    pub(crate) async fn until_says(&self, name: &str, message: &str) -> ImageRepository {
        let what = format!("{name} to say {message}");
        self.until(name, &what, |status| {
            condition(status, "Ready").is_some_and(|ready| ready.2 == message)
        })
        .await
    }

    /// Whether anything is measured of this object.
    pub(crate) fn is_measured(&self, name: &str) -> bool {
        self.tells(&format!(r#"name="{name}""#))
    }

    /// Whether the metrics have this text.
    pub(crate) fn tells(&self, part: &str) -> bool {
        let mut text = String::new();
        self.metrics
            .registry(|registry| prometheus_client::encoding::text::encode(&mut text, registry))
            .unwrap();
        text.contains(part)
    }

    /// Waits until the reconciler is told that this object is gone, and no other.
    pub(crate) async fn until_forgotten(&self, name: &str) {
        let forgotten = || self.script.forgotten.lock().clone();
        let what = format!("{name} to be forgotten");
        eventually(&what, async || (!forgotten().is_empty()).then_some(())).await;
        assert!(
            forgotten().iter().all(|one| one == name),
            "{:?}",
            forgotten()
        );
    }

    pub(crate) fn says(&self, end: End) {
        *self.script.end.lock() = end;
    }

    pub(crate) fn status_writes(&self) -> usize {
        self.proxy.count(&Calls::status_writes(PLURAL))
    }

    /// Asks the loop to end, and waits for nothing.
    pub(crate) fn shutdown(&self) {
        self.shutdown.cancel();
    }

    pub(crate) async fn object(&self, name: &str) -> ImageRepository {
        self.objects.get(name).await.unwrap()
    }

    /// Ends the loop as a signal does.
    pub(crate) async fn end(&mut self) {
        self.shutdown.cancel();
        (&mut self.task).await.unwrap();
    }
}

pub(crate) fn ready(message: &str) -> End {
    End::Ready {
        message: message.to_owned(),
    }
}

/// Status, reason and message of a condition.
pub(crate) fn condition<'a>(
    status: &'a ImageRepositoryStatus,
    condition: &str,
) -> Option<(&'a str, &'a str, &'a str)> {
    let found = status.conditions.iter().find(|one| one.type_ == condition);
    found.map(|one| (&*one.status, &*one.reason, &*one.message))
}

/// The types of the conditions, in order.
pub(crate) fn types(object: &ImageRepository) -> Vec<&str> {
    let conditions = &object.status.as_ref().unwrap().conditions;
    conditions.iter().map(|one| one.type_.as_str()).collect()
}

/// The administrator's client, by way of the proxy.
pub(crate) async fn through(proxy: &ApiProxy, cluster: &Cluster) -> Client {
    let kubeconfig = Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let admin = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = Config::new(proxy.url().parse().unwrap());
    config.auth_info = AuthInfo {
        token: admin.unwrap().auth_info.token,
        ..AuthInfo::default()
    };
    Client::try_from(config).unwrap()
}

#[derive(clap::Parser)]
struct Flags {
    #[command(flatten)]
    args: Args,
}

pub(crate) fn runtime(
    client: Client,
    namespace: &str,
    flags: &[&str],
    shutdown: &CancellationToken,
) -> Runtime {
    let fixed = [
        "test",
        "--watch-all-namespaces=false",
        "--min-retry-delay=10ms",
    ];
    let mut args = Flags::parse_from(fixed.iter().chain(flags)).args;
    namespace.clone_into(&mut args.runtime_namespace);
    let reporter = Reporter {
        controller: "registry-scanner",
        instance: "test".to_owned(),
    };
    let metrics = Metrics::new();
    let (events, delivery) = Events::new(client.clone(), &reporter, None, &metrics).unwrap();
    tokio::spawn(delivery.run(shutdown.clone()));
    Runtime {
        identity: Identity {
            name: "registry-scanner",
            field_manager: MANAGER,
            kinds: &[],
        },
        scope: Scope::new(&args),
        args: Arc::new(args),
        client,
        shutdown: shutdown.clone(),
        metrics,
        readiness: Readiness::default(),
        events,
        claims: Claims::always(),
        grace: Grace::default(),
    }
}
