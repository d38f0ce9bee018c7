//! The first two steps over the objects in memory: scan what is needed, select one tag per policy.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use api::image::v1::{ImagePolicy, ImagePolicyStatus, ImageRepository};
use image_ref::ImageName;
use kube::ResourceExt as _;
use policy_evaluator::{AccessDenied, EvaluateError, Evaluator, InvalidPolicy};
use registry_client::{Access, Client, Keyring};
use registry_scanner::{Scan, ScanError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::access::{self, AccessError, full_name};
use crate::console::Console;
use crate::objects::{Key, Store, StoreError};

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
    /// No tag was selected, or its digest is unknown.
    #[error(transparent)]
    Evaluate(EvaluateError),
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
}

#[derive(Clone, Debug)]
enum ScanFailure {
    Access(Arc<AccessError>),
    Scan(Arc<ScanError>),
    /// The task ended too early, which is a defect of Repin.
    Task,
}

/// Scans and selects over a set of objects.
pub(crate) struct Pipeline<'a> {
    store: &'a Store,
    client: Client,
    surroundings: Keyring,
    console: &'a Console,
    scans: BTreeMap<Key, Result<Scanned, ScanFailure>>,
}

impl<'a> Pipeline<'a> {
    /// A pipeline that has scanned nothing yet.
    pub(crate) fn new(
        store: &'a Store,
        client: Client,
        surroundings: Keyring,
        console: &'a Console,
    ) -> Self {
        Self {
            store,
            client,
            surroundings,
            console,
            scans: BTreeMap::new(),
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
            match self.reach(repository) {
                Ok((image, access)) => {
                    let (client, spec) = (self.client.clone(), repository.spec.clone());
                    let turns = Arc::clone(&turns);
                    let task = scans.spawn(async move {
                        // The deadline of a scan begins when it does: those that wait for their turn lose nothing.
                        let _turn = turns.acquire().await;
                        let scan = registry_scanner::scan(&client, &spec, &access).await;
                        scan.map(|scan| Scanned {
                            image,
                            access,
                            scan: Arc::new(scan),
                        })
                    });
                    running.insert(task.id(), key);
                }
                Err(failure) => {
                    self.scans.insert(key, Err(failure));
                }
            }
        }
        while let Some(done) = scans.join_next_with_id().await {
            let (task, scan) = match done {
                Ok((task, scan)) => (
                    task,
                    scan.map_err(|error| ScanFailure::Scan(Arc::new(error))),
                ),
                Err(error) => (error.id(), Err(ScanFailure::Task)),
            };
            if let Some(key) = running.remove(&task) {
                self.scans.insert(key, scan);
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
    }

    fn reach(&self, repository: &ImageRepository) -> Result<(ImageName, Access), ScanFailure> {
        let image = registry_scanner::image_name(&repository.spec)
            .map_err(|error| ScanFailure::Scan(Arc::new(error)))?;
        for secret in access::missing_secrets(self.store, repository) {
            self.console.note(&format!(
                "ImageRepository '{}': Secret '{secret}' is not among the objects, using the credentials of the surroundings",
                full_name(repository)
            ));
        }
        let access = access::registry(self.store, repository, &image, &self.surroundings)
            .map_err(|error| ScanFailure::Access(Arc::new(error)))?;
        Ok((image, access))
    }

    /// The scan behind a policy, once [`scan_for`](Self::scan_for) has run. `None`: policy or repository is suspended.
    pub(crate) fn scanned(
        &self,
        policy: &ImagePolicy,
    ) -> Result<Option<(&ImageRepository, &Scanned)>, PolicyError> {
        let (namespace, name) = repository_key(policy);
        let from = format!("ImagePolicy '{}'", full_name(policy));
        let repository = self
            .store
            .repositories
            .expect(&namespace, &name, &from)
            .map_err(PolicyError::FindRepository)?;
        let own = policy.namespace().unwrap_or_default();
        policy_evaluator::check_access(
            &own,
            &self.store.namespace_labels(&own),
            (&namespace, &name),
            repository.spec.access_from.as_ref(),
        )
        .map_err(PolicyError::CheckAccess)?;
        if repository.spec.suspend {
            return Ok(None);
        }
        match self.scans.get(&(namespace, name)) {
            None | Some(Err(ScanFailure::Task)) => Err(PolicyError::Task {
                repository: full_name(repository),
            }),
            Some(Ok(scanned)) => Ok(Some((repository, scanned))),
            Some(Err(ScanFailure::Access(error))) => Err(PolicyError::Access(error.clone())),
            Some(Err(ScanFailure::Scan(error))) => Err(PolicyError::Scan {
                repository: full_name(repository),
                source: error.clone(),
            }),
        }
    }

    /// The policy with its choice in `status.latestRef`, once [`scan_for`](Self::scan_for) has run. A suspended policy,
    /// or one whose repository is suspended, keeps the choice that its status holds.
    pub(crate) async fn evaluate(&self, policy: &ImagePolicy) -> Result<ImagePolicy, PolicyError> {
        let mut policy = policy.clone();
        if policy.spec.suspend {
            return Ok(policy);
        }
        let evaluator = Evaluator::new(&policy).map_err(PolicyError::Invalid)?;
        let Some((repository, scanned)) = self.scanned(&policy)? else {
            return Ok(policy);
        };
        let previous = policy
            .status
            .as_ref()
            .and_then(|status| status.latest_ref.clone());
        let selected = evaluator
            .select(&repository.spec.image, &scanned.scan.tags)
            .map_err(PolicyError::Evaluate)?;
        let latest = policy_evaluator::reflect_digest(
            (&self.client, &scanned.access),
            policy.spec.digest_reflection_policy,
            &scanned.image,
            selected,
            previous.as_ref(),
        )
        .await
        .map_err(PolicyError::Evaluate)?;
        let status = policy.status.get_or_insert_with(ImagePolicyStatus::default);
        if previous.as_ref() != Some(&latest) {
            status.observed_previous_ref = previous;
            status.latest_ref = Some(latest);
        }
        Ok(policy)
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
