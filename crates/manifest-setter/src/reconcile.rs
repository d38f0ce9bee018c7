//! One pass over one ImageUpdateAutomation: the table of contents.

use std::sync::Arc;
use std::time::Duration;

use api::image::v1::{ImageUpdateAutomation, ImageUpdateAutomationStatus};
use api::repin::v1alpha1::ImageUpdatePlan;
use api::source::GitRepository;
use controller_runtime::{Done, Notice, Pass, Reconciler};
use git_access::{Access, Cluster};
use kube::runtime::reflector::ObjectRef;
use kube::{Client, ResourceExt};

use crate::catalogue::{AutomationRef, Catalogue, Plans};
use crate::decide::{Rules, Step};
use crate::memory::{Memory, Version};
use crate::metrics::{By, Metrics};
use crate::observe::{Source, Usable};
use crate::pass_error::PassError;
use crate::read::{Reader, Work};
use crate::status::{Looked, Outcome, Scene};
use crate::turns::{Turn, Turns};
use crate::{Heads, apply, decide, observe, status};

/// When a plan is looked at again that has changed while it was to be taken back.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a decision is named anew because its name is taken.
const NAMES: usize = 3;

/// What all passes share.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) field_manager: &'static str,
    /// Secrets, ServiceAccounts and their tokens.
    pub(crate) cluster: Cluster,
    pub(crate) access: Access,
    pub(crate) reader: Reader,
    pub(crate) turns: Turns,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) metrics: Metrics,
    pub(crate) no_cross_namespace: bool,
    /// The keys of the labels that select the automations of this process.
    pub(crate) shard_labels: Vec<String>,
    /// For how long changes are gathered.
    pub(crate) window: Duration,
    /// How long nothing is said of a plan that nobody takes up.
    pub(crate) patience: Duration,
}

impl Reconciler for Context {
    type Object = ImageUpdateAutomation;

    async fn pass(
        &self,
        automation: Arc<ImageUpdateAutomation>,
        pass: &Pass,
    ) -> Done<ImageUpdateAutomationStatus> {
        let reference = ObjectRef::from_obj(&*automation);
        // First: what becomes of its plans from now on leads to another pass.
        let named = observe::reference(self, (&reference, &automation));
        let plans = self.plans_of(&automation);
        if pass.requested.is_some() {
            // Until somebody has asked the server, also where this pass fails before that.
            self.memory.forget(&reference);
            self.memory.request(&reference);
        }
        let task = Task {
            reference: &reference,
            automation: &automation,
            plans: &plans,
            pass,
            rules: Rules {
                window: self.window,
                interval: interval(&automation),
                requested: self.memory.is_requested(&reference),
                now: &pass.now,
            },
        };
        let place = self.turns.place(&reference);
        let outcome = self.outcome(&task, named).await;
        match outcome {
            Ok(Outcome::Queued) => place.keep(),
            Ok(Outcome::Held(_)) | Err(_) => drop(place),
            Ok(_) => self.memory.decided(&reference),
        }
        if outcome.as_ref().is_err_and(PassError::is_of_git) {
            self.memory.forget(&reference);
        }
        let namespace = automation.namespace().unwrap_or_default();
        apply::clear(self, &namespace, &plans, &pass.claims).await;
        let scene = Scene {
            automation: &automation,
            now: &pass.now,
            requested: pass.requested.is_some(),
            progress: &pass.progress.last(),
            plans: &plans,
            rest: self.rest(&reference, &automation),
            patience: self.patience,
        };
        status::done(&scene, outcome)
    }

    fn forget(&self, automation: &ObjectRef<ImageUpdateAutomation>) {
        self.catalogue.forget(automation);
        self.memory.forget(automation);
        self.memory.decided(automation);
        self.turns.leave(automation);
        let namespace = automation.namespace.as_deref().unwrap_or_default();
        self.metrics.forget(namespace, &automation.name);
    }

    fn traceparent(&self, automation: &ImageUpdateAutomation) -> Option<String> {
        self.catalogue.trace(&ObjectRef::from_obj(automation))
    }

    fn notices(
        &self,
        automation: &ImageUpdateAutomation,
        before: &ImageUpdateAutomationStatus,
        usual: Option<Notice>,
    ) -> Vec<Notice> {
        let after = automation.status.clone().unwrap_or_default();
        status::notices::of(before, &after, &self.plans_of(automation), usual)
    }
}

/// One pass over one automation.
#[derive(Clone, Copy)]
struct Task<'a> {
    reference: &'a AutomationRef,
    automation: &'a Arc<ImageUpdateAutomation>,
    /// Its plans when the pass began.
    plans: &'a Plans,
    pass: &'a Pass,
    rules: Rules<'a>,
}

