//! The choice of a policy, once its repository is scanned.

use std::collections::BTreeMap;

use api::image::v1::{ImagePolicy, ImageRef, ImageRepository};
use kube::ResourceExt as _;
use policy_evaluator::{Decision, DigestSource, Evaluator, Facts};

use super::{Pipeline, PolicyError, ScanFailure, Scanned, repository_key};
use crate::access::full_name;
use crate::objects::Key;
use crate::state::State;

impl Pipeline<'_> {
    /// The policy, parsed.
    pub(crate) fn evaluator(&self, policy: &ImagePolicy) -> Result<Evaluator, PolicyError> {
        let evaluator = Evaluator::new(policy).map_err(PolicyError::Invalid)?;
        match evaluator.memory_needed() {
            Some(field) if self.memory.state.is_none() => Err(PolicyError::NeedsState { field }),
            Some(_) | None => Ok(evaluator),
        }
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
            Some(Err(ScanFailure::State(error))) => Err(PolicyError::State(error.clone())),
            Some(Err(ScanFailure::Access(error))) => Err(PolicyError::Access(error.clone())),
            Some(Err(ScanFailure::Scan(error))) => Err(PolicyError::Scan {
                repository: full_name(repository),
                source: error.clone(),
            }),
        }
    }

    /// What a policy decides from.
    pub(crate) fn facts<'f>(
        &'f self,
        policy: &'f ImagePolicy,
        (repository, scanned): (&'f ImageRepository, &'f Scanned),
    ) -> Facts<'f> {
        Facts {
            image: &repository.spec.image,
            history: &scanned.history,
            current: self.current(policy),
            now: self.memory.now,
        }
    }

    /// What a policy chose before: in the last run that kept a state, else what its status says.
    fn current<'f>(&'f self, policy: &'f ImagePolicy) -> Option<&'f ImageRef> {
        let remembered = self
            .memory
            .state
            .and_then(|state| state.choice(&full_name(policy)));
        let status = policy.status.as_ref();
        remembered.or_else(|| status?.latest_ref.as_ref())
    }

    /// The policy with its choice in `status.latestRef`, once [`scan_for`](Self::scan_for) has run. A suspended policy,
    /// or one whose repository is suspended, keeps the choice that its status holds.
    pub(crate) async fn evaluate(
        &mut self,
        policy: &ImagePolicy,
    ) -> Result<ImagePolicy, PolicyError> {
        let name = full_name(policy);
        if let Some(evaluated) = self.evaluated.get(&name) {
            return Ok(evaluated.clone());
        }
        if policy.spec.suspend {
            return Ok(policy.clone());
        }
        let evaluator = self.evaluator(policy)?;
        let Some((repository, scanned)) = self.scanned(policy)? else {
            return Ok(policy.clone());
        };
        let facts = self.facts(policy, (repository, scanned));
        let decision = evaluator.decide(&facts).map_err(PolicyError::Evaluate)?;
        self.note(&name, &decision);
        let latest = self
            .reflect(policy, decision, (scanned, facts.current))
            .await?;
        let previous = facts.current.cloned();
        let mut policy = policy.clone();
        let status = policy.status.get_or_insert_default();
        if previous.as_ref() != Some(&latest) {
            status.observed_previous_ref = previous;
        }
        status.latest_ref = Some(latest);
        self.evaluated.insert(name, policy.clone());
        Ok(policy)
    }

    /// Says what held the policy back.
    fn note(&self, name: &str, decision: &Decision) {
        let refused = decision.refused.iter().map(ToString::to_string);
        let waiting = decision.waiting.iter().map(ToString::to_string);
        for said in refused.chain(waiting) {
            self.console.note(&format!("ImagePolicy '{name}': {said}"));
        }
    }

    /// The choice with the digest that the policy wants.
    async fn reflect(
        &self,
        policy: &ImagePolicy,
        decision: Decision,
        (scanned, previous): (&Scanned, Option<&ImageRef>),
    ) -> Result<ImageRef, PolicyError> {
        let wanted = policy.spec.digest_reflection_policy;
        let tag = &decision.latest.tag;
        let digest = match policy_evaluator::digest_source(wanted, &decision, previous) {
            DigestSource::Without => None,
            DigestSource::Known(digest) => Some(digest),
            DigestSource::Registry => {
                let with = (&self.client, &scanned.access);
                let digest = policy_evaluator::fetch_digest(with, &scanned.image, tag).await;
                Some(digest.map_err(PolicyError::FetchDigest)?)
            }
        };
        Ok(ImageRef {
            digest,
            ..decision.latest
        })
    }

    /// What this run has seen and chosen.
    pub(crate) fn learned(self) -> Learned {
        let scans = self.scans.into_iter();
        Learned {
            scans: scans
                .filter_map(|(key, scan)| Some((key, scan.ok()?)))
                .collect(),
            policies: self.evaluated,
        }
    }
}

/// What a run has seen and chosen, for the next one to know.
pub(crate) struct Learned {
    scans: Vec<(Key, Scanned)>,
    policies: BTreeMap<String, ImagePolicy>,
}

impl Learned {
    /// Adds it to what earlier runs knew.
    pub(crate) fn remember(self, state: &mut State) {
        for ((namespace, name), Scanned { image, history, .. }) in self.scans {
            state.remember_tags(format!("{namespace}/{name}"), &image, &history);
        }
        for (name, policy) in self.policies {
            if let Some(choice) = policy.status.and_then(|status| status.latest_ref) {
                state.remember_choice(name, choice);
            }
        }
    }
}
