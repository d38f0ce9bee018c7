//! What the watches say of policies, GitRepositories and plans, and which automations that concerns.

mod listed;
mod plans;

use std::collections::HashMap;
use std::sync::Arc;

use api::annotations::TRACEPARENT;
use api::image::v1::{
    ImagePolicy, ImagePolicySpec, ImagePolicyStatus, ImageRef, ImageUpdateAutomation,
};
use api::repin::v1alpha1::ImageUpdatePlan;
use api::source::GitRepository;
use kube::ResourceExt as _;
use kube::core::ObjectMeta;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::Event;
use parking_lot::Mutex;

use self::listed::{Change, Listed};
pub(crate) use self::plans::{KnownPlan, Plans};

pub(crate) type AutomationRef = ObjectRef<ImageUpdateAutomation>;
type SourceRef = ObjectRef<GitRepository>;

/// All that is known; shared by the watches and the passes.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    policies: Listed<ImagePolicy, Arc<ImagePolicy>>,
    sources: Listed<GitRepository, Arc<GitRepository>>,
    plans: Listed<ImageUpdatePlan, Arc<KnownPlan>>,
    /// The plans of each automation, by its uid and their names.
    plans_of: HashMap<String, HashMap<String, Arc<KnownPlan>>>,
    /// The automations that a pass has looked at.
    automations: HashMap<AutomationRef, Met>,
}

/// What an automation depends on.
#[derive(Debug, Default)]
struct Met {
    source: Option<SourceRef>,
    /// Namespace and name of the Secrets behind its source.
    secrets: Vec<(String, String)>,
    /// The trace of what changed a policy of it.
    trace: Option<String>,
}

/// The policies that exist, from an automation's point of view.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    /// Those of its namespace.
    pub(crate) own: Vec<Arc<ImagePolicy>>,
    /// Those of other namespaces.
    pub(crate) others: Vec<Arc<ImagePolicy>>,
}

impl Catalogue {
    /// Takes in what the watch of the policies says; the automations that it concerns.
    pub(crate) fn policy_event(&self, event: &Event<ImagePolicy>) -> Vec<AutomationRef> {
        let mut state = self.state.lock();
        let trace = match event {
            Event::Apply(policy) => policy.annotations().get(TRACEPARENT).cloned(),
            _ => None,
        };
        let changes = state
            .policies
            .take_in(event, |policy, _| Arc::new(lean(policy)));
        let concerned: Vec<_> = changes
            .iter()
            .flat_map(|change| state.users_of_policy(change))
            .collect();
        for automation in &concerned {
            if let Some(met) = state.automations.get_mut(automation) {
                met.trace.clone_from(&trace);
            }
        }
        concerned
    }

    /// Takes in what the watch of the GitRepositories says; the automations that it concerns.
    pub(crate) fn source_event(&self, event: &Event<GitRepository>) -> Vec<AutomationRef> {
        let mut state = self.state.lock();
        let changes = state
            .sources
            .take_in(event, |source, _| Arc::new(spec_of(source)));
        let version = |source: &Option<Arc<GitRepository>>| {
            source
                .as_ref()
                .map(|source| (source.uid(), source.metadata.generation))
        };
        let newer = changes
            .iter()
            .filter(|change| version(&change.before) != version(&change.now));
        newer
            .flat_map(|change| state.users_of_source(&change.object))
            .collect()
    }

    /// Takes in what the watch of the plans says; the automations that it concerns.
    pub(crate) fn plan_event(&self, event: &Event<ImageUpdatePlan>) -> Vec<AutomationRef> {
        let mut state = self.state.lock();
        let read = |plan: &_, before: Option<&_>| Arc::new(KnownPlan::read(plan, before));
        let changes = state.plans.take_in(event, read);
        let mut concerned = Vec::new();
        for change in changes {
            state.index(&change);
            concerned.extend(concerned_by(&change));
        }
        concerned.retain(|automation| state.automations.contains_key(automation));
        concerned
    }

    /// This process has made a plan.
    pub(crate) fn made(&self, plan: &ImageUpdatePlan) {
        let mut state = self.state.lock();
        let reference = ObjectRef::from_obj(plan);
        if state.plans.get(&reference).is_none() {
            let known = Arc::new(KnownPlan::read(plan, None));
            let change = state.plans.set(reference, known);
            state.index(&change);
        }
    }

    /// From now on the automation is named when its source, or a policy, changes.
    pub(crate) fn meet(&self, automation: &AutomationRef, source: Option<SourceRef>) {
        let mut state = self.state.lock();
        state
            .automations
            .entry(automation.clone())
            .or_default()
            .source = source;
    }

    /// Notes which Secrets an automation is reached with.
    pub(crate) fn uses(&self, automation: &AutomationRef, secrets: Vec<(String, String)>) {
        let mut state = self.state.lock();
        state
            .automations
            .entry(automation.clone())
            .or_default()
            .secrets = secrets;
    }

    /// The automations that are reached with a Secret.
    pub(crate) fn users_of_secret(&self, namespace: &str, name: &str) -> Vec<AutomationRef> {
        let state = self.state.lock();
        let is_it = |secret: &(String, String)| secret.0 == namespace && secret.1 == name;
        let users = state.automations.iter();
        let users = users.filter(|(_, met)| met.secrets.iter().any(is_it));
        users.map(|(automation, _)| automation.clone()).collect()
    }

