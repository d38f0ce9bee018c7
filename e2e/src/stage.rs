//! Where a scenario plays: a namespace of its own, and what users do and see there.

mod controller;
mod flux;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use api::conditions::{READY, RECONCILING, STALLED, TRUE};
use api::image::v1::{ImagePolicy, ImageRepository};
use api::repin::v1alpha1::{ImageTagSlice, ImageUpdatePlan};
use api::{Condition, annotations, field_managers, labels};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use test_support::cluster::{Cluster, Scope, TestNamespace, eventually};
use test_support::control_plane::{Audit, AuditEntry, ControlPlane, Options, Programs};

pub use self::controller::Controller;
use crate::kubectl::Kubectl;

/// The controller of ImageRepository.
pub const SCANNER: &str = "registry-scanner";
/// The controller of ImagePolicy.
pub const EVALUATOR: &str = "policy-evaluator";
/// The controller of ImageUpdateAutomation.
pub const SETTER: &str = "manifest-setter";
/// The controller of ImageUpdatePlan.
pub const WRITER: &str = "git-writer";
/// The controller of Receiver.
pub const RECEIVER: &str = "webhook-receiver";
/// The namespace of the guide.
const GUIDE_NAMESPACE: &str = "flux-system";

/// A namespace on a cluster, and the controllers that a scenario starts there.
#[derive(Debug)]
pub struct Stage {
    // Goes before its control plane.
    namespace: TestNamespace,
    plane: Option<Arc<ControlPlane>>,
}

impl Stage {
    /// A namespace on the cluster that all tests share; controllers see nothing else.
    pub async fn start() -> Self {
        let cluster = Cluster::shared().await;
        Self {
            namespace: cluster.namespace().await,
            plane: None,
        }
    }

    /// A namespace on a control plane of its own, which keeps an audit log; controllers see all namespaces.
    pub async fn alone() -> Self {
        let audit = Audit::Metadata;
        let plane = ControlPlane::start_with(Options { audit }).await;
        Self {
            namespace: plane.cluster().namespace().await,
            plane: Some(Arc::new(plane)),
        }
    }

    /// The same with the definitions that Flux installs in the place of ours.
    pub async fn with_the_definitions_of_flux() -> Self {
        let stage = Self::alone().await;
        flux::install(stage.namespace.cluster()).await;
        stage
    }

    /// The namespace of the guide on a control plane of its own; controllers see all namespaces.
    pub async fn of_the_guide() -> Self {
        let plane = ControlPlane::start().await;
        Self {
            namespace: plane.cluster().namespace_called(GUIDE_NAMESPACE).await,
            plane: Some(Arc::new(plane)),
        }
    }

    /// Another namespace of the same cluster.
    pub async fn sibling(&self) -> Self {
        Self {
            namespace: self.namespace.cluster().namespace().await,
            plane: self.plane.clone(),
        }
    }

    /// Installs the admission policies of `deploy/base` for the ServiceAccounts of the namespace. Where the controllers see
    /// nothing else, neither do the policies.
    pub async fn admission(&self) {
        self.namespace.admission(self.scope()).await;
    }

    /// A client of a ServiceAccount of the namespace, which must exist.
    pub async fn client_of(&self, account: &str) -> Client {
        let cluster = self.namespace.cluster();
        cluster.client_for(self.namespace(), account).await
    }

    /// Starts a controller and waits until it is ready.
    pub async fn controller(&self, name: &'static str, flags: &[&str]) -> Controller {
        let controller = self.waiting_controller(name, flags).await;
        controller.ready().await;
        controller
    }

    /// Starts a controller that cannot get ready yet, because another one holds its lease.
    pub async fn waiting_controller(&self, name: &'static str, flags: &[&str]) -> Controller {
        Controller::start(&self.namespace, name, self.scope(), flags).await
    }

    /// What the controllers watch.
    fn scope(&self) -> Scope {
        match self.plane {
            Some(_) => Scope::All,
            None => Scope::Namespace,
        }
    }

    /// Ends controllers as the kubelet does, and fails when one of them ended badly or was refused anything.
    pub async fn finish(&self, controllers: impl IntoIterator<Item = Controller>) {
        for controller in controllers {
            controller.finish().await;
        }
    }

    /// Name of the namespace.
    pub fn namespace(&self) -> &str {
        self.namespace.name()
    }

    /// A client with every right.
    pub fn client(&self) -> Client {
        self.namespace.client()
    }

    /// `kubectl` in the namespace, with every right.
    pub fn kubectl(&self) -> Kubectl {
        let program: PathBuf = Programs::find().kubectl();
        let kubeconfig = self.namespace.cluster().kubeconfig();
        Kubectl::new(&program, kubeconfig, self.namespace())
    }

    /// Every request to the control plane so far; empty on the shared cluster.
    pub fn audit(&self) -> Vec<AuditEntry> {
        self.plane
            .as_ref()
            .map(|plane| plane.audit())
            .unwrap_or_default()
    }

    /// The ImageRepositories of the namespace.
    pub fn repositories(&self) -> Api<ImageRepository> {
        self.namespace.api()
    }

    /// The ImagePolicies of the namespace.
    pub fn policies(&self) -> Api<ImagePolicy> {
        self.namespace.api()
    }

    /// The ImageUpdatePlans of the namespace.
    pub fn plans(&self) -> Api<ImageUpdatePlan> {
        self.namespace.api()
    }

    /// Creates an object in the namespace and returns it as stored.
    pub async fn create<K>(&self, object: &K) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
        K: Clone + std::fmt::Debug + DeserializeOwned + Serialize,
    {
        let created = self
            .namespace
            .api::<K>()
            .create(&PostParams::default(), object)
            .await;
        created.expect("the API server accepts the object")
    }

