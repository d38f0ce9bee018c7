//! What the watches say of ImageRepositories and their slices, and which policies that concerns.
//!
//! A policy is to be looked at when the list of its repository becomes complete with another content or of another image
//! than it was evaluated with, and when the repository comes, goes, or changes in what a policy depends on.

mod repository;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use api::annotations::TRACEPARENT;
use api::image::v1::{ImagePolicy, ImageRepository};
use api::repin::v1alpha1::ImageTagSlice;
use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::Event;
use parking_lot::Mutex;
use tag_slices::{Owner, SliceIndex, SliceSet};

pub(crate) use self::repository::{ListId, Repository};

type PolicyRef = ObjectRef<ImagePolicy>;
type RepositoryRef = ObjectRef<ImageRepository>;

/// All that is known; shared by the watches and the passes.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    repositories: HashMap<RepositoryRef, Repository>,
    /// Which of them the list under way has not named yet.
    unnamed: HashSet<RepositoryRef>,
    slices: SliceIndex,
    dependents: HashMap<RepositoryRef, Dependents>,
    /// Which repository each policy refers to.
    references: HashMap<PolicyRef, RepositoryRef>,
}

/// The policies that refer to one repository, which may not exist.
#[derive(Debug, Default)]
struct Dependents {
    /// What each of them knows.
    policies: HashMap<PolicyRef, Known>,
    /// Counts what the watches have said of the repository and its slices.
    changes: u64,
    /// The trace of the pass that wrote the newest slice.
    trace: Option<String>,
}

/// What a policy knows of the lists of its repository.
#[derive(Debug, Default)]
struct Known {
    /// The list that it was evaluated with, or is being evaluated with.
    evaluated: Option<ListId>,
    /// The list that it was last told of, if no pass has looked since: a policy that is suspended is told once.
    told: Option<ListId>,
}

/// What a pass sees of the repository of its policy.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// None where there is no such repository.
    pub(crate) repository: Option<Repository>,
    /// The list that the slices may add up to: their count is that of the status.
    pub(crate) list: Option<ListId>,
    /// How many changes came before.
    changes: u64,
}

impl Catalogue {
    /// Takes in what the watch of the repositories says; the policies that it concerns.
    pub(crate) fn repository_event(&self, event: &Event<ImageRepository>) -> Vec<PolicyRef> {
        let mut state = self.state.lock();
        match event {
            Event::Init => {
                state.unnamed = state.repositories.keys().cloned().collect();
                Vec::new()
            }
            Event::InitApply(object) | Event::Apply(object) => state.shown(object),
            Event::Delete(object) => state.gone(&ObjectRef::from_obj(object)),
            Event::InitDone => {
                let gone = std::mem::take(&mut state.unnamed);
                gone.iter().flat_map(|gone| state.gone(gone)).collect()
            }
        }
    }

    /// Takes in what the watch of the slices says; the policies that it concerns.
    pub(crate) fn slice_event(&self, event: &Event<ImageTagSlice>) -> Vec<PolicyRef> {
        let mut state = self.state.lock();
        let changed = match event {
            Event::Init => {
                state.slices.begin();
                Vec::new()
            }
            Event::InitApply(slice) => Vec::from_iter(state.slices.apply(slice)),
            Event::Apply(slice) => {
                let owner = state.slices.apply(slice);
                let dependents = owner.as_ref().map(reference_to);
                if let Some(dependents) = dependents.and_then(|of| state.dependents.get_mut(&of)) {
                    dependents.trace = slice.annotations().get(TRACEPARENT).cloned();
                }
                Vec::from_iter(owner)
            }
            Event::Delete(slice) => Vec::from_iter(state.slices.delete(slice)),
            Event::InitDone => state.slices.finish(),
        };
        let repositories = changed.iter().map(reference_to);
        repositories
            .flat_map(|repository| state.waiting(&repository))
            .collect()
    }

    /// What there is for a policy to be evaluated with. From now on the policy is named when something else is.
    pub(crate) fn look(&self, policy: &PolicyRef, repository: &RepositoryRef) -> Snapshot {
        let mut state = self.state.lock();
        let before = state.references.insert(policy.clone(), repository.clone());
        if let Some(before) = before.filter(|before| before != repository) {
            state.leave(policy, &before);
        }
        let list = state.list(repository);
        let dependents = state.dependents.entry(repository.clone()).or_default();
        let known = Known {
            evaluated: list.clone(),
            told: None,
        };
        dependents.policies.insert(policy.clone(), known);
        Snapshot {
            changes: dependents.changes,
            repository: state.repositories.get(repository).cloned(),
            list,
        }
    }

