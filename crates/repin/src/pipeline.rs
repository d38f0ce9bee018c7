//! The first two steps over the objects in memory: scan what is needed, select one tag per policy.

mod evaluate;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use api::Time;
use api::image::v1::{ImagePolicy, ImageRepository};
use image_ref::ImageName;
use kube::ResourceExt as _;
use policy_evaluator::{AccessDenied, EvaluateError, FetchDigestError, InvalidPolicy};
use registry_client::{Access, Client, Keyring};
use registry_scanner::{Scan, ScanError};
use tag_slices::TagHistory;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::access::{self, AccessError, Reach, Registries, full_name};
use crate::console::Console;
use crate::objects::{Key, Store, StoreError};
use crate::state::{State, StateError};

pub(crate) use self::evaluate::Learned;

/// More scans than this do not run at the same time, whichever hosts they ask.
const SCANS_AT_ONCE: usize = 32;

/// Why a policy has no tag.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyError {
    /// The image repository is not among the objects.
    #[error(transparent)]
    FindRepository(StoreError),
    /// The policy may not use it.
    #[error(transparent)]
    CheckAccess(AccessDenied),
    /// The policy is not one.
    #[error(transparent)]
    Invalid(InvalidPolicy),
    /// The credentials cannot be used.
    #[error(transparent)]
    Access(Arc<AccessError>),
    /// The registry did not give its tags.
    #[error("ImageRepository '{repository}'")]
    Scan {
        /// The image repository, `namespace/name`.
        repository: String,
        /// Why.
        source: Arc<ScanError>,
    },
    /// The scan ended too early, which is a defect of Repin.
    #[error("ImageRepository '{repository}': the scan ended unexpectedly")]
    Task {
        /// The image repository, `namespace/name`.
        repository: String,
    },
    /// A setting depends on what earlier runs saw.
    #[error(
        "{field} depends on what earlier runs saw: pass --state FILE, where `repin run` keeps it, or evaluate the policy in \
         a cluster"
    )]
    NeedsState {
        /// The setting.
        field: &'static str,
    },
    /// What earlier runs saw cannot be used.
    #[error(transparent)]
    State(Arc<StateError>),
    /// No tag was selected.
    #[error(transparent)]
    Evaluate(EvaluateError),
    /// The digest of the selected tag is unknown.
    #[error(transparent)]
    FetchDigest(FetchDigestError),
}

/// The result of one scan, with what is needed to ask for digests.
#[derive(Clone, Debug)]
pub(crate) struct Scanned {
    /// The image.
    pub image: ImageName,
    /// How its registry is reached.
    pub access: Access,
    /// Its tags.
    pub scan: Arc<Scan>,
    /// The same tags, with the time at which each was first seen.
    pub history: Arc<TagHistory>,
}

#[derive(Clone, Debug)]
enum ScanFailure {
    Access(Arc<AccessError>),
    Scan(Arc<ScanError>),
    State(Arc<StateError>),
    /// The task ended too early, which is a defect of Repin.
    Task,
}

/// Scans and selects over a set of objects.
pub(crate) struct Pipeline<'a> {
    store: &'a Store,
    client: Client,
    registries: Registries,
    console: &'a Console,
    memory: Memory<'a>,
    scans: BTreeMap<Key, Result<Scanned, ScanFailure>>,
    /// The policies that were evaluated, by `namespace/name`.
    evaluated: BTreeMap<String, ImagePolicy>,
}

/// What a decision depends on besides the registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory<'a> {
    /// What earlier runs saw; none without --state.
    pub state: Option<&'a State>,
    /// The time at which tags that nobody has seen before are seen.
    pub now: &'a Time,
}

impl<'a> Pipeline<'a> {
    /// A pipeline that has scanned nothing yet.
    pub(crate) fn new(
        store: &'a Store,
        client: Client,
        surroundings: Keyring,
        (console, memory): (&'a Console, Memory<'a>),
    ) -> Self {
        Self {
            store,
            client,
            registries: Registries::new(surroundings),
            console,
            memory,
            scans: BTreeMap::new(),
            evaluated: BTreeMap::new(),
        }
    }

