//! Pure: from what a pass came to, to what the status says and what people are told.

pub(crate) mod notices;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::conditions::PLAN_WAITS;
use api::image::v1::{ImageRef, ImageUpdateAutomation, ImageUpdateAutomationStatus};
use api::repin::v1alpha1::Phase;
use api::{Time, reasons};
use controller_runtime::conditions::{finish, whole_seconds};
use controller_runtime::{Done, End, Next};
use git_access::{Checkout, Target};

use crate::catalogue::{KnownPlan, Plans};
use crate::findings;
use crate::pass_error::PassError;
use crate::{Finding, Heads, turns};

/// How texts about credentials and keys begin.
const SOURCE_MANAGER: &str = "failed configuring source manager: ";
/// How texts about the commit and its push begin.
const UPDATE: &str = "failed to update source: ";

/// What a pass came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Every marked value is as it should be.
    UpToDate(Looked),
    /// A plan is under way.
    Open(Arc<KnownPlan>),
    /// A plan was made.
    Made,
    /// More may change within this time.
    Held(Duration),
    /// Another automation uses the repository.
    Queued,
    /// The plan of this decision was refused.
    Refused(Arc<KnownPlan>),
}

/// What a look at the repository found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Looked {
    /// What was looked at: `branch@sha1:hash`.
    pub(crate) revision: String,
    /// The images of the policies, by name.
    pub(crate) observed: BTreeMap<String, ImageRef>,
    pub(crate) findings: Vec<Finding>,
}

/// What the status is made from beside the outcome.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) automation: &'a ImageUpdateAutomation,
    pub(crate) now: &'a Time,
    /// Whether somebody has asked for the pass.
    pub(crate) requested: bool,
    /// What it last said of its progress.
    pub(crate) progress: &'a str,
    pub(crate) plans: &'a Plans,
    /// How long until the server is asked again; none where only changes lead to that.
    pub(crate) rest: Option<Duration>,
    /// How long nothing is said of a plan that nobody takes up.
    pub(crate) patience: Duration,
}

/// How a pass ends.
pub(crate) fn done(
    scene: &Scene<'_>,
    outcome: Result<Outcome, PassError>,
) -> Done<ImageUpdateAutomationStatus> {
    let before = scene.automation.status.clone().unwrap_or_default();
    let mut status = with_pushes(before.clone(), scene.plans);
    let (end, wake) = match outcome {
        Ok(Outcome::UpToDate(looked)) => {
            let message = findings::message(&looked.findings);
            status.observed_policies = looked.observed;
            status.observed_source_revision = Some(looked.revision);
            (End::Ready { message }, None)
        }
        Ok(Outcome::Open(plan)) => open(&plan, scene.patience),
        Ok(Outcome::Made) => (End::Unchanged, Some(scene.patience)),
        Ok(Outcome::Held(rest)) => (End::Unchanged, Some(rest)),
        // Its turn sets off a pass; this is only the last resort.
        Ok(Outcome::Queued) => (End::Untried, Some(turns::PATIENCE)),
        Ok(Outcome::Refused(plan)) => (failed(&plan), None),
        Err(error) => (error.end(), None),
    };
    if is_run(scene, (&before, &status), &end) {
        status.last_automation_run_time = Some(whole_seconds(scene.now));
    }
    // Whoever waits for its turn to ask the server may be overdue.
    let rest = scene
        .rest
        .filter(|_| !matches!(end, End::Stalled { .. } | End::Untried));
    let next = wake.into_iter().chain(rest).min();
    Done {
        status,
        end,
        next: next.map_or(Next::OnChange, Next::After),
        trace_message: Some(findings::UP_TO_DATE.to_owned()),
    }
}

/// What is said of a plan that has not ended, and when to look again.
fn open(plan: &KnownPlan, patience: Duration) -> (End, Option<Duration>) {
    if plan.phase == Phase::AwaitingApproval {
        let message = format!(
            "plan '{name}' awaits approval: create an ImageUpdateApproval of that name",
            name = plan.name
        );
        let reason = reasons::plan::AWAITING_APPROVAL;
        return (End::Waiting { reason, message }, None);
    }
    if has_failed(plan) {
        return (failed(plan), None);
    }
    let rest = patience.saturating_sub(plan.seen.elapsed());
    if !plan.message.is_empty() || plan.prepared || !rest.is_zero() {
        return (End::Unchanged, Some(rest).filter(|rest| !rest.is_zero()));
    }
    let message = format!(
        "plan '{name}' is not taken up: is git-writer running?",
        name = plan.name
    );
    let reason = reasons::DEPENDENCY_NOT_READY;
    (End::Waiting { reason, message }, None)
}

