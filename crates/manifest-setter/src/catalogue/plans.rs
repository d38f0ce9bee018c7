//! The plans of one automation, as far as it depends on them.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use api::annotations::AFTER;
use api::conditions::READY;
use api::repin::v1alpha1::{ImageUpdatePlan, Phase};
use api::{Condition, Time};
use kube::ResourceExt as _;
use tokio::time::Instant;

/// What is kept of an ImageUpdatePlan: not its edits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KnownPlan {
    pub(crate) name: String,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    /// Name and uid of the automation.
    pub(crate) automation: (String, String),
    pub(crate) sequence: i64,
    /// The plan that its name was made with.
    pub(crate) after: Option<String>,
    pub(crate) phase: Phase,
    /// Message of Ready; empty where nobody has said anything.
    pub(crate) message: String,
    /// Whether git-writer has begun to push it, and what it pushed may have landed.
    pub(crate) prepared: bool,
    /// The commit pushed.
    pub(crate) commit: Option<String>,
    pub(crate) pushed_time: Option<Time>,
    /// Since when the phase is what it is.
    pub(crate) phase_time: Option<Time>,
    pub(crate) branch: String,
    pub(crate) base: String,
    pub(crate) refspec: Option<String>,
    /// The commit message.
    pub(crate) text: String,
    /// When this process saw it first.
    pub(crate) seen: Instant,
    /// When this process saw it end; not where it had ended before.
    pub(crate) ended: Option<Instant>,
}

impl KnownPlan {
    pub(crate) fn read(plan: &ImageUpdatePlan, before: Option<&Arc<Self>>) -> Self {
        let (spec, status) = (&plan.spec, plan.status.as_ref());
        let before = before.filter(|before| before.uid == plan.uid());
        let ready = status.and_then(|status| ready(&status.conditions));
        let phase = plan.phase();
        let now = Instant::now();
        let ends_now = before.is_some_and(|before| !before.is_ended()) && phase.is_ended();
        Self {
            name: plan.name_any(),
            uid: plan.uid(),
            resource_version: plan.resource_version(),
            automation: (
                spec.automation_ref.name.clone(),
                spec.automation_ref.uid.clone(),
            ),
            sequence: spec.sequence,
            after: plan.annotations().get(AFTER).cloned(),
            phase,
            message: ready.map(|ready| ready.message.clone()).unwrap_or_default(),
            prepared: status.is_some_and(|status| status.prepared.is_some()),
            commit: status.and_then(|status| status.commit.clone()),
            pushed_time: status.and_then(|status| status.pushed_time.clone()),
            phase_time: ready.map(|ready| ready.last_transition_time.clone()),
            branch: spec.push.branch.clone(),
            base: spec.push.base.clone(),
            refspec: spec.push.refspec.clone(),
            text: spec.message.clone(),
            seen: before.map_or(now, |before| before.seen),
            ended: before
                .and_then(|before| before.ended)
                .or_else(|| ends_now.then_some(now)),
        }
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.phase.is_ended()
    }

    /// Whether the automation need not care that the plan is like `later` now. That a push begins is no news; that it was
    /// refused is, for the plan can be taken back again.
    pub(super) fn means_the_same(&self, later: &Self) -> bool {
        let meaning = |plan: &Self| (plan.phase, plan.message.clone(), plan.commit.clone());
        let refused = self.prepared && !later.prepared;
        self.uid == later.uid && meaning(self) == meaning(later) && !refused
    }
}

fn ready(conditions: &[Condition]) -> Option<&Condition> {
    conditions.iter().find(|one| one.type_ == READY)
}

/// All plans of one automation, in the order of their sequence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plans(Vec<Arc<KnownPlan>>);

impl Plans {
    pub(crate) fn new(mut plans: Vec<Arc<KnownPlan>>) -> Self {
        plans.sort_by(|a, b| (a.sequence, &a.name).cmp(&(b.sequence, &b.name)));
        Self(plans)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<KnownPlan>> {
        self.0.iter()
    }

    /// The one of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<KnownPlan>> {
        self.iter().find(|plan| plan.name == name)
    }

    /// The newest one that has not ended.
    pub(crate) fn open(&self) -> Option<&Arc<KnownPlan>> {
        self.iter().rfind(|plan| !plan.is_ended())
    }

    /// The newest one that has ended.
    pub(crate) fn last_ended(&self) -> Option<&Arc<KnownPlan>> {
        self.iter().rfind(|plan| plan.is_ended())
    }

    /// The sequence of the next one.
    pub(crate) fn next_sequence(&self) -> i64 {
        let newest = self.iter().map(|plan| plan.sequence).max();
        newest.unwrap_or_default().max(0).saturating_add(1)
    }

    /// How long ago a commit of the automation was pushed, where this process saw that.
    pub(crate) fn pushed_ago(&self) -> Option<Duration> {
        let pushed = self.iter().filter(|plan| plan.phase == Phase::Pushed);
        pushed
            .filter_map(|plan| plan.ended)
            .max()
            .map(|at| at.elapsed())
    }

    /// The open ones that will never be written, for others have followed the one that took their place. None whose push has
    /// begun; and that which the newest one replaces ends by itself where git-writer is at work.
    pub(crate) fn overtaken(&self) -> Vec<Arc<KnownPlan>> {
        let open = self.iter().rev().filter(|plan| !plan.is_ended());
        let older = open.skip(2).filter(|plan| !plan.prepared);
        older.cloned().collect()
    }

    /// The ended ones beyond the `kept` newest, the oldest first.
    pub(crate) fn beyond(&self, kept: usize) -> Vec<Arc<KnownPlan>> {
        let mut ended: Vec<_> = self
            .iter()
            .filter(|plan| plan.is_ended())
            .cloned()
            .collect();
        ended.sort_by_key(|plan| Reverse(plan.sequence));
        let mut beyond = ended.split_off(kept.min(ended.len()));
        beyond.reverse();
        beyond
    }
}

#[cfg(test)]
impl KnownPlan {
    /// A plan that nobody has looked at, for tables.
    pub(crate) fn sample(name: &str) -> Self {
        let plan = ImageUpdatePlan::new(name, api::repin::v1alpha1::ImageUpdatePlanSpec::default());
        Self::read(&plan, None)
    }
}
