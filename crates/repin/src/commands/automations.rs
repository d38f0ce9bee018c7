//! From the arguments of `plan` and `run` to the plan of each automation.

mod sources;

use std::sync::Arc;

use api::image::v1::{ImagePolicy, ImageUpdateAutomation};
use chrono::{DateTime, Utc};
use git_remote::{Cache, Remote, Repository};
use manifest_setter::{Knowledge, Pass, PlanError, Progress, Request};
use registry_client::Client;

use self::sources::{Place, Sources};
use super::CommandError;
use crate::access::{AccessError, Repositories, full_name};
use crate::args::AutomationArgs;
use crate::console::Console;
use crate::environment;
use crate::load;
use crate::objects::{Store, StoreError};
use crate::pipeline::{Learned, Memory, Pipeline, PolicyError};
use crate::state::State;

/// Why an automation has no plan, or could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AutomationError {
    /// The GitRepository is not among the objects.
    #[error(transparent)]
    FindSource(StoreError),
    /// The credentials cannot be used.
    #[error(transparent)]
    Access(AccessError),
    /// A policy of the automation has no tag: nothing is decided from part of the policies.
    #[error("ImagePolicy '{policy}'")]
    Policy {
        /// The policy, `namespace/name`.
        policy: String,
        /// Why.
        source: PolicyError,
    },
    /// The automation writes to another repository than --repo.
    #[error("it writes to {url} and not to --repo: pass its objects with -f")]
    Elsewhere {
        /// That repository, without user info.
        url: String,
    },
    /// The URL of the GitRepository is not one.
    #[error("GitRepository '{source_name}'")]
    ParseUrl {
        /// The GitRepository, `namespace/name`.
        source_name: String,
        /// What is wrong with it.
        source: git_remote::Error,
    },
    /// The cache cannot be used.
    #[error("cannot use the Git cache")]
    Cache(#[source] git_remote::Error),
    /// No plan was made.
    #[error(transparent)]
    Plan(PlanError),
    /// The plan was not written.
    #[error(transparent)]
    Write(git_writer::WriteError),
    /// The commit is on its branch, and nothing else of the plan was done.
    #[error("a later run finds nothing to change, so push this by hand")]
    PushRefspec(#[source] git_writer::WriteError),
    /// The plan has to be approved first.
    #[error(
        "approval is required: its plans are written by the controllers of a cluster once somebody approved them; \
         `repin plan` shows what would be committed"
    )]
    ApprovalRequired,
    /// Whether approval is required cannot be told.
    #[error(transparent)]
    Approval(api::safeguards::SafeguardError),
    /// More plans than any change can need.
    #[error("the manifests still differ from the policies after {plans} commits")]
    NeverDone {
        /// How many plans were written.
        plans: usize,
    },
    /// A thread ended too early, which is a defect of Repin.
    #[error("a task ended unexpectedly")]
    Task(#[source] tokio::task::JoinError),
}

/// One automation, ready to be planned.
#[derive(Clone)]
pub(crate) struct Work {
    /// The automation.
    pub automation: ImageUpdateAutomation,
    /// The policies that it applies, with their choices.
    pub policies: Vec<ImagePolicy>,
    /// Where it reads and writes.
    pub place: sources::Repositories,
    /// What its passes learn.
    pub knowledge: Arc<Knowledge>,
}

/// What became of the preparation of one automation.
pub(crate) enum Prepared {
    /// It can be planned.
    Ready(Box<Work>),
    /// It is suspended.
    Suspended,
    /// It writes to another repository than --repo.
    Elsewhere {
        /// That repository.
        url: String,
    },
    /// It cannot be planned.
    Failed(AutomationError),
}

/// The objects, the cache and the automations in the order of their names.
pub(crate) struct Automations {
    /// The objects.
    pub store: Store,
    /// The Git cache.
    pub cache: Arc<Cache>,
    /// Each automation by `namespace/name`.
    pub prepared: Vec<(String, Prepared)>,
    /// What the next run is to know.
    pub learned: Learned,
}

/// Loads the objects, scans and selects for the automations that are asked for.
pub(crate) async fn prepare(
    args: &AutomationArgs,
    state: Option<&State>,
    console: &Console,
) -> Result<Automations, CommandError> {
    let objects = args.objects.clone();
    let loaded = tokio::task::spawn_blocking(move || load::load(&objects))
        .await
        .map_err(CommandError::Task)?
        .map_err(CommandError::Load)?;
    let automations = pick(&loaded.store, args)?;
    let client =
        Client::new(registry_client::Options::default()).map_err(CommandError::RegistryClient)?;
    let keyring = environment::docker_keyring().map_err(CommandError::Environment)?;
    let now = environment::now();
    let memory = Memory { state, now: &now };
    let mut pipeline = Pipeline::new(&loaded.store, client, keyring, (console, memory));
    let sources = Sources {
        store: &loaded.store,
        accesses: Repositories::new(),
        repo: loaded.repo.as_ref(),
        args: &args.objects,
    };
    // One round of scans for all automations, so that hosts are asked at the same time and lists once.
    let active = automations
        .iter()
        .filter(|automation| !automation.spec.suspend);
    let selected: Vec<&ImagePolicy> = active
        .filter_map(|automation| {
            manifest_setter::select_policies(automation, loaded.store.policies.iter()).ok()
        })
        .flatten()
        .collect();
    pipeline.scan_for(&selected).await;
    let mut prepared = Vec::new();
    for automation in &automations {
        let one = prepare_one(&mut pipeline, &sources, automation).await;
        prepared.push((full_name(automation), one));
    }
    refuse_elsewhere(&mut prepared, !args.automations.is_empty());
    let learned = pipeline.learned();
    Ok(Automations {
        store: loaded.store,
        cache: Arc::new(loaded.cache),
        prepared,
        learned,
    })
}