/// Whether the last try to write the plan failed.
fn has_failed(plan: &KnownPlan) -> bool {
    !plan.message.is_empty() && !plan.message.starts_with(PLAN_WAITS)
}

/// What is said of a plan that could not be written. That its key or credentials are unusable has a text of its own in Flux.
fn failed(plan: &KnownPlan) -> End {
    if plan.message.starts_with(SOURCE_MANAGER) {
        return End::Waiting {
            reason: reasons::SOURCE_MANAGER_FAILED,
            message: plan.message.clone(),
        };
    }
    // Some texts of git-writer begin so themselves.
    let message = plan.message.strip_prefix(UPDATE).unwrap_or(&plan.message);
    End::Waiting {
        reason: reasons::GIT_OPERATION_FAILED,
        message: format!("{UPDATE}{message}"),
    }
}

/// The status with what was pushed since it was written.
fn with_pushes(
    mut status: ImageUpdateAutomationStatus,
    plans: &Plans,
) -> ImageUpdateAutomationStatus {
    if let Some(newest) = untold(&status, plans).last() {
        status.last_push_commit.clone_from(&newest.commit);
        status.last_push_time.clone_from(&newest.pushed_time);
    }
    status
}

/// The pushed plans that a status does not speak of yet, in their order. The commit in the status tells where that stands,
/// or its time, which has whole seconds, where that plan is no longer kept, or was not one of ours.
fn untold<'a>(status: &ImageUpdateAutomationStatus, plans: &'a Plans) -> Vec<&'a KnownPlan> {
    let pushed: Vec<&KnownPlan> = plans
        .iter()
        .map(Arc::as_ref)
        .filter(|plan| plan.phase == Phase::Pushed && plan.commit.is_some())
        .collect();
    let told = status.last_push_commit.as_ref();
    let told_at = pushed.iter().position(|plan| plan.commit.as_ref() == told);
    if let Some(at) = told_at.filter(|_| told.is_some()) {
        return pushed[at + 1..].to_vec();
    }
    let before = status.last_push_time.as_ref();
    let is_later = |plan: &&KnownPlan| {
        before.is_none_or(|before| plan.pushed_time.as_ref().is_some_and(|at| at.0 >= before.0))
    };
    pushed.into_iter().filter(is_later).collect()
}

/// Whether the pass counts as a run, which the status tells the time of: where it changes something, was asked for, or the
/// last one is an interval ago. What else leads to a pass leads to no write.
fn is_run(
    scene: &Scene<'_>,
    (before, after): (&ImageUpdateAutomationStatus, &ImageUpdateAutomationStatus),
    end: &End,
) -> bool {
    let automation = scene.automation;
    let generation = automation.metadata.generation.unwrap_or_default();
    let now = scene.now;
    let says = finish(&before.conditions, generation, end, scene.progress, now);
    let interval = automation.spec.interval.to_std();
    let last = before.last_automation_run_time.as_ref();
    let age = last.map(|last| Duration::try_from(now.0.duration_since(last.0)).unwrap_or_default());
    // The time in the status has whole seconds.
    let is_due =
        !interval.is_zero() && age.is_none_or(|age| age + Duration::from_secs(1) >= interval);
    before != after || scene.requested || says != before.conditions || is_due
}

/// What was looked at, in the form of Flux: the short name of the reference and the commit.
pub(crate) fn revision(target: &Target, heads: &Heads) -> String {
    let commit = heads.checkout;
    let name = match &target.checkout {
        Checkout::Branch(name) | Checkout::Tag(name) => Some(name.as_str()),
        Checkout::Name(name) => name.splitn(3, '/').nth(2),
        Checkout::Commit(_) => target.reference.branch.as_deref(),
        Checkout::Semver(_) => heads.tag.as_deref(),
    };
    match name {
        Some(name) => format!("{name}@sha1:{commit}"),
        None => format!("sha1:{commit}"),
    }
}

/// What people are told of a push.
fn pushed(plan: &KnownPlan) -> String {
    let commit = plan.commit.as_deref().unwrap_or_default();
    let short = commit.get(..7).unwrap_or(commit);
    let refspecs = plan.refspec.as_ref();
    let refspecs = refspecs.map(|refspec| format!(" and refspecs '{refspec}'"));
    format!(
        "pushed commit '{short}' to branch '{branch}'{refspecs}\n{text}",
        branch = plan.branch,
        refspecs = refspecs.unwrap_or_default(),
        text = plan.text
    )
}

#[cfg(test)]
mod tests;
