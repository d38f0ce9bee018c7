//! The conditions of an object from pass to pass: a pure machine with Flux's transitions.
//!
//! Ready, Reconciling and Stalled are ours; conditions of other types pass through untouched.
//! A transition time changes when status, reason or message does, and has whole seconds, so a pass
//! that ends as the one before leaves every condition as it is.

use std::borrow::Cow;
use std::cmp::Ordering;

use api::conditions::{
    FALSE, IN_PROGRESS, MAX_MESSAGE_BYTES, READY, RECONCILING, STALLED, TRUE, UNKNOWN,
};
use api::{Condition, Time, reasons};

use crate::reconcile::{Course, End};

/// What marks a message that was cut.
const CUT: &str = "...";

/// The message of Reconciling at the start of a pass: of work in general, or of a new generation.
///
/// `observed` is the generation of the status, -1 or absent before the first.
pub fn starting(generation: i64, observed: Option<i64>) -> String {
    let observed = observed.unwrap_or(-1);
    if generation == observed {
        return IN_PROGRESS.to_owned();
    }
    format!("processing object: new generation {observed} -> {generation}")
}

/// The conditions while a pass is under way and says `message`.
///
/// Where Reconciling already holds with this message and generation nothing is to be added: the
/// conditions of an object that is being retried do not alternate between the reasons of a pass
/// that runs and one that waits.
pub fn progressing(
    previous: &[Condition],
    generation: i64,
    message: &str,
    now: &Time,
) -> Vec<Condition> {
    let mut set = Set::new(previous, generation, now);
    let message = shortened(message);
    let told = set.get(RECONCILING).is_some_and(|reconciling| {
        reconciling.status == TRUE
            && reconciling.message == message
            && reconciling.observed_generation == Some(generation)
    });
    if told {
        return previous.to_vec();
    }
    set.remove(STALLED);
    set.put(RECONCILING, TRUE, reasons::PROGRESSING, &message);
    if set.is_open(READY) {
        set.put(READY, UNKNOWN, reasons::PROGRESSING, &message);
    }
    set.sorted()
}

/// The conditions after a pass that ended with `end` and last said `progress`.
pub fn finish(
    previous: &[Condition],
    generation: i64,
    end: &End,
    progress: &str,
    now: &Time,
) -> Vec<Condition> {
    let mut set = Set::new(previous, generation, now);
    match end {
        End::Unchanged | End::Untried => return previous.to_vec(),
        End::Ready { message } => {
            set.remove(STALLED);
            set.remove(RECONCILING);
            set.put(READY, TRUE, reasons::SUCCEEDED, message);
        }
        End::Stalled { reason, message } => {
            set.remove(RECONCILING);
            set.put(STALLED, TRUE, reason, message);
            set.put_unless_false(READY, reason, message);
        }
        End::Refused { reason, message } => {
            set.remove(RECONCILING);
            set.put(STALLED, TRUE, reason, message);
            set.put(READY, FALSE, reason, message);
        }
        End::Failed {
            reason, message, ..
        } => {
            set.retrying(progress);
            match reason {
                Some(reason) => set.put(READY, FALSE, reason, message),
                None => set.put_unless_false(READY, reasons::FAILED, message),
            }
        }
        End::Waiting { reason, message } => {
            set.retrying(progress);
            set.put(READY, FALSE, reason, message);
        }
        End::Phase {
            name,
            course,
            message,
            ..
        } => {
            set.remove(STALLED);
            set.remove(RECONCILING);
            set.put(READY, ready_in(*course), name, message);
        }
    }
    set.sorted()
}

/// What Ready is in a phase.
fn ready_in(course: Course) -> &'static str {
    match course {
        Course::UnderWay => UNKNOWN,
        Course::Reached => TRUE,
        Course::Missed => FALSE,
    }
}

/// The generation that the status has observed once its conditions are these.
///
/// It moves to that of the object when the object is Ready or Stalled, and stays while it fails.
pub fn observed(conditions: &[Condition], generation: i64, before: Option<i64>) -> Option<i64> {
    if is_ready(conditions) || is_true(conditions, STALLED) {
        return Some(generation);
    }
    before
}