/// The automations of `--automation`, else all of them.
fn pick(store: &Store, args: &AutomationArgs) -> Result<Vec<ImageUpdateAutomation>, CommandError> {
    if args.automations.is_empty() {
        let all: Vec<_> = store.automations.iter().cloned().collect();
        return if all.is_empty() {
            Err(CommandError::NoAutomation)
        } else {
            Ok(all)
        };
    }
    args.automations
        .iter()
        .map(|name| {
            let (namespace, name) = name
                .split_once('/')
                .unwrap_or((&args.objects.namespace, name));
            store
                .automations
                .expect(namespace, name, "")
                .cloned()
                .map_err(CommandError::Find)
        })
        .collect()
}

/// An automation of another repository is passed over only as long as something is left to do that was asked for.
fn refuse_elsewhere(prepared: &mut [(String, Prepared)], asked_by_name: bool) {
    let all = prepared
        .iter()
        .all(|(_, prepared)| matches!(prepared, Prepared::Elsewhere { .. }));
    if !all && !asked_by_name {
        return;
    }
    for (_, prepared) in prepared {
        if let Prepared::Elsewhere { url } = prepared {
            let url = std::mem::take(url);
            *prepared = Prepared::Failed(AutomationError::Elsewhere { url });
        }
    }
}

async fn prepare_one(
    pipeline: &mut Pipeline<'_>,
    sources: &Sources<'_>,
    automation: &ImageUpdateAutomation,
) -> Prepared {
    if automation.spec.suspend {
        return Prepared::Suspended;
    }
    match sources.of(automation).await {
        Ok(Place::Here(place)) => match policies(pipeline, sources.store, automation).await {
            Ok(policies) => Prepared::Ready(Box::new(Work {
                automation: automation.clone(),
                policies,
                place: *place,
                knowledge: Arc::default(),
            })),
            Err(error) => Prepared::Failed(error),
        },
        Ok(Place::Elsewhere(url)) => Prepared::Elsewhere { url },
        Err(error) => Prepared::Failed(error),
    }
}

/// The policies of an automation, each with its choice: all of them, or an error.
async fn policies(
    pipeline: &mut Pipeline<'_>,
    store: &Store,
    automation: &ImageUpdateAutomation,
) -> Result<Vec<ImagePolicy>, AutomationError> {
    let selected = manifest_setter::select_policies(automation, store.policies.iter())
        .map_err(AutomationError::Plan)?;
    let mut policies = Vec::with_capacity(selected.len());
    for policy in selected {
        let evaluated = pipeline.evaluate(policy).await;
        policies.push(evaluated.map_err(|source| AutomationError::Policy {
            policy: full_name(policy),
            source,
        })?);
    }
    Ok(policies)
}

/// Plans one automation, on a thread of its own.
pub(crate) async fn plan(
    work: Work,
    repository: Repository,
    now: DateTime<Utc>,
    console: &Console,
) -> Result<(Work, Repository, Pass), AutomationError> {
    let bar = console.bar("reading manifests", 1);
    let progress_bar = bar.clone();
    let planned = tokio::task::spawn_blocking(move || {
        let policies: Vec<&ImagePolicy> = work.policies.iter().collect();
        let request = Request {
            automation: &work.automation,
            source: &work.place.source,
            policies: &policies,
            denied: &[],
            knowledge: &work.knowledge,
            known: None,
            sequence: 1,
            last_plan: None,
            now,
            seed: seed(now),
        };
        let mut progress = |progress| {
            if let Progress::Reading { done, total } = progress {
                progress_bar.set_length(total as u64);
                progress_bar.set_position(done as u64);
            }
        };
        let pass = manifest_setter::plan(&work.place.reading, &repository, &request, &mut progress);
        pass.map(|pass| (work, repository, pass))
            .map_err(AutomationError::Plan)
    })
    .await
    .map_err(AutomationError::Task)?;
    bar.finish_and_clear();
    planned
}

/// The random functions of a message differ from run to run.
fn seed(now: DateTime<Utc>) -> u64 {
    now.timestamp_subsec_nanos().into()
}

/// Opens the cached repository of a remote, on a thread of its own: another process may hold it for a while.
pub(crate) async fn open(
    cache: &Arc<Cache>,
    remote: &Remote,
) -> Result<Repository, AutomationError> {
    let (cache, remote) = (Arc::clone(cache), remote.clone());
    tokio::task::spawn_blocking(move || cache.repository(&remote).map_err(AutomationError::Cache))
        .await
        .map_err(AutomationError::Task)?
}