    /// The policy was not evaluated with what it saw, because that was no complete list. Whether there has been a change
    /// since, so that it has to look again.
    pub(crate) fn not_evaluated(&self, policy: &PolicyRef, seen: &Snapshot) -> bool {
        let mut state = self.state.lock();
        let Some(repository) = state.references.get(policy).cloned() else {
            return false;
        };
        let Some(dependents) = state.dependents.get_mut(&repository) else {
            return false;
        };
        dependents.policies.insert(policy.clone(), Known::default());
        dependents.changes != seen.changes
    }

    /// Tells the slices of a repository from what they were before, the times in them included.
    pub(crate) fn version(&self, uid: &str) -> u64 {
        let state = self.state.lock();
        let mut hasher = DefaultHasher::new();
        for version in state
            .slices
            .set(uid)
            .into_iter()
            .flat_map(SliceSet::versions)
        {
            version.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The slices of a repository as they are now.
    pub(crate) fn slices(&self, uid: &str) -> SliceSet {
        let state = self.state.lock();
        state.slices.set(uid).cloned().unwrap_or_default()
    }

    /// The trace that a pass over the policy continues, where it is the list that causes the pass.
    pub(crate) fn trace(&self, policy: &PolicyRef) -> Option<String> {
        let state = self.state.lock();
        let repository = state.references.get(policy)?;
        let dependents = state.dependents.get(repository)?;
        let known = dependents.policies.get(policy)?;
        let is_new = known.evaluated != state.list(repository);
        dependents.trace.clone().filter(|_| is_new)
    }

    /// The policy is gone.
    pub(crate) fn forget(&self, policy: &PolicyRef) {
        let mut state = self.state.lock();
        if let Some(repository) = state.references.remove(policy) {
            state.leave(policy, &repository);
        }
    }
}

impl State {
    fn shown(&mut self, object: &ImageRepository) -> Vec<PolicyRef> {
        let reference = ObjectRef::from_obj(object);
        self.unnamed.remove(&reference);
        let now = Repository::read(object);
        let before = self.repositories.get(&reference);
        let differs = before.is_none_or(|before| !before.means_the_same(&now));
        self.repositories.insert(reference.clone(), now);
        let waiting = self.waiting(&reference);
        match self.dependents.get_mut(&reference) {
            Some(dependents) if differs => {
                dependents.changes += 1;
                dependents.policies.keys().cloned().collect()
            }
            Some(_) | None => waiting,
        }
    }

    fn gone(&mut self, reference: &RepositoryRef) -> Vec<PolicyRef> {
        self.repositories.remove(reference);
        let Some(dependents) = self.dependents.get_mut(reference) else {
            return Vec::new();
        };
        dependents.changes += 1;
        dependents.policies.keys().cloned().collect()
    }

    /// The policies that were not evaluated with the list that the slices now seem to add up to.
    fn waiting(&mut self, repository: &RepositoryRef) -> Vec<PolicyRef> {
        let list = self.list(repository);
        let Some(dependents) = self.dependents.get_mut(repository) else {
            return Vec::new();
        };
        dependents.changes += 1;
        if list.is_none() {
            return Vec::new();
        }
        let policies = dependents.policies.iter_mut();
        policies
            .filter(|(_, known)| known.evaluated != list && known.told != list)
            .map(|(policy, known)| {
                known.told.clone_from(&list);
                policy.clone()
            })
            .collect()
    }

    /// The list that a repository's status speaks of, if it is one of the image that its spec names, and its slices hold as
    /// many tags.
    fn list(&self, repository: &RepositoryRef) -> Option<ListId> {
        let repository = self.repositories.get(repository)?;
        let list = repository.list.as_ref()?;
        let held = self.slices.set(&list.uid).map_or(0, SliceSet::tag_count);
        let complete = i64::try_from(held) == Ok(list.result.tag_count);
        complete.then(|| list.clone())
    }

    fn leave(&mut self, policy: &PolicyRef, repository: &RepositoryRef) {
        if let Some(dependents) = self.dependents.get_mut(repository) {
            dependents.policies.remove(policy);
            if dependents.policies.is_empty() {
                self.dependents.remove(repository);
            }
        }
    }
}

fn reference_to(owner: &Owner) -> RepositoryRef {
    ObjectRef::new(&owner.name).within(&owner.namespace)
}

#[cfg(test)]
mod tests;
