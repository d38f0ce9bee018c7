//! Streams and relations: what is watched, and what a change of it sets off.

use std::sync::Arc;

use api::field_managers;
use controller_runtime::{Identity, Runtime, RuntimeError, Told, Triggers, reconcile, watch_all};
use futures_util::future;
use kube::runtime::watcher;
use registry_access::{Cluster, Resolver, Settings};
use registry_client::{Client, Options};

use crate::Args;
use crate::catalogue::Catalogue;
use crate::lists::Lists;
use crate::metrics::Metrics;
use crate::reconcile::Context;
use crate::validate::CrossNamespace;

const IDENTITY: Identity = Identity {
    name: "policy-evaluator",
    field_manager: field_managers::POLICY_EVALUATOR,
    kinds: &["ImagePolicy", "ImageRepository", "ImageTagSlice"],
};

/// Runs the controller until the process is to end. An error is in the log already.
pub async fn run(args: &Args) -> Result<(), RuntimeError> {
    let set_up = || {
        let resolver = Resolver::new(args.common.identities(Settings::new))?;
        let registry = Client::new(Options::default())?;
        Ok(move |runtime| evaluate_all(runtime, resolver, registry))
    };
    Box::pin(controller_runtime::run(IDENTITY, &args.common, set_up)).await
}

/// Watches repositories and slices, and reconciles once all of them are known: before that, every list would look
/// incomplete and every repository missing.
async fn evaluate_all(
    runtime: Runtime,
    resolver: Resolver,
    registry: Client,
) -> Result<(), RuntimeError> {
    let metrics = runtime
        .metrics
        .registry(|registry| Metrics::register(registry, &resolver));
    let catalogue = Arc::new(Catalogue::default());
    let context = Context {
        client: runtime.client.clone(),
        cluster: Cluster::new(runtime.client.clone()),
        resolver,
        registry,
        catalogue: Arc::clone(&catalogue),
        lists: Lists::default(),
        cross_namespace: if runtime.args.no_cross_namespace_refs {
            CrossNamespace::Blocked
        } else {
            CrossNamespace::Allowed
        },
        requeue: runtime.args.requeue_dependency,
        metrics,
    };
    let triggers = Triggers::new();
    let (mut repositories, until_repositories) = Told::new(&triggers);
    let watching_repositories = watch_all(&runtime, runtime.scope.watch(), |event| {
        repositories.tell(catalogue.repository_event(&event), &event);
    });
    let (mut slices, until_slices) = Told::new(&triggers);
    let watching_slices = watch_all(&runtime, watcher::Config::default(), |event| {
        slices.tell(catalogue.slice_event(&event), &event);
    });
    let reconciling = async {
        if future::try_join(until_repositories, until_slices)
            .await
            .is_err()
        {
            return Ok(());
        }
        reconcile(&runtime, Arc::new(context), triggers.objects()).await
    };
    future::try_join3(watching_repositories, watching_slices, reconciling).await?;
    Ok(())
}