    /// Scans the image repositories of the policies, each once, all at the same time within the bounds of their hosts.
    /// Failures are kept, and told by the policies that need the list.
    pub(crate) async fn scan_for(&mut self, policies: &[&ImagePolicy]) {
        let repositories: BTreeSet<Key> = policies
            .iter()
            .map(|policy| repository_key(policy))
            .collect();
        let repositories: Vec<&ImageRepository> = repositories
            .iter()
            .filter(|key| !self.scans.contains_key(*key))
            .filter_map(|(namespace, name)| self.store.repositories.get(namespace, name))
            .filter(|repository| !repository.spec.suspend)
            .collect();
        let bar = self.console.bar("scanning", repositories.len() as u64);
        let mut scans = JoinSet::new();
        let mut running = HashMap::new();
        let turns = Arc::new(Semaphore::new(SCANS_AT_ONCE));
        for repository in repositories {
            let key = (
                repository.namespace().unwrap_or_default(),
                repository.name_any(),
            );
            match self.reach(repository).await {
                Ok((image, reach)) => {
                    let (client, spec) = (self.client.clone(), repository.spec.clone());
                    let turns = Arc::clone(&turns);
                    let task = scans.spawn(async move {
                        // The deadline of a scan begins when it does: those that wait for their turn lose nothing.
                        let _turn = turns.acquire().await;
                        let access = reach.access().await;
                        let access =
                            access.map_err(|error| ScanFailure::Access(Arc::new(error)))?;
                        let scan = registry_scanner::scan(&client, &spec, &access).await;
                        scan.map(|scan| (access, scan))
                            .map_err(|error| ScanFailure::Scan(Arc::new(error)))
                    });
                    running.insert(task.id(), (key, image));
                }
                Err(failure) => {
                    self.scans.insert(key, Err(failure));
                }
            }
        }
        while let Some(done) = scans.join_next_with_id().await {
            let (task, scan) = match done {
                Ok(done) => done,
                Err(error) => (error.id(), Err(ScanFailure::Task)),
            };
            if let Some((key, image)) = running.remove(&task) {
                let noted = |(access, scan)| self.noted(&key, (image, access), scan);
                let scanned = scan.and_then(noted);
                self.scans.insert(key, scanned);
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
    }

    /// A scan with what earlier runs know of its tags.
    fn noted(
        &self,
        (namespace, name): &Key,
        (image, access): (ImageName, Access),
        scan: Scan,
    ) -> Result<Scanned, ScanFailure> {
        let tags = scan.tags.clone();
        let history = match self.memory.state {
            None => TagHistory::first(tags),
            Some(state) => state
                .history(
                    &format!("{namespace}/{name}"),
                    &image,
                    (tags, self.memory.now),
                )
                .map_err(|error| ScanFailure::State(Arc::new(error)))?,
        };
        Ok(Scanned {
            image,
            access,
            scan: Arc::new(scan),
            history: Arc::new(history),
        })
    }

    async fn reach(&self, repository: &ImageRepository) -> Result<(ImageName, Reach), ScanFailure> {
        let image = registry_scanner::image_name(&repository.spec)
            .map_err(|error| ScanFailure::Scan(Arc::new(error)))?;
        for secret in access::missing_secrets(self.store, repository) {
            self.console.note(&format!(
                "ImageRepository '{}': Secret '{secret}' is not among the objects, using the credentials of the surroundings",
                full_name(repository)
            ));
        }
        let reach = self.registries.reach(self.store, repository, &image).await;
        let reach = reach.map_err(|error| ScanFailure::Access(Arc::new(error)))?;
        Ok((image, reach))
    }
}

fn repository_key(policy: &ImagePolicy) -> Key {
    let reference = &policy.spec.image_repository_ref;
    let own = || policy.namespace().unwrap_or_default();
    (
        reference.namespace.clone().unwrap_or_else(own),
        reference.name.clone(),
    )
}
