//! Streams and relations: what is watched, and what a change of it sets off.

use std::sync::Arc;

use api::field_managers;
use controller_runtime::{
    Identity, Runtime, RuntimeError, Told, Triggers, reconcile, watch_all, watch_secrets,
};
use futures_util::future;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use registry_access::{Cluster, Resolver, Settings};
use registry_client::{Client, Options};

use crate::Args;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::recent::Recent;
use crate::reconcile::Context;
use crate::slices::Slices;

const IDENTITY: Identity = Identity {
    name: "registry-scanner",
    field_manager: field_managers::REGISTRY_SCANNER,
    kinds: &["ImageRepository", "ImageTagSlice"],
};

/// Runs the controller until the process is to end. An error is in the log already.
pub async fn run(args: &Args) -> Result<(), RuntimeError> {
    let set_up = || {
        let resolver = Resolver::new(args.common.identities(Settings::new))?;
        let registry = Client::new(Options::default())?;
        Ok(move |runtime| scan_all(runtime, resolver, registry))
    };
    Box::pin(controller_runtime::run(IDENTITY, &args.common, set_up)).await
}

/// Watches slices and Secrets, and reconciles once all slices are known: before that, every list would look incomplete.
async fn scan_all(
    runtime: Runtime,
    resolver: Resolver,
    registry: Client,
) -> Result<(), RuntimeError> {
    let metrics = runtime
        .metrics
        .registry(|registry| Metrics::register(registry, &resolver));
    let slices = Slices::new(
        runtime.client.clone(),
        IDENTITY.field_manager,
        metrics.clone(),
    );
    let memory = Arc::new(Memory::new());
    let triggers = Triggers::new();
    let (mut told, until_listed) = Told::new(&triggers);
    let context = Context {
        cluster: Cluster::new(runtime.client.clone()),
        resolver,
        registry,
        slices: slices.clone(),
        memory: Arc::clone(&memory),
        recent: Recent::default(),
        metrics,
    };
    let reconciling = async {
        if until_listed.await.is_err() {
            return Ok(());
        }
        reconcile(&runtime, Arc::new(context), triggers.objects()).await
    };
    // A repository is looked at whose slices somebody else has changed.
    let watching_slices = watch_all(&runtime, watcher::Config::default(), |event| {
        let owners = slices.take_in(&event).into_iter();
        let repositories = owners.map(|owner| ObjectRef::new(&owner.name).within(&owner.namespace));
        told.tell(repositories.filter(|one| memory.is_at_rest(one)), &event);
    });
    let watching_secrets = watch_secrets(&runtime, |namespace, name| {
        for repository in memory.users_of(namespace, name) {
            triggers.send(repository);
        }
    });
    let all = future::try_join3(watching_slices, watching_secrets, reconciling);
    Box::pin(all).await.map(|_| ())
}
