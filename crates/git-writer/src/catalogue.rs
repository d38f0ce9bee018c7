//! Which plans there are, and which of them a change of something else concerns.

use std::collections::HashMap;

use api::repin::v1alpha1::{ImageUpdatePlan, Phase};
use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use parking_lot::Mutex;

use crate::changes::Name;
use crate::turns::PlanRef;

/// The plans as the watch has shown them; shared by watches and passes.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    plans: Mutex<HashMap<PlanRef, Known>>,
}

/// What is known of a plan.
#[derive(Clone, Debug)]
struct Known {
    /// Uid of its automation.
    automation: String,
    automation_name: Name,
    source: Name,
    sequence: i64,
    phase: Phase,
    /// Whether it was found to be its automation's.
    genuine: bool,
    /// The Secrets that the last pass read.
    secrets: Vec<Name>,
}

impl Catalogue {
    /// A plan is there, or has changed; the plans that it supersedes.
    pub(crate) fn shown(&self, plan: &ImageUpdatePlan) -> Vec<PlanRef> {
        let mut plans = self.plans.lock();
        let mut known = Known::of(plan);
        if let Some(before) = plans.get(&ObjectRef::from_obj(plan)) {
            known.secrets.clone_from(&before.secrets);
            known.genuine |= before.genuine;
        }
        let before = plans.insert(ObjectRef::from_obj(plan), known.clone());
        let superseded = plans.iter().filter(|(_, other)| {
            before.is_none() && !other.phase.is_ended() && known.replaces(other)
        });
        superseded.map(|(plan, _)| plan.clone()).collect()
    }

    /// The name of the plan that takes the place of this one: of the same automation, with the highest number above its own.
    pub(crate) fn newer(&self, plan: &ImageUpdatePlan) -> Option<String> {
        let plans = self.plans.lock();
        let own = Known::of(plan);
        let newer = plans.iter().filter(|(_, other)| other.replaces(&own));
        newer
            .max_by_key(|(_, other)| other.sequence)
            .map(|(newer, _)| newer.name.clone())
    }

    /// The plan is its automation's.
    pub(crate) fn is_genuine(&self, plan: &ImageUpdatePlan) {
        if let Some(known) = self.plans.lock().get_mut(&ObjectRef::from_obj(plan)) {
            known.genuine = true;
        }
    }

    /// Whether the plan was its automation's when it was looked at before.
    pub(crate) fn was_genuine(&self, plan: &ImageUpdatePlan) -> bool {
        let plans = self.plans.lock();
        let known = plans.get(&ObjectRef::from_obj(plan));
        known.is_some_and(|known| known.genuine)
    }

    /// The plan is looked at again when one of these Secrets changes.
    pub(crate) fn reads(&self, plan: &ImageUpdatePlan, secrets: Vec<Name>) {
        if let Some(known) = self.plans.lock().get_mut(&ObjectRef::from_obj(plan)) {
            known.secrets = secrets;
        }
    }

    /// The open plan of this name.
    pub(crate) fn named(&self, (namespace, name): &Name) -> Vec<PlanRef> {
        let wanted = ObjectRef::new(name).within(namespace);
        self.open(|plan, _| *plan == wanted)
    }

    /// The open plans of an automation.
    pub(crate) fn of_automation(&self, automation: &Name) -> Vec<PlanRef> {
        self.open(|_, known| known.automation_name == *automation)
    }

    /// The open plans of a GitRepository.
    pub(crate) fn of_source(&self, source: &Name) -> Vec<PlanRef> {
        self.open(|_, known| known.source == *source)
    }

    /// The open plans that read a Secret.
    pub(crate) fn of_secret(&self, secret: &Name) -> Vec<PlanRef> {
        self.open(|_, known| known.secrets.contains(secret))
    }

    /// The plan is gone.
    pub(crate) fn forget(&self, plan: &PlanRef) {
        self.plans.lock().remove(plan);
    }

    fn open(&self, wanted: impl Fn(&PlanRef, &Known) -> bool) -> Vec<PlanRef> {
        let plans = self.plans.lock();
        let found = plans
            .iter()
            .filter(|(plan, known)| !known.phase.is_ended() && wanted(plan, known));
        found.map(|(plan, _)| plan.clone()).collect()
    }
}

impl Known {
    /// Whether it takes the place of another one: it is of the same automation, which is in its namespace, and was made after
    /// it. One that was refused as somebody else's does not.
    fn replaces(&self, other: &Self) -> bool {
        let refused = self.phase == Phase::Failed && !self.genuine;
        let same = self.automation == other.automation
            && self.automation_name.0 == other.automation_name.0;
        same && self.sequence > other.sequence && !refused
    }

    fn of(plan: &ImageUpdatePlan) -> Self {
        let spec = &plan.spec;
        let namespace = plan.namespace().unwrap_or_default();
        Self {
            automation: spec.automation_ref.uid.clone(),
            automation_name: (namespace, spec.automation_ref.name.clone()),
            source: (
                spec.source_ref.namespace.clone(),
                spec.source_ref.name.clone(),
            ),
            sequence: spec.sequence,
            phase: plan.phase(),
            // Both come after the check.
            genuine: plan.phase() == Phase::AwaitingApproval
                || plan
                    .status
                    .as_ref()
                    .is_some_and(|status| status.prepared.is_some()),
            secrets: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
