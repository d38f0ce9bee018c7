//! Who may push to which branch: one plan at a time per repository and branch, in the order of their creation.
//!
//! A plan that has to wait holds no thread: its pass ends, and it is looked at again when the branch is free.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use api::repin::v1alpha1::ImageUpdatePlan;
use controller_runtime::Triggers;
use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use parking_lot::Mutex;
use tokio::time::Instant;

pub(crate) type PlanRef = ObjectRef<ImageUpdatePlan>;

/// A branch of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    /// The repository, as `Remote::key()` tells them apart.
    pub(crate) repository: String,
    /// Short name of the branch.
    pub(crate) branch: String,
}

/// The place of a plan among others: older ones first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Seconds since 1970.
    created: i64,
    sequence: i64,
    namespace: String,
    name: String,
}

/// All branches that somebody pushes to or waits for. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    lanes: Arc<Mutex<HashMap<Lane, Queue>>>,
    triggers: Triggers<ImageUpdatePlan>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Who pushes.
    holder: Option<PlanRef>,
    /// Who waits, since when.
    waiting: BTreeMap<Rank, Instant>,
}

/// The right to push to a branch, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    lane: Lane,
}

/// The place of a plan among those that wait, which it gives up when this is dropped: also where its pass breaks down.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    turns: &'a Turns,
    plan: PlanRef,
    kept: bool,
}

/// Another plan comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Queued {
    /// That plan, `namespace/name`.
    pub(crate) behind: String,
    /// For how long it has been so.
    pub(crate) waited: Duration,
}

impl Turns {
    /// `triggers` asks for another look at a plan whose turn it is.
    pub(crate) fn new(triggers: Triggers<ImageUpdatePlan>) -> Self {
        Self {
            lanes: Arc::default(),
            triggers,
        }
    }

    /// The turn of `plan`, if the branch is free and no older plan waits for it. Else the plan waits from now on, until it
    /// takes its turn or [leaves](Self::leave).
    pub(crate) fn take(&self, lane: Lane, plan: &ImageUpdatePlan) -> Result<Turn, Queued> {
        let rank = Rank::of(plan);
        let mut lanes = self.lanes.lock();
        // Its repository may have got another address since it began to wait.
        self.withdraw(&mut lanes, &ObjectRef::from_obj(plan), Some(&lane));
        let queue = lanes.entry(lane.clone()).or_default();
        let since = *queue
            .waiting
            .entry(rank.clone())
            .or_insert_with(Instant::now);
        let first = queue.waiting.keys().next();
        let behind = match (&queue.holder, first) {
            (Some(holder), _) => full_name(holder),
            (None, Some(first)) if *first != rank => {
                self.triggers.send(first.reference());
                full_name(&first.reference())
            }
            (None, _) => {
                queue.waiting.remove(&rank);
                queue.holder = Some(ObjectRef::from_obj(plan));
                let turns = self.clone();
                return Ok(Turn { turns, lane });
            }
        };
        let waited = since.elapsed();
        Err(Queued { behind, waited })
    }

    /// The place that a plan has, or gets.
    pub(crate) fn place(&self, plan: PlanRef) -> Place<'_> {
        Place {
            turns: self,
            plan,
            kept: false,
        }
    }

    /// The plan does not wait any more: it failed, has ended, or is gone.
    pub(crate) fn leave(&self, plan: &PlanRef) {
        self.withdraw(&mut self.lanes.lock(), plan, None);
    }

    /// The plan waits for no branch any more but this one.
    fn withdraw(&self, lanes: &mut HashMap<Lane, Queue>, plan: &PlanRef, but: Option<&Lane>) {
        let others = lanes.iter_mut().filter(|(lane, _)| Some(*lane) != but);
        for (_, queue) in others {
            let before = queue.waiting.len();
            queue.waiting.retain(|rank, _| rank.reference() != *plan);
            if queue.holder.is_none() && queue.waiting.len() < before {
                self.call(queue);
            }
        }
        lanes.retain(|_, queue| queue.holder.is_some() || !queue.waiting.is_empty());
    }

    /// Asks for a look at the plan whose turn it is.
    fn call(&self, queue: &Queue) {
        if let Some(first) = queue.waiting.keys().next() {
            self.triggers.send(first.reference());
        }
    }
}

impl Place<'_> {
    /// The plan waits on.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.turns.leave(&self.plan);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lanes = self.turns.lanes.lock();
        if let Some(queue) = lanes.get_mut(&self.lane) {
            queue.holder = None;
            self.turns.call(queue);
            if queue.waiting.is_empty() {
                lanes.remove(&self.lane);
            }
        }
    }
}

impl Rank {
    fn of(plan: &ImageUpdatePlan) -> Self {
        let created = plan.creation_timestamp();
        Self {
            created: created.map_or(0, |time| time.0.as_second()),
            sequence: plan.spec.sequence,
            namespace: plan.namespace().unwrap_or_default(),
            name: plan.name_any(),
        }
    }

    fn reference(&self) -> PlanRef {
        ObjectRef::new(&self.name).within(&self.namespace)
    }
}

fn full_name(plan: &PlanRef) -> String {
    let namespace = plan.namespace.as_deref().unwrap_or_default();
    format!("{namespace}/{}", plan.name)
}

#[cfg(test)]
mod tests;
