//! Streams and relations: what is watched, and what a change of it sets off.

use std::sync::Arc;

use api::field_managers;
use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::{ImageUpdateApproval, ImageUpdatePlan};
use api::source::GitRepository;
use controller_runtime::{
    Identity, Runtime, RuntimeError, Triggers, reconcile, watch_all, watch_secrets,
};
use futures_util::future;
use git_access::{Access, Cluster, Settings};
use git_remote::{Cache, CacheLimits, SshAlgorithms};
use kube::runtime::watcher;

use crate::Args;
use crate::catalogue::Catalogue;
use crate::changes::{Changes, Name};
use crate::metrics::Metrics;
use crate::reconcile::Context;
use crate::turns::{PlanRef, Turns};

const IDENTITY: Identity = Identity {
    name: "git-writer",
    field_manager: field_managers::GIT_WRITER,
    kinds: &[
        "ImageUpdatePlan",
        "ImageUpdateApproval",
        "ImageUpdateAutomation",
    ],
};

/// Runs the controller until the process is to end. An error is in the log already.
pub async fn run(args: &Args) -> Result<(), RuntimeError> {
    let set_up = || {
        let ssh = SshAlgorithms::new(&args.ssh.kex_algos, &args.ssh.hostkey_algos)?;
        let identities = args.common.identities(cloud_identity::Settings::new);
        let access = Access::new(Settings { identities, ssh })?;
        let cache = Cache::open(&args.cache_dir, CacheLimits::default())?;
        Ok(move |runtime| write_all(runtime, access, cache))
    };
    Box::pin(controller_runtime::run(IDENTITY, &args.common, set_up)).await
}

/// Reconciles plans, and looks again at those whose automation, GitRepository, approval or Secret changes.
async fn write_all(runtime: Runtime, access: Access, cache: Cache) -> Result<(), RuntimeError> {
    let identities = access.identities().clone();
    let metrics = runtime
        .metrics
        .registry(|registry| Metrics::register(registry, identities));
    let triggers = Triggers::new();
    let catalogue = Arc::new(Catalogue::default());
    let context = Context {
        client: runtime.client.clone(),
        cluster: Cluster::new(runtime.client.clone()),
        access,
        cache,
        catalogue: Arc::clone(&catalogue),
        turns: Turns::new(triggers.clone()),
        triggers: triggers.clone(),
        no_cross_namespace: runtime.args.no_cross_namespace_refs,
        shutdown: runtime.shutdown.clone(),
        metrics,
    };
    let watches = watch_others(&runtime, &catalogue, &triggers);
    let reconciling = reconcile(&runtime, Arc::new(context), triggers.objects());
    future::try_join(watches, reconciling).await?;
    Ok(())
}

async fn watch_others(
    runtime: &Runtime,
    catalogue: &Catalogue,
    triggers: &Triggers<ImageUpdatePlan>,
) -> Result<(), RuntimeError> {
    let look = |plans: Vec<PlanRef>| plans.into_iter().for_each(|plan| triggers.send(plan));
    let approvals = watch::<ImageUpdateApproval>(runtime, |name| look(catalogue.named(name)));
    let automations =
        watch::<ImageUpdateAutomation>(runtime, |name| look(catalogue.of_automation(name)));
    let sources = watch::<GitRepository>(runtime, |name| look(catalogue.of_source(name)));
    let secrets = watch_secrets(runtime, |namespace, name| {
        look(catalogue.of_secret(&(namespace.to_owned(), name.to_owned())));
    });
    future::try_join4(approvals, automations, sources, secrets).await?;
    Ok(())
}

/// Tells each object of a kind that is news to a plan.
async fn watch<K>(runtime: &Runtime, news: impl Fn(&Name)) -> Result<(), RuntimeError>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + Default
        + serde::de::DeserializeOwned
        + Send
        + 'static,
{
    let mut changes = Changes::default();
    watch_all::<K>(runtime, watcher::Config::default(), |event| {
        for name in changes.take_in(&event) {
            news(&name);
        }
    })
    .await
}
