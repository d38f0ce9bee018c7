//! Streams and relations: what is watched, and what a change of it sets off.

use std::sync::Arc;

use api::field_managers;
use api::image::v1::ImageUpdateAutomation;
use controller_runtime::args::Gate;
use controller_runtime::{
    Identity, Runtime, RuntimeError, SetUpError, Triggers, reconcile, watch_all, watch_secrets,
};
use futures_util::future;
use git_access::{Access, Cluster, Settings};
use git_remote::{Cache, CacheLimits, SshAlgorithms};
use kube::runtime::watcher::{self, Event};
use tokio::sync::oneshot;

use crate::Args;
use crate::catalogue::{AutomationRef, Catalogue};
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::read::Reader;
use crate::reconcile::Context;

const IDENTITY: Identity = Identity {
    name: "manifest-setter",
    field_manager: field_managers::MANIFEST_SETTER,
    kinds: &["ImageUpdateAutomation", "ImagePolicy", "ImageUpdatePlan"],
};

/// Runs the controller until the process is to end. An error is in the log already.
pub async fn run(args: &Args) -> Result<(), RuntimeError> {
    let set_up = || {
        let tools = Tools::new(args)?;
        Ok(move |runtime| plan_all(runtime, tools))
    };
    Box::pin(controller_runtime::run(IDENTITY, &args.common, set_up)).await
}

/// What does not need the cluster.
struct Tools {
    access: Access,
    reader: Reader,
    window: std::time::Duration,
}

impl Tools {
    fn new(args: &Args) -> Result<Self, SetUpError> {
        let ssh = SshAlgorithms::new(&args.ssh.ssh_kex_algos, &args.ssh.ssh_hostkey_algos)?;
        let access = Access::new(Settings {
            identities: identities(&args.common),
            ssh,
        })?;
        let cache = Cache::open(&args.cache_dir, CacheLimits::default())?;
        Ok(Self {
            access,
            reader: Reader::new(cache),
            window: args.batch_window.to_std(),
        })
    }
}

fn identities(args: &controller_runtime::Args) -> cloud_identity::Settings {
    cloud_identity::Settings::new(
        args.default_service_account(),
        args.enabled(Gate::ObjectLevelWorkloadIdentity),
        (
            args.token_cache_max_size,
            args.token_cache_max_duration.to_std(),
        ),
    )
}

/// Watches policies, GitRepositories and plans, and reconciles once all of them are known: before that every source would
/// look missing, and every plan would be made a second time.
async fn plan_all(runtime: Runtime, tools: Tools) -> Result<(), RuntimeError> {
    let identities = tools.access.identities().clone();
    let metrics = runtime
        .metrics
        .registry(|registry| Metrics::register(registry, identities));
    let catalogue = Arc::new(Catalogue::default());
    let memory = Arc::new(Memory::default());
    let context = Context {
        client: runtime.client.clone(),
        field_manager: IDENTITY.field_manager,
        cluster: Cluster::new(runtime.client.clone()),
        access: tools.access,
        reader: tools.reader,
        catalogue: Arc::clone(&catalogue),
        memory: Arc::clone(&memory),
        metrics,
        no_cross_namespace: runtime.args.no_cross_namespace_refs,
        shard_labels: runtime.args.watched_labels(),
        window: tools.window,
        patience: runtime.args.requeue_dependency.to_std(),
    };
    let triggers = Triggers::new();
    let all = || watcher::Config::default();
    let (mut policies, until_policies) = Told::new(&triggers);
    let policies = watch_all(&runtime, all(), |event| {
        policies.tell(catalogue.policy_event(&event), &event);
    });
    let (mut sources, until_sources) = Told::new(&triggers);
    let sources = watch_all(&runtime, all(), |event| {
        sources.tell(catalogue.source_event(&event), &event);
    });
    let (mut plans, until_plans) = Told::new(&triggers);
    let plans = watch_all(&runtime, all(), |event| {
        plans.tell(catalogue.plan_event(&event), &event);
    });
    let secrets = watch_secrets(&runtime, |namespace, name| {
        for automation in catalogue.users_of_secret(namespace, name) {
            memory.forget(&automation);
            triggers.send(automation);
        }
    });
    let reconciling = async {
        let listed = future::try_join3(until_policies, until_sources, until_plans);
        if listed.await.is_err() {
            return Ok(());
        }
        reconcile(&runtime, Arc::new(context), triggers.objects()).await
    };
    let watching = future::try_join4(policies, sources, plans, secrets);
    let ended = Box::pin(future::try_join(watching, reconciling));
    ended.await.map(|_| ())
}

/// Whom a watch tells what.
struct Told {
    triggers: Triggers<ImageUpdateAutomation>,
    /// Is told of the first complete list.
    listed: Option<oneshot::Sender<()>>,
}

impl Told {
    fn new(triggers: &Triggers<ImageUpdateAutomation>) -> (Self, oneshot::Receiver<()>) {
        let (listed, until_listed) = oneshot::channel();
        let told = Self {
            triggers: triggers.clone(),
            listed: Some(listed),
        };
        (told, until_listed)
    }

    fn tell<K>(&mut self, automations: Vec<AutomationRef>, event: &Event<K>) {
        for automation in automations {
            self.triggers.send(automation);
        }
        if let Some(listed) = self.listed.take_if(|_| matches!(event, Event::InitDone)) {
            // Nobody waits for it any more only at the end of the process.
            _ = listed.send(());
        }
    }
}
