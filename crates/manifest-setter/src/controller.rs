//! Streams and relations: what is watched, and what a change of it sets off.

use std::sync::Arc;

use api::field_managers;
use controller_runtime::{
    Identity, Runtime, RuntimeError, SetUpError, Told, Triggers, reconcile, watch_all,
    watch_secrets,
};
use futures_util::future;
use git_access::{Access, Cluster, Settings};
use git_remote::{Cache, CacheLimits, SshAlgorithms};
use kube::runtime::watcher;

use crate::Args;
use crate::catalogue::Catalogue;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::read::Reader;
use crate::reconcile::Context;
use crate::turns::Turns;

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
        let ssh = SshAlgorithms::new(&args.ssh.kex_algos, &args.ssh.hostkey_algos)?;
        let access = Access::new(Settings {
            identities: args.common.identities(cloud_identity::Settings::new),
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

/// Watches policies, GitRepositories and plans, and reconciles once all of them are known: before that every source would
/// look missing, and every plan would be made a second time.
async fn plan_all(runtime: Runtime, tools: Tools) -> Result<(), RuntimeError> {
    let identities = tools.access.identities().clone();
    let metrics = runtime
        .metrics
        .registry(|registry| Metrics::register(registry, identities));
    let catalogue = Arc::new(Catalogue::default());
    let memory = Arc::new(Memory::default());
    let triggers = Triggers::new();
    let context = Context {
        client: runtime.client.clone(),
        field_manager: IDENTITY.field_manager,
        cluster: Cluster::new(runtime.client.clone()),
        access: tools.access,
        reader: tools.reader,
        turns: Turns::new(triggers.clone()),
        catalogue: Arc::clone(&catalogue),
        memory: Arc::clone(&memory),
        metrics,
        no_cross_namespace: runtime.args.no_cross_namespace_refs,
        shard_labels: runtime.args.watched_labels(),
        window: tools.window,
        patience: runtime.args.requeue_dependency.to_std(),
    };
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
