//! From what a pass came to, to the status of the plan: pure.

use std::time::Duration;

use api::Time;
use api::conditions::PLAN_WAITS;
use api::repin::v1alpha1::{ImageUpdatePlan, ImageUpdatePlanStatus, Phase, PreparedCommit};
use controller_runtime::{Class, Course, Done, End, Next};
use kube::ResourceExt as _;

use crate::consent::Lack;
use crate::turns::Queued;
use crate::{Fate, Written};

/// How long a plan waits for others before its status says so.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a plan whose status says for what it waits is left alone, if it is not called before.
const LAST_RESORT: Duration = Duration::from_secs(30);

/// What a pass over a plan came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It has ended, and is left alone.
    Ended,
    /// The process ends: the next one goes on.
    Interrupted,
    /// Somebody has to consent.
    AwaitsApproval(Lack),
    /// The automation, of this name, is suspended.
    Suspended(String),
    /// Another plan is pushed to the same branch.
    Queued(Queued),
    /// The plan of this name has taken its place.
    Replaced(String),
    /// The commit is on the server, since then.
    Pushed(Written, Time),
    /// It was not written, for this reason.
    Trouble(Fate, String),
}

/// The status after a pass; `prepared` is the commit that may have landed, as it was stored last.
pub(crate) fn done(
    plan: &ImageUpdatePlan,
    prepared: Option<PreparedCommit>,
    outcome: Outcome,
) -> Done<ImageUpdatePlanStatus> {
    let mut status = plan.status.clone().unwrap_or_default();
    status.prepared = prepared;
    let mut next = Next::OnChange;
    let end = match outcome {
        Outcome::Ended | Outcome::Interrupted => End::Unchanged,
        Outcome::AwaitsApproval(lack) => phase(Phase::AwaitingApproval, awaits(plan, lack), None),
        Outcome::Suspended(automation) => {
            let message =
                format!("{PLAN_WAITS}ImageUpdateAutomation '{automation}', which is suspended");
            phase(Phase::Pending, message, None)
        }
        Outcome::Queued(queued) => {
            // Its turn sets off a pass; the last resort is only that.
            next = Next::After(if queued.waited < PATIENCE {
                PATIENCE
            } else {
                LAST_RESORT
            });
            waits(plan, &queued)
        }
        Outcome::Replaced(newer) => {
            let message = format!("plan '{newer}' takes its place");
            phase(Phase::Superseded, message, None)
        }
        Outcome::Pushed(written, time) => {
            status.commit = Some(written.commit.to_string());
            status.pushed_time = Some(time);
            phase(Phase::Pushed, pushed(&written), None)
        }
        Outcome::Trouble(fate, message) => match fate {
            Fate::Waits => phase(Phase::Pending, message, Some(Class::Transient)),
            Fate::Superseded => phase(Phase::Superseded, message, None),
            Fate::Failed => phase(Phase::Failed, message, None),
        },
    };
    Done {
        status,
        end,
        next,
        trace_message: None,
    }
}

fn phase(phase: Phase, message: String, retry: Option<Class>) -> End {
    let course = match phase {
        Phase::Pending | Phase::AwaitingApproval => Course::UnderWay,
        Phase::Pushed => Course::Reached,
        Phase::Superseded | Phase::Failed => Course::Missed,
    };
    End::Phase {
        name: phase.reason(),
        course,
        message,
        retry,
    }
}

/// Most waits are too short to be told, and why the last try failed is worth more than for whom the next one waits.
fn waits(plan: &ImageUpdatePlan, queued: &Queued) -> End {
    if queued.waited < PATIENCE || has_failed(plan) {
        return End::Untried;
    }
    let message = format!("{PLAN_WAITS}plan '{}' of the same branch", queued.behind);
    phase(Phase::Pending, message, None)
}

/// Whether the status tells of a try that failed.
fn has_failed(plan: &ImageUpdatePlan) -> bool {
    let conditions = plan.status.iter().flat_map(|status| &status.conditions);
    let mut messages = conditions.map(|condition| &condition.message);
    plan.phase() == Phase::Pending && messages.any(|message| !message.starts_with(PLAN_WAITS))
}

fn awaits(plan: &ImageUpdatePlan, lack: Lack) -> String {
    let (namespace, name) = (plan.namespace().unwrap_or_default(), plan.name_any());
    let but = match lack {
        Lack::Approval => ":".to_owned(),
        Lack::NewApproval => format!(
            ", for the one that there is was made before the plan: kubectl delete imageupdateapproval -n {namespace} {name}, then"
        ),
    };
    format!(
        "waits for an ImageUpdateApproval of its name{but} kubectl create -f - <<< '{{\"apiVersion\": \"repin.dev/v1alpha1\", \
         \"kind\": \"ImageUpdateApproval\", \"metadata\": {{\"namespace\": \"{namespace}\", \"name\": \"{name}\"}}, \
         \"spec\": {{\"plan\": \"{name}\", \"approvedBy\": \"<your user name>\"}}}}'"
    )
}

fn pushed(written: &Written) -> String {
    let commit = written.commit.to_hex_with_len(7);
    let branch = &written.branch;
    let refspec = match &written.refspec {
        Some(refspec) => format!(" and '{refspec}'"),
        None => String::new(),
    };
    format!("pushed commit '{commit}' to branch '{branch}'{refspec}")
}

#[cfg(test)]
mod tests;
