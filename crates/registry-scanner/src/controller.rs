//! Streams and relations: what is watched, and what a change of it sets off.

use std::collections::HashMap;
use std::sync::Arc;

use api::field_managers;
use api::image::v1::ImageRepository;
use api::repin::v1alpha1::ImageTagSlice;
use controller_runtime::args::Gate;
use controller_runtime::{Identity, Runtime, RuntimeError, Triggers, reconcile, watch_all};
use futures_util::future;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::{self, Event};
use registry_access::{Cluster, Resolver, Settings, SettingsError};
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

/// Why the controller ends.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The flags about cloud identities contradict each other.
    #[error(transparent)]
    Settings(SettingsError),
    /// There is no client for registries.
    #[error(transparent)]
    Client(registry_client::Error),
    /// The runtime ends, or does not start.
    #[error(transparent)]
    Runtime(RuntimeError),
}

/// Runs the controller until the process is to end.
pub async fn run(args: &Args) -> Result<(), RunError> {
    let resolver = Resolver::new(settings(&args.common)).map_err(RunError::Settings)?;
    let registry = Client::new(Options::default()).map_err(RunError::Client)?;
    let controller = |runtime: Runtime| scan_all(runtime, resolver, registry);
    let ended = Box::pin(controller_runtime::run(IDENTITY, &args.common, controller));
    ended.await.map_err(RunError::Runtime)
}

fn settings(args: &controller_runtime::Args) -> Settings {
    Settings {
        default_service_account: args.default_service_account().map(str::to_owned),
        object_level_identity: args.enabled(Gate::ObjectLevelWorkloadIdentity),
        token_cache_max_size: usize::try_from(args.token_cache_max_size).unwrap_or(usize::MAX),
        token_cache_max_duration: args.token_cache_max_duration.to_std(),
        ..Settings::default()
    }
}

/// Watches slices and Secrets, and reconciles once all slices are known: before that, every list would look incomplete.
async fn scan_all(
    runtime: Runtime,
    resolver: Resolver,
    registry: Client,
) -> Result<(), RuntimeError> {
    let metrics = runtime
        .metrics
        .registry(|registry| Metrics::register(registry, resolver.clone()));
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
    let watching_secrets = watch_secrets(&runtime, &memory, triggers.clone());
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

/// Looks at the repositories behind a Secret as soon as it changes.
async fn watch_secrets(
    runtime: &Runtime,
    memory: &Memory,
    triggers: Triggers<ImageRepository>,
) -> Result<(), RuntimeError> {
    let mut secrets = Secrets::default();
    let config = runtime.scope.watch_secrets();
    watch_all(
        runtime,
        config,
        |event: Event<PartialObjectMeta<Secret>>| {
            for (namespace, name) in secrets.take_in(&event) {
                for repository in memory.users_of(&namespace, &name) {
                    triggers.send(repository);
                }
            }
        },
    )
    .await
}

/// The versions of the Secrets that are watched: what a new listing tells is news only where it differs.
#[derive(Debug, Default)]
struct Secrets {
    versions: HashMap<Name, Option<String>>,
    /// What the listing under way has not named yet.
    unseen: HashMap<Name, Option<String>>,
}

/// Namespace and name.
type Name = (String, String);

impl Secrets {
    /// Takes in what the watch says; the Secrets that have changed.
    fn take_in(&mut self, event: &Event<PartialObjectMeta<Secret>>) -> Vec<Name> {
        match event {
            Event::Init => {
                self.unseen = self.versions.clone();
                Vec::new()
            }
            Event::InitApply(secret) | Event::Apply(secret) => {
                let name = full_name(secret);
                self.unseen.remove(&name);
                let version = secret.resource_version();
                let before = self.versions.insert(name.clone(), version.clone());
                if before == Some(version) {
                    Vec::new()
                } else {
                    vec![name]
                }
            }
            Event::Delete(secret) => {
                let name = full_name(secret);
                self.versions.remove(&name);
                vec![name]
            }
            Event::InitDone => {
                let gone: Vec<Name> = self.unseen.drain().map(|(name, _)| name).collect();
                self.versions.retain(|name, _| !gone.contains(name));
                gone
            }
        }
    }
}

fn full_name(secret: &PartialObjectMeta<Secret>) -> Name {
    (secret.namespace().unwrap_or_default(), secret.name_any())
}

#[cfg(test)]
mod tests;
