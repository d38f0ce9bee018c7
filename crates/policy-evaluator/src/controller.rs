//! Streams and relations: what is watched, and what a change of it sets off.

use std::sync::Arc;

use api::field_managers;
use api::image::v1::{ImagePolicy, ImageRepository};
use api::repin::v1alpha1::ImageTagSlice;
use controller_runtime::args::Gate;
use controller_runtime::{Identity, Runtime, RuntimeError, Triggers, reconcile, watch_all};
use futures_util::future;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::{self, Event};
use registry_access::{Cluster, Resolver, Settings};
use registry_client::{Client, Options};
use tokio::sync::oneshot;

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
        let resolver = Resolver::new(settings(&args.common))?;
        let registry = Client::new(Options::default())?;
        Ok(move |runtime| evaluate_all(runtime, resolver, registry))
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
    let (repositories, until_repositories) = oneshot::channel();
    let (slices, until_slices) = oneshot::channel();
    let watching_repositories = watch_all(&runtime, runtime.scope.watch(), {
        let (catalogue, mut told) = (Arc::clone(&catalogue), Told::new(&triggers, repositories));
        move |event: Event<ImageRepository>| {
            told.tell(catalogue.repository_event(&event), &event);
        }
    });
    let watching_slices = watch_all(&runtime, watcher::Config::default(), {
        let mut told = Told::new(&triggers, slices);
        move |event: Event<ImageTagSlice>| told.tell(catalogue.slice_event(&event), &event)
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

/// Whom a watch tells what.
struct Told {
    triggers: Triggers<ImagePolicy>,
    /// Is told of the first complete list.
    listed: Option<oneshot::Sender<()>>,
}

impl Told {
    fn new(triggers: &Triggers<ImagePolicy>, listed: oneshot::Sender<()>) -> Self {
        Self {
            triggers: triggers.clone(),
            listed: Some(listed),
        }
    }

    fn tell<K>(&mut self, policies: Vec<ObjectRef<ImagePolicy>>, event: &Event<K>) {
        for policy in policies {
            self.triggers.send(policy);
        }
        if let Some(listed) = self.listed.take_if(|_| matches!(event, Event::InitDone)) {
            // Nobody waits for it any more only at the end of the process.
            _ = listed.send(());
        }
    }
}
