//! Pure: from what a pass came to, to what the status says.

use std::time::Duration;

use api::image::v1::{ImagePolicy, ImagePolicyStatus, ImageRef};
use api::{Time, conditions, reasons};
use controller_runtime::conditions::find;
use controller_runtime::{Done, End, Next};

use crate::decision::Decision;
use crate::error::{EvaluateError, PassError};
use crate::evaluate::same_image;

/// How long nothing is said of a repository that has no list yet, where repository or policy are new.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same for a repository that is not there: it may have been created together with the policy.
const PATIENCE_FOR_REPOSITORY: Duration = Duration::from_secs(1);

/// What a pass came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A tag was chosen, be it the one chosen before.
    Chosen(Box<Chosen>),
    /// The list of the repository is not complete.
    Incomplete {
        /// `spec.image` of the repository.
        image: String,
        /// When the repository was created.
        created: Option<Time>,
        /// When to look again at the latest.
        requeue: api::Duration,
    },
}

/// The choice of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// What was decided.
    pub(crate) decision: Decision,
    /// The choice with its digest.
    pub(crate) latest: ImageRef,
    /// When to ask for the digest again.
    pub(crate) interval: Option<Duration>,
}

/// How a pass ends.
pub(crate) fn done(policy: &ImagePolicy, outcome: Outcome, now: &Time) -> Done<ImagePolicyStatus> {
    match outcome {
        Outcome::Chosen(choice) => chosen(previous(policy), *choice, now),
        Outcome::Incomplete {
            image,
            created,
            requeue,
        } => incomplete((policy, &image), (created, requeue), now),
    }
}

/// How a pass ends that failed. The last choice stays.
pub(crate) fn failed(
    policy: &ImagePolicy,
    error: &PassError,
    now: &Time,
) -> Done<ImagePolicyStatus> {
    let status = previous(policy);
    if let PassError::NoRepository { .. } = error
        && let Some(rest) = patience(policy, None, (PATIENCE_FOR_REPOSITORY, now))
    {
        return unchanged(status, Next::After(rest));
    }
    let next = match error {
        PassError::Evaluate(EvaluateError::TooYoung { wake, .. }) => at(wake.as_ref(), now),
        PassError::NoTags { requeue } => Next::After(requeue.to_std()),
        _ => Next::OnChange,
    };
    Done {
        status,
        end: error.end(),
        next,
        trace_message: None,
    }
}

fn chosen(previous: ImagePolicyStatus, choice: Chosen, now: &Time) -> Done<ImagePolicyStatus> {
    let Chosen {
        decision,
        latest,
        interval,
    } = choice;
    let status = if previous.latest_ref.as_ref() == Some(&latest) {
        previous
    } else {
        ImagePolicyStatus {
            observed_previous_ref: previous.latest_ref,
            latest_ref: Some(latest.clone()),
            ..previous
        }
    };
    let message = decision.message(&latest, status.observed_previous_ref.as_ref());
    let wake = decision.wake.as_ref().map(|wake| until(wake, now));
    let next = wake.into_iter().chain(interval).min();
    Done {
        status,
        end: End::Ready {
            message: message.clone(),
        },
        next: next.map_or(Next::OnChange, Next::After),
        trace_message: Some(message),
    }
}

/// A policy that was evaluated before keeps what its status says of that image. Of one that never was, people are told that
/// it waits, though not at once where something was just created.
fn incomplete(
    (policy, image): (&ImagePolicy, &str),
    (created, requeue): (Option<Time>, api::Duration),
    now: &Time,
) -> Done<ImagePolicyStatus> {
    let status = previous(policy);
    let ready = find(&status.conditions, conditions::READY);
    let judged = ready.filter(|ready| ready.status != conditions::UNKNOWN);
    let evaluated = judged.is_some_and(|ready| {
        ready.reason != reasons::DEPENDENCY_NOT_READY && ready.reason != reasons::ACCESS_DENIED
    });
    let latest = status.latest_ref.as_ref();
    let evaluated = evaluated && latest.is_none_or(|latest| same_image(&latest.name, image));
    if evaluated {
        return unchanged(status, Next::OnChange);
    }
    match patience(policy, created, (PATIENCE, now)) {
        Some(rest) => unchanged(status, Next::After(rest)),
        None => failed(policy, &PassError::NoTags { requeue }, now),
    }
}

fn unchanged(status: ImagePolicyStatus, next: Next) -> Done<ImagePolicyStatus> {
    Done {
        status,
        end: End::Unchanged,
        next,
        trace_message: None,
    }
}

/// How much longer nothing is said of a policy that nobody has judged yet, if it or what it waits for is that new.
fn patience(
    policy: &ImagePolicy,
    created: Option<Time>,
    (patience, now): (Duration, &Time),
) -> Option<Duration> {
    let status = policy.status.as_ref();
    let judged = status.is_some_and(|status| find(&status.conditions, conditions::READY).is_some());
    let newest = policy.metadata.creation_timestamp.clone().max(created)?;
    let age = Duration::try_from(now.0.duration_since(newest.0)).unwrap_or_default();
    let rest = patience.checked_sub(age).filter(|rest| !rest.is_zero());
    rest.filter(|_| !judged)
}

/// The status as the last pass left it.
fn previous(policy: &ImagePolicy) -> ImagePolicyStatus {
    policy.status.clone().unwrap_or_default()
}

fn at(time: Option<&Time>, now: &Time) -> Next {
    time.map_or(Next::OnChange, |time| Next::After(until(time, now)))
}

fn until(time: &Time, now: &Time) -> Duration {
    Duration::try_from(time.0.duration_since(now.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