impl Context {
    async fn outcome(
        &self,
        task: &Task<'_>,
        named: Result<ObjectRef<GitRepository>, PassError>,
    ) -> Result<Outcome, PassError> {
        let asker = (task.reference, &**task.automation);
        api::safeguards::approval(task.automation).map_err(PassError::Safeguard)?;
        let usable = Arc::new(observe::policies(self, task.automation).await?);
        let source = observe::source(self, asker, &named?).await?;
        let Some(turn) = self.turns.take(source.remote.key(), task.reference) else {
            return Ok(Outcome::Queued);
        };
        let turn = Arc::new(turn);
        let mut after = decide::after(task.plans, &task.rules);
        let mut known = self.known(task, &source);
        for _ in 0..NAMES {
            let using = (&source, &usable, Arc::clone(&turn));
            let found = self.look(task, using, (known, after.clone())).await?;
            known = Some(found.heads.clone());
            let wanted = found.plan.as_ref().map(ResourceExt::name_any);
            match decide::next(task.plans, wanted.as_deref(), &task.rules) {
                Step::Again(name) => after = Some(name),
                step => {
                    drop(turn);
                    let looked = looked(&source, &usable, &found);
                    return self.act(task, step, looked, (found.plan, after)).await;
                }
            }
        }
        // Names come and go under our hands.
        Ok(Outcome::Held(task.rules.window))
    }

    fn known(&self, task: &Task<'_>, source: &Source) -> Option<Heads> {
        let version = Version::of(task.automation, &source.object);
        let about = (&version, &source.target);
        let until = (task.plans, task.rules.interval);
        self.memory.heads(task.reference, about, until)
    }

    /// Reads the repository, from the heads that are known or those that the server tells.
    async fn look(
        &self,
        task: &Task<'_>,
        (source, usable, turn): (&Source, &Arc<Usable>, Arc<Turn>),
        (known, after): (Option<Heads>, Option<String>),
    ) -> Result<crate::Pass, PassError> {
        let work = Work {
            automation: Arc::clone(task.automation),
            source: source.clone(),
            usable: Arc::clone(usable),
            known: known.clone(),
            sequence: task.plans.next_sequence(),
            after,
            now: task.pass.now.clone(),
        };
        let progress = &task.pass.progress;
        let found = self.reader.plan((work, turn), progress).await?;
        let asked = known.as_ref() != Some(&found.heads);
        self.metrics
            .decided(if asked { By::Server } else { By::Known });
        let version = Version::of(task.automation, &source.object);
        self.memory
            .learn(task.reference, version, (&found.heads, asked), task.plans);
        let namespace = task.automation.namespace().unwrap_or_default();
        self.metrics.found(
            &namespace,
            &task.automation.name_any(),
            found.findings.len(),
        );
        Ok(found)
    }

    async fn act(
        &self,
        task: &Task<'_>,
        step: Step,
        looked: Looked,
        (plan, after): (Option<ImageUpdatePlan>, Option<String>),
    ) -> Result<Outcome, PassError> {
        let claims = &task.pass.claims;
        match (step, plan) {
            (Step::Nothing { withdraw }, _) => {
                let namespace = task.automation.namespace().unwrap_or_default();
                if !apply::withdraw(self, &namespace, &withdraw, claims).await? {
                    return Ok(Outcome::Held(AGAIN));
                }
                let mut open = task.plans.iter().filter(|plan| !plan.is_ended());
                let under_way = open.rfind(|plan| !withdraw.contains(plan));
                Ok(under_way.map_or(Outcome::UpToDate(looked), |plan| {
                    Outcome::Open(Arc::clone(plan))
                }))
            }
            (Step::Wait(plan), _) => Ok(Outcome::Open(plan)),
            (Step::Refused(plan), _) => Ok(Outcome::Refused(plan)),
            (Step::Hold(rest), _) => Ok(Outcome::Held(rest)),
            (Step::Create | Step::Again(_), Some(plan)) => {
                apply::create(self, task.automation, (plan, after), claims).await?;
                Ok(Outcome::Made)
            }
            (Step::Create | Step::Again(_), None) => Ok(Outcome::UpToDate(looked)),
        }
    }

    fn plans_of(&self, automation: &ImageUpdateAutomation) -> Plans {
        self.catalogue.plans(&automation.uid().unwrap_or_default())
    }

    /// How long until the server is asked again.
    fn rest(
        &self,
        reference: &AutomationRef,
        automation: &ImageUpdateAutomation,
    ) -> Option<Duration> {
        let asked = self.memory.asked_ago(reference).unwrap_or_default();
        interval(automation).map(|interval| interval.saturating_sub(asked))
    }
}

fn looked(source: &Source, usable: &Usable, found: &crate::Pass) -> Looked {
    Looked {
        revision: status::revision(&source.target, &found.heads),
        observed: usable.observed.clone(),
        findings: found.findings.clone(),
    }
}

/// `spec.interval`; none where it is zero.
fn interval(automation: &ImageUpdateAutomation) -> Option<Duration> {
    Some(automation.spec.interval.to_std()).filter(|interval| !interval.is_zero())
}