/// Whether Ready holds and neither Reconciling nor Stalled does.
pub fn is_ready(conditions: &[Condition]) -> bool {
    is_true(conditions, READY) && !is_true(conditions, RECONCILING) && !is_true(conditions, STALLED)
}

/// The condition of this type.
pub fn find<'a>(conditions: &'a [Condition], condition: &str) -> Option<&'a Condition> {
    conditions.iter().find(|one| one.type_ == condition)
}

/// Whether the conditions are the same, in whatever order.
pub fn same(left: &[Condition], right: &[Condition]) -> bool {
    left.len() == right.len() && left.iter().all(|one| right.contains(one))
}

/// Whether a condition of this type is this runtime's to set.
pub(crate) fn is_ours(condition: &str) -> bool {
    [READY, RECONCILING, STALLED].contains(&condition)
}

fn is_true(conditions: &[Condition], condition: &str) -> bool {
    find(conditions, condition).is_some_and(|one| one.status == TRUE)
}

/// The conditions of one object while they are changed.
struct Set<'a> {
    conditions: Vec<Condition>,
    generation: i64,
    now: &'a Time,
}

impl<'a> Set<'a> {
    fn new(previous: &[Condition], generation: i64, now: &'a Time) -> Self {
        Self {
            conditions: previous.to_vec(),
            generation,
            now,
        }
    }

    fn get(&self, condition: &str) -> Option<&Condition> {
        find(&self.conditions, condition)
    }

    /// Whether nobody has judged it: absent or Unknown.
    fn is_open(&self, condition: &str) -> bool {
        self.get(condition).is_none_or(|one| one.status == UNKNOWN)
    }

    fn remove(&mut self, condition: &str) {
        self.conditions.retain(|one| one.type_ != condition);
    }

    fn put(&mut self, condition: &str, status: &str, reason: &str, message: &str) {
        let message = shortened(message);
        let unchanged = self
            .get(condition)
            .filter(|one| one.status == status && one.reason == reason && one.message == message);
        let since = unchanged.map(|one| one.last_transition_time.clone());
        let condition = Condition {
            type_: condition.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: message.into_owned(),
            observed_generation: Some(self.generation),
            last_transition_time: since.unwrap_or_else(|| whole_seconds(self.now)),
        };
        self.remove(&condition.type_);
        self.conditions.push(condition);
    }

    /// Sets a condition to False; one that is False already keeps its reason and message.
    fn put_unless_false(&mut self, condition: &str, reason: &str, message: &str) {
        if self.get(condition).is_none_or(|one| one.status != FALSE) {
            self.put(condition, FALSE, reason, message);
        }
    }

    /// What a pass leaves that will be repeated: Reconciling, with what it last said.
    fn retrying(&mut self, progress: &str) {
        self.remove(STALLED);
        self.put(RECONCILING, TRUE, reasons::PROGRESSING_WITH_RETRY, progress);
    }

    /// Stalled, Reconciling, Ready, then the others by name.
    fn sorted(mut self) -> Vec<Condition> {
        self.conditions.sort_by(order);
        self.conditions
    }
}

fn order(left: &Condition, right: &Condition) -> Ordering {
    let rank = |one: &Condition| {
        [STALLED, RECONCILING, READY]
            .iter()
            .position(|condition| *condition == one.type_)
            .unwrap_or(usize::MAX)
    };
    rank(left)
        .cmp(&rank(right))
        .then_with(|| left.type_.cmp(&right.type_))
}

/// Cuts a message at [`MAX_MESSAGE_BYTES`], between characters.
fn shortened(message: &str) -> Cow<'_, str> {
    if message.len() <= MAX_MESSAGE_BYTES {
        return Cow::Borrowed(message);
    }
    let end = floor_char_boundary(message, MAX_MESSAGE_BYTES - CUT.len());
    Cow::Owned(format!("{}{CUT}", &message[..end]))
}

/// The last place at or before `end` where a text can be cut between characters.
pub(crate) fn floor_char_boundary(text: &str, end: usize) -> usize {
    (0..=end.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default()
}

/// A time without its fraction of a second.
pub fn whole_seconds(time: &Time) -> Time {
    let seconds = time.0.as_second();
    Time(k8s_openapi::jiff::Timestamp::from_second(seconds).unwrap_or(time.0))
}

#[cfg(test)]
mod tests;
