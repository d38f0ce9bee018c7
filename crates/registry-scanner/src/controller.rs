//! Streams and relations: what is watched, and what a change of it sets off.

use std::sync::Arc;

use api::field_managers;
use api::image::v1::ImageRepository;
use api::repin::v1alpha1::ImageTagSlice;
use controller_runtime::args::Gate;
use controller_runtime::{
    Identity, Runtime, RuntimeError, Triggers, reconcile, watch_all, watch_secrets,
};
use futures_util::future;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::{self, Event};
use registry_access::{Cluster, Resolver, Settings};
use registry_client::{Client, Options};
use tokio::sync::oneshot;

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
        let resolver = Resolver::new(settings(&args.common))?;
        let registry = Client::new(Options::default())?;
        Ok(move |runtime| scan_all(runtime, resolver, registry))
    };
    Box::pin(controller_runtime::run(IDENTITY, &args.common, set_up)).await
}

fn settings(args: &controller_runtime::Args) -> Settings {
    Settings::new(
        args.default_service_account(),
        args.enabled(Gate::ObjectLevelWorkloadIdentity),
        (
            args.token_cache_max_size,
            args.token_cache_max_duration.to_std(),
        ),
    )
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
    let (listed, until_listed) = oneshot::channel();
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
    let watching_slices = watch_slices(&runtime, slices, &memory, triggers.clone(), listed);
    let watching_secrets = watch_secrets(&runtime, |namespace, name| {
        for repository in memory.users_of(namespace, name) {
            triggers.send(repository);
        }
    });
    let all = future::try_join3(watching_slices, watching_secrets, reconciling);
    Box::pin(all).await.map(|_| ())
}

/// Keeps the slices known, and looks at a repository whose slices somebody else has changed.
async fn watch_slices(
    runtime: &Runtime,
    slices: Slices,
    memory: &Memory,
    triggers: Triggers<ImageRepository>,
    listed: oneshot::Sender<()>,
) -> Result<(), RuntimeError> {
    let mut listed = Some(listed);
    watch_all(
        runtime,
        watcher::Config::default(),
        |event: Event<ImageTagSlice>| {
            for owner in slices.take_in(&event) {
                let repository = ObjectRef::new(&owner.name).within(&owner.namespace);
                if memory.is_at_rest(&repository) {
                    triggers.send(repository);
                }
            }
            if matches!(event, Event::InitDone)
                && let Some(listed) = listed.take()
            {
                // Nobody waits any more when the process is to end.
                listed.send(()).unwrap_or_default();
            }
        },
    )
    .await
}
