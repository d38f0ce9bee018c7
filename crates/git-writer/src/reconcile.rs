//! One pass over one ImageUpdatePlan: the table of contents.

use std::sync::Arc;
use std::time::Duration;

use api::image::v1::{Approval, ImageUpdateAutomation};
use api::repin::v1alpha1::{ImageUpdatePlan, ImageUpdatePlanStatus};
use api::safeguards;
use api::source::GitRepository;
use controller_runtime::{Done, Pass, Reconciler, Triggers};
use git_access::{Access, AccessError, Cluster, Purpose, Question, Target};
use git_remote::{Cache, Remote};
use kube::{Client, ResourceExt as _};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::apply::{self, Work};
use crate::catalogue::Catalogue;
use crate::consent::consent;
use crate::metrics::Metrics;
use crate::recorder::Recorder;
use crate::settle::Overtaken;
use crate::status::{self, Outcome};
use crate::trouble::Trouble;
use crate::turns::{Lane, PlanRef, Turns};
use crate::{observe, signing, verify};

/// How long a push may go on once the process is to end: two pushes with the timeout that GitRepositories have by default,
/// or those of one with a timeout of its own. Less than the grace that the Pod has.
const GRACE: Duration = Duration::from_secs(130);

/// What all passes share.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) cluster: Cluster,
    pub(crate) access: Access,
    pub(crate) cache: Cache,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) turns: Turns,
    pub(crate) triggers: Triggers<ImageUpdatePlan>,
    pub(crate) no_cross_namespace: bool,
    pub(crate) shutdown: CancellationToken,
    pub(crate) metrics: Metrics,
}

/// An automation, and what follows from it.
struct Bound {
    automation: ImageUpdateAutomation,
    source: GitRepository,
    target: Target,
}

impl Reconciler for Context {
    type Object = ImageUpdatePlan;

    async fn pass(&self, plan: Arc<ImageUpdatePlan>, pass: &Pass) -> Done<ImageUpdatePlanStatus> {
        let recorder = self.recorder(&plan, pass);
        let place = self.turns.place(PlanRef::from_obj(&*plan));
        let outcome = self.outcome(&plan, &recorder).await;
        let outcome =
            outcome.unwrap_or_else(|trouble| Outcome::Trouble(trouble.fate(), trouble.to_string()));
        if matches!(outcome, Outcome::Queued(_)) {
            place.keep();
        }
        status::done(&plan, recorder.last(), outcome)
    }

    fn grace(&self) -> Duration {
        GRACE
    }

    fn shown(&self, plan: &ImageUpdatePlan) {
        for superseded in self.catalogue.shown(plan) {
            self.triggers.send(superseded);
        }
    }

    fn forget(&self, plan: &PlanRef) {
        self.catalogue.forget(plan);
        self.turns.leave(plan);
        let namespace = plan.namespace.as_deref().unwrap_or_default();
        self.metrics.tokens.forget(namespace, &plan.name);
    }
}

impl Context {
    async fn outcome(
        &self,
        plan: &Arc<ImageUpdatePlan>,
        recorder: &Recorder,
    ) -> Result<Outcome, Trouble> {
        if plan.is_ended() {
            return Ok(Outcome::Ended);
        }
        let newer = self.catalogue.newer(plan);
        let newer = match newer {
            Some(newer) if recorder.last().is_none() => return Ok(Outcome::Replaced(newer)),
            newer => newer.map(Overtaken::Replaced),
        };
        let automation = observe::automation(&self.client, plan).await?;
        let approval = safeguards::approval(&automation).map_err(Trouble::Safeguard)?;
        let bound = self.bound(automation).await?;
        match self.check(plan, &bound, approval) {
            // What was begun when they said the same may have landed.
            Err(Trouble::Outdated(differs)) if recorder.last().is_some() => {
                let outdated = Overtaken::Outdated(differs);
                return self.write(plan, &bound, (recorder, Some(outdated))).await;
            }
            checked => checked?,
        }
        if bound.automation.spec.suspend {
            return Ok(Outcome::Suspended(bound.automation.name_any()));
        }
        if plan.spec.approval == Approval::Required {
            let approval = observe::approval(&self.client, plan).await?;
            if let Err(lack) = consent(plan, approval.as_ref()) {
                return Ok(Outcome::AwaitsApproval(lack));
            }
        }
        self.write(plan, &bound, (recorder, newer)).await
    }