    pub(crate) fn forget(&self, automation: &AutomationRef) {
        self.state.lock().automations.remove(automation);
    }

    pub(crate) fn policies(&self, namespace: &str) -> Policies {
        let state = self.state.lock();
        let all = state.policies.all().cloned();
        let (own, others) =
            all.partition(|policy| policy.metadata.namespace.as_deref() == Some(namespace));
        Policies { own, others }
    }

    pub(crate) fn source(&self, source: &SourceRef) -> Option<Arc<GitRepository>> {
        self.state.lock().sources.get(source).cloned()
    }

    /// The plans of the automation with this uid.
    pub(crate) fn plans(&self, uid: &str) -> Plans {
        let state = self.state.lock();
        let plans = state.plans_of.get(uid);
        Plans::new(
            plans
                .into_iter()
                .flat_map(HashMap::values)
                .cloned()
                .collect(),
        )
    }

    /// Whether a plan of this name is known as that of another automation than the one with this uid.
    pub(crate) fn is_of_another(&self, (namespace, name): (&str, &str), uid: &str) -> bool {
        let state = self.state.lock();
        let plan = state.plans.get(&ObjectRef::new(name).within(namespace));
        plan.is_some_and(|plan| plan.automation.1 != uid)
    }

    /// The trace that the next pass over the automation continues: told once.
    pub(crate) fn trace(&self, automation: &AutomationRef) -> Option<String> {
        let mut state = self.state.lock();
        state.automations.get_mut(automation)?.trace.take()
    }
}

impl State {
    /// The automations that a change of a policy may lead to another decision of: of its own namespace, and of all others
    /// where it lets others in.
    fn users_of_policy(
        &self,
        change: &Change<ImagePolicy, Arc<ImagePolicy>>,
    ) -> Vec<AutomationRef> {
        let Some(now) = &change.now else {
            return Vec::new();
        };
        if change.before.as_ref().is_some_and(|before| before == now) || latest(now).is_none() {
            return Vec::new();
        }
        let lets_in = |policy: &Arc<ImagePolicy>| policy.spec.access_from.is_some();
        let lets_in = lets_in(now) || change.before.as_ref().is_some_and(lets_in);
        let all = self.automations.keys();
        let concerned =
            all.filter(|automation| lets_in || automation.namespace == change.object.namespace);
        concerned.cloned().collect()
    }

    fn users_of_source(&self, source: &SourceRef) -> Vec<AutomationRef> {
        let all = self.automations.iter();
        let users = all.filter(|(_, met)| met.source.as_ref() == Some(source));
        users.map(|(automation, _)| automation.clone()).collect()
    }

    fn index(&mut self, change: &Change<ImageUpdatePlan, Arc<KnownPlan>>) {
        if let Some(before) = &change.before
            && let Some(plans) = self.plans_of.get_mut(&before.automation.1)
        {
            plans.remove(&before.name);
            if plans.is_empty() {
                self.plans_of.remove(&before.automation.1);
            }
        }
        if let Some(now) = &change.now {
            let plans = self.plans_of.entry(now.automation.1.clone()).or_default();
            plans.insert(now.name.clone(), Arc::clone(now));
        }
    }
}

/// The automation that a change of a plan is news for.
fn concerned_by(change: &Change<ImageUpdatePlan, Arc<KnownPlan>>) -> Option<AutomationRef> {
    let plan = match (&change.before, &change.now) {
        (Some(before), Some(now)) => (!before.means_the_same(now)).then_some(now),
        (None, Some(now)) => Some(now),
        (Some(before), None) => (!before.is_ended()).then_some(before),
        (None, None) => None,
    }?;
    let namespace = change.object.namespace.as_deref().unwrap_or_default();
    Some(ObjectRef::new(&plan.automation.0).within(namespace))
}

fn latest(policy: &ImagePolicy) -> Option<&ImageRef> {
    policy.status.as_ref()?.latest_ref.as_ref()
}

/// What an automation depends on of a policy.
fn lean(policy: &ImagePolicy) -> ImagePolicy {
    let meta = &policy.metadata;
    ImagePolicy {
        metadata: ObjectMeta {
            name: meta.name.clone(),
            namespace: meta.namespace.clone(),
            uid: meta.uid.clone(),
            labels: meta.labels.clone(),
            ..ObjectMeta::default()
        },
        spec: ImagePolicySpec {
            access_from: policy.spec.access_from.clone(),
            ..ImagePolicySpec::default()
        },
        status: Some(ImagePolicyStatus {
            latest_ref: latest(policy).cloned(),
            ..ImagePolicyStatus::default()
        }),
    }
}

/// A GitRepository without what others say of it.
fn spec_of(source: &GitRepository) -> GitRepository {
    let meta = &source.metadata;
    GitRepository {
        metadata: ObjectMeta {
            name: meta.name.clone(),
            namespace: meta.namespace.clone(),
            uid: meta.uid.clone(),
            generation: meta.generation,
            ..ObjectMeta::default()
        },
        spec: source.spec.clone(),
    }
}

#[cfg(test)]
mod tests;