    /// Writes a status as Flux's controller of the kind does: by merge patch.
    pub async fn patch_status<K>(&self, name: &str, status: &Value) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
        K: Clone + std::fmt::Debug + DeserializeOwned,
    {
        let manager = match &*K::kind(&()) {
            "ImageUpdateAutomation" => field_managers::MANIFEST_SETTER,
            "ImageUpdatePlan" => field_managers::GIT_WRITER,
            _ => field_managers::REGISTRY_SCANNER,
        };
        let params = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let api = self.namespace.api::<K>();
        let patched = api.patch_status(name, &params, &Patch::Merge(status)).await;
        patched.expect("the API server accepts the status")
    }

    /// Asks for a scan and waits for the end of the pass.
    pub async fn request(&self, name: &str) {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let value = format!("request-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let patch = json!({"metadata": {"annotations": {annotations::RECONCILE_REQUESTED: value}}});
        let patched = self
            .repositories()
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await;
        patched.expect("the repository exists");
        eventually(
            &format!("the scan of {name} that was asked for"),
            async || {
                let status = self.repositories().get(name).await.ok()?.status?;
                (status.last_handled_reconcile_at.as_ref() == Some(&value)).then_some(())
            },
        )
        .await;
    }

    /// Waits until the repository is Ready with this many tags.
    pub async fn until_scanned(&self, name: &str, tags: i64) -> ImageRepository {
        eventually(&format!("{tags} tags of {name}"), async || {
            let repository = self.repositories().get(name).await.ok()?;
            let status = repository.status.as_ref()?;
            let scanned = status.last_scan_result.as_ref()?.tag_count == tags
                && status.observed_generation == repository.metadata.generation
                && is_ready(&status.conditions);
            scanned.then_some(repository)
        })
        .await
    }

    /// Waits until the policy is Ready with this tag.
    pub async fn until_selected(&self, name: &str, tag: &str) -> ImagePolicy {
        eventually(&format!("tag {tag} of {name}"), async || {
            let policy = self.policies().get(name).await.ok()?;
            let status = policy.status.as_ref()?;
            let selected = status.latest_ref.as_ref()?.tag == tag
                && status.observed_generation == policy.metadata.generation
                && is_ready(&status.conditions);
            selected.then_some(policy)
        })
        .await
    }

    /// Waits until the policy is Ready with this tag and says this, too.
    pub async fn until_says(&self, name: &str, tag: &str, text: &str) {
        eventually(
            &format!("{name} with {tag} that says: {text}"),
            async || {
                let policy = self.until_selected(name, tag).await;
                let conditions = policy.status?.conditions;
                ready_message(&conditions).contains(text).then_some(())
            },
        )
        .await;
    }

    /// Waits until the repository is not Ready for this reason.
    pub async fn until_not_ready(&self, name: &str, reason: &str) -> ImageRepository {
        eventually(&format!("{reason} of {name}"), async || {
            let repository = self.repositories().get(name).await.ok()?;
            let conditions = &repository.status.as_ref()?.conditions;
            let ready = conditions
                .iter()
                .find(|condition| condition.type_ == READY)?;
            (ready.status != TRUE && ready.reason == reason).then_some(repository)
        })
        .await
    }

    /// Deletes repository and policy of this name and waits until they are gone.
    pub async fn delete_both(&self, name: &str) {
        self.delete::<ImagePolicy>(name).await;
        self.delete::<ImageRepository>(name).await;
    }

    /// Deletes one object and waits until it is gone.
    pub async fn delete<K>(&self, name: &str)
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
        K: Clone + std::fmt::Debug + DeserializeOwned,
    {
        let api = self.namespace.api::<K>();
        let deleted = api.delete(name, &DeleteParams::default()).await;
        drop(deleted.expect("the object exists"));
        eventually(&format!("the end of {} {name}", K::kind(&())), async || {
            matches!(api.get_opt(name).await, Ok(None)).then_some(())
        })
        .await;
    }

    /// Puts a Secret in the place of the one of the same name.
    pub async fn replace_secret(&self, secret: &Secret) {
        let secrets = self.namespace.api::<Secret>();
        let replaced = secrets
            .replace(&secret.name_any(), &PostParams::default(), secret)
            .await;
        replaced.expect("the Secret exists");
    }

    /// The slices of a repository's tag list.
    pub async fn slices(&self, repository: &str) -> Vec<ImageTagSlice> {
        let selector = format!("{}={repository}", labels::IMAGE_REPOSITORY);
        let of_repository = ListParams::default().labels(&selector);
        let slices = self.namespace.api().list(&of_repository).await;
        slices.expect("slices can be listed").items
    }

    /// Deletes the namespace and waits until it is gone with everything in it.
    pub async fn delete_namespace(&self) {
        let namespaces: Api<Namespace> = Api::all(self.client());
        let deleted = namespaces
            .delete(self.namespace(), &DeleteParams::default())
            .await;
        drop(deleted.expect("the namespace exists"));
        eventually(&format!("the end of {}", self.namespace()), async || {
            matches!(namespaces.get_opt(self.namespace()).await, Ok(None)).then_some(())
        })
        .await;
    }
}

/// What the Ready condition among these says; empty without one.
pub fn ready_message(conditions: &[Condition]) -> &str {
    let ready = conditions.iter().find(|condition| condition.type_ == READY);
    ready.map_or("", |condition| &condition.message)
}

/// Ready, and neither at work nor stuck.
fn is_ready(conditions: &[Condition]) -> bool {
    let holds = |kind: &str| {
        let mut conditions = conditions.iter();
        conditions.any(|condition| condition.type_ == kind && condition.status == TRUE)
    };
    holds(READY) && !holds(RECONCILING) && !holds(STALLED)
}