    async fn bound(&self, automation: ImageUpdateAutomation) -> Result<Bound, Trouble> {
        let source = observe::source(&self.client, &automation, self.no_cross_namespace).await?;
        let target = Target::resolve(&automation, &source);
        let target = target.map_err(|error| Trouble::Access(AccessError::Target(error)))?;
        Ok(Bound {
            automation,
            source,
            target,
        })
    }

    /// The plan is not believed: everything is derived from its automation again.
    fn check(
        &self,
        plan: &ImageUpdatePlan,
        bound: &Bound,
        approval: Approval,
    ) -> Result<(), Trouble> {
        let (automation, source) = (&bound.automation, &bound.source);
        verify(plan, automation, source, &bound.target, approval).map_err(|differs| {
            if self.catalogue.was_genuine(plan) {
                Trouble::Outdated(differs)
            } else {
                Trouble::Forged(differs)
            }
        })?;
        self.catalogue.is_genuine(plan);
        Ok(())
    }

    async fn write(
        &self,
        plan: &Arc<ImageUpdatePlan>,
        bound: &Bound,
        (recorder, overtaken): (&Recorder, Option<Overtaken>),
    ) -> Result<Outcome, Trouble> {
        // A plan that is not its automation's any more is looked after, and not pushed.
        let purpose = match overtaken {
            Some(Overtaken::Outdated(_)) => Purpose::Read,
            Some(Overtaken::Replaced(_)) | None => Purpose::Push,
        };
        let remote = self.remote(plan, bound, purpose).await?;
        let lane = Lane {
            repository: remote.key(),
            branch: plan.spec.push.branch.clone(),
        };
        let turn = match self.turns.take(lane, plan) {
            Ok(turn) => turn,
            Err(queued) => return Ok(Outcome::Queued(queued)),
        };
        let signer = match overtaken {
            Some(_) => None,
            None => observe::signer(&self.cluster, &bound.automation).await?,
        };
        let work = Work {
            plan: Arc::clone(plan),
            remote,
            cache: self.cache.clone(),
            signer,
            recorder: recorder.clone(),
            overtaken,
        };
        apply::write(work, turn, &self.metrics).await
    }

    /// The repository, as who may use it for this. The plan is looked at again when what is read for that changes.
    async fn remote(
        &self,
        plan: &ImageUpdatePlan,
        bound: &Bound,
        purpose: Purpose,
    ) -> Result<Remote, Trouble> {
        let question = Question {
            source: &bound.source,
            automation: &bound.automation,
            purpose,
        };
        let mut secrets = git_access::secrets(&question);
        secrets.extend(signing::secret_of(&bound.automation).map(|(name, _)| name));
        self.catalogue.reads(plan, secrets);
        let count = |event| {
            let namespace = plan.namespace().unwrap_or_default();
            let tokens = &self.metrics.tokens;
            tokens.asked(&namespace, &plan.name_any(), event);
        };
        let access = &self.access;
        let remote = access.remote_with(&question, &self.cluster, count).await;
        remote.map_err(Trouble::Access)
    }

    fn recorder(&self, plan: &ImageUpdatePlan, pass: &Pass) -> Recorder {
        let status = plan.status.clone().unwrap_or_default();
        Recorder {
            stored: Arc::new(Mutex::new(status.prepared.clone())),
            status,
            checkpoints: pass.checkpoints.clone(),
            claims: pass.claims.clone(),
            shutdown: self.shutdown.clone(),
            runtime: Handle::current(),
        }
    }
}
