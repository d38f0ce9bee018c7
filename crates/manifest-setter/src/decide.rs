//! Pure: from what the files should say, and the plans that there are, to what is done.

use std::sync::Arc;
use std::time::Duration;

use api::Time;
use api::repin::v1alpha1::Phase;

use crate::catalogue::{KnownPlan, Plans};

/// How many ended plans are kept.
pub(crate) const HISTORY: usize = 10;
/// How long a decision rests whose plan was superseded by no other one: it would be again.
const PAUSE: Duration = Duration::from_secs(10);

/// When plans are made anew.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    /// `--batch-window`.
    pub(crate) window: Duration,
    /// `spec.interval`; none where it is zero.
    pub(crate) interval: Option<Duration>,
    /// Whether somebody asks for a reconciliation.
    pub(crate) requested: bool,
    pub(crate) now: &'a Time,
}

/// What is to be done about a decision.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Every marked value is as it should be. What is planned all the same is taken back.
    Nothing {
        /// The plans that are not ended, and whose push has not begun.
        withdraw: Vec<Arc<KnownPlan>>,
    },
    /// A plan of the decision is under way.
    Wait(Arc<KnownPlan>),
    /// The decision was refused.
    Refused(Arc<KnownPlan>),
    /// More may change within this time.
    Hold(Duration),
    /// The decision comes back, and its name is taken by a plan that others have followed: it is to be named after this one.
    Again(String),
    /// A plan is made.
    Create,
}

/// Which plan the name of the next one is made with.
///
/// As long as a plan is not ended, it is that plan's own: the same decision finds it by its name. A plan that was refused or
/// superseded has its own, too, so that the same decision is not planned again and again.
pub(crate) fn after(plans: &Plans, rules: &Rules<'_>) -> Option<String> {
    if let Some(open) = plans.open() {
        return open.after.clone();
    }
    let last = plans.last_ended()?;
    match last.phase {
        Phase::Failed if is_due(last, rules) => Some(last.name.clone()),
        Phase::Failed | Phase::Superseded => last.after.clone(),
        Phase::Pushed | Phase::Pending | Phase::AwaitingApproval => Some(last.name.clone()),
    }
}

/// Whether a refused plan may be tried once more.
fn is_due(failed: &KnownPlan, rules: &Rules<'_>) -> bool {
    let age = failed
        .phase_time
        .as_ref()
        .and_then(|since| Duration::try_from(rules.now.0.duration_since(since.0)).ok());
    let overdue = rules
        .interval
        .zip(age)
        .is_some_and(|(interval, age)| age >= interval);
    rules.requested || overdue
}

/// What is to be done, where the plan of the decision would have this name; none where there is nothing to change.
pub(crate) fn next(plans: &Plans, wanted: Option<&str>, rules: &Rules<'_>) -> Step {
    let Some(wanted) = wanted else {
        let open = plans
            .iter()
            .filter(|plan| !plan.is_ended() && !plan.prepared);
        return Step::Nothing {
            withdraw: open.cloned().collect(),
        };
    };
    match plans.named(wanted) {
        Some(same) if !same.is_ended() => open(plans, same),
        Some(same) => ended(plans, same, rules),
        None => new(plans, rules),
    }
}

/// An open plan that a newer one replaces is written no more: the newer one would be, and it is not what is decided now.
fn open(plans: &Plans, same: &Arc<KnownPlan>) -> Step {
    match plans.open().filter(|newest| newest.name != same.name) {
        Some(newest) => Step::Again(newest.name.clone()),
        None => Step::Wait(Arc::clone(same)),
    }
}

fn ended(plans: &Plans, same: &Arc<KnownPlan>, rules: &Rules<'_>) -> Step {
    let last = plans.last_ended().unwrap_or(same);
    let is_last = last.name == same.name && plans.open().is_none();
    if is_last && same.phase == Phase::Failed && !is_due(same, rules) {
        return Step::Refused(Arc::clone(same));
    }
    let rest = same
        .ended
        .and_then(|ended| PAUSE.checked_sub(ended.elapsed()));
    match rest.filter(|rest| is_last && same.phase == Phase::Superseded && !rest.is_zero()) {
        Some(rest) => Step::Hold(rest),
        None => Step::Again(last.name.clone()),
    }
}

fn new(plans: &Plans, rules: &Rules<'_>) -> Step {
    let since = match plans.open() {
        Some(open) => Some(open.seen.elapsed()),
        None => plans.pushed_ago(),
    };
    let rest = since.and_then(|since| rules.window.checked_sub(since));
    match rest.filter(|rest| !rest.is_zero()) {
        Some(rest) => Step::Hold(rest),
        None => Step::Create,
    }
}

#[cfg(test)]
mod tests;
