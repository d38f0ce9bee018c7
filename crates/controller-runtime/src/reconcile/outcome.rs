//! From what a pass says to the status that is written: pure.

use std::borrow::Cow;

use api::{Condition, Time, annotations};
use kube::ResourceExt as _;

use super::End;
use crate::conditions::{finish, observed, progressing, same};
use crate::kinds::Reconciled;

/// The status of an object, or that of one that nobody has looked at.
pub(super) fn status<K: Reconciled>(object: &K) -> Cow<'_, K::Status> {
    object
        .status()
        .map_or_else(|| Cow::Owned(K::Status::default()), Cow::Borrowed)
}

/// The request for a reconciliation that no pass has answered.
pub(super) fn pending_request<K: Reconciled>(object: &K) -> Option<String> {
    let requested = object.annotations().get(annotations::RECONCILE_REQUESTED)?;
    let status = status(object);
    let handled = K::parts(&status).last_handled_reconcile_at;
    (handled != Some(requested)).then(|| requested.clone())
}

/// Whether the object asks for something that no pass has answered: it is new, has changed, or
/// carries a request.
pub(super) fn is_unanswered<K: Reconciled>(object: &K) -> bool {
    let observed = K::parts(&status(object)).observed_generation;
    observed != object.meta().generation || pending_request(object).is_some()
}

/// What a pass over this object says first.
pub(super) fn first_word<K: Reconciled>(object: &K) -> String {
    let status = status(object);
    K::STYLE.first_word(generation(object), K::parts(&status).observed_generation)
}

/// The status while a pass over `seen` is under way, where `current` is what the API server has.
pub(super) fn while_running<K: Reconciled>(
    seen: &K,
    current: &K,
    message: &str,
    now: &Time,
) -> K::Status {
    let mut status = status(current).into_owned();
    let parts = K::parts_mut(&mut status);
    *parts.conditions = progressing(parts.conditions, generation(seen), message, now);
    status
}

/// The status of an object that is suspended: a request counts as handled, and a generation as
/// observed where the object is Ready or Stalled.
pub(super) fn suspended<K: Reconciled>(object: &K) -> K::Status {
    let mut status = status(object).into_owned();
    observe(object, &mut status);
    status
}

/// How a pass over an object ended.
pub(super) struct Ended<'a, K: Reconciled> {
    /// The object that the pass saw.
    pub(super) seen: &'a K,
    /// The object as the API server has it since.
    pub(super) current: &'a K,
    /// What the pass said.
    pub(super) end: &'a End,
    /// What it last said of its progress.
    pub(super) progress: &'a str,
    /// When it ended.
    pub(super) now: &'a Time,
}

impl<K: Reconciled> Ended<'_, K> {
    /// Completes the status that the reconciler handed back.
    pub(super) fn complete(&self, mut status: K::Status) -> K::Status {
        let before = self::status(self.current);
        let before = K::parts(&before);
        let parts = K::parts_mut(&mut status);
        *parts.conditions = finish(
            before.conditions,
            generation(self.seen),
            self.end,
            self.progress,
            self.now,
        );
        *parts.observed_generation = before.observed_generation;
        if let Some(handled) = parts.last_handled_reconcile_at {
            *handled = before.last_handled_reconcile_at.map(str::to_owned);
        }
        match self.end {
            // The generation was seen and not judged.
            End::Unchanged | End::Untried => answer(self.seen, &mut status),
            End::Ready { .. }
            | End::Stalled { .. }
            | End::Refused { .. }
            | End::Failed { .. }
            | End::Waiting { .. } => observe(self.seen, &mut status),
            End::Phase { .. } => {
                *K::parts_mut(&mut status).observed_generation = self.seen.meta().generation;
                answer(self.seen, &mut status);
            }
        }
        status
    }
}

/// A status that is stored while a pass is under way: what all kinds share stays as it is.
pub(super) fn checkpoint<K: Reconciled>(current: &K, mut status: K::Status) -> K::Status {
    let before = self::status(current);
    let before = K::parts(&before);
    let parts = K::parts_mut(&mut status);
    *parts.conditions = before.conditions.to_vec();
    *parts.observed_generation = before.observed_generation;
    if let Some(handled) = parts.last_handled_reconcile_at {
        *handled = before.last_handled_reconcile_at.map(str::to_owned);
    }
    status
}

/// Notes the generation and the request of the object that a pass has seen.
fn observe<K: Reconciled>(seen: &K, status: &mut K::Status) {
    let parts = K::parts_mut(status);
    *parts.observed_generation = observed(
        parts.conditions,
        generation(seen),
        *parts.observed_generation,
    );
    answer(seen, status);
}

/// Notes the request of the object that a pass has seen.
fn answer<K: Reconciled>(seen: &K, status: &mut K::Status) {
    let Some(requested) = seen.annotations().get(annotations::RECONCILE_REQUESTED) else {
        return;
    };
    if let Some(handled) = K::parts_mut(status).last_handled_reconcile_at {
        *handled = Some(requested.clone());
    }
}

/// Whether a status says something else than the object has; the order of conditions says nothing.
pub(super) fn differs<K: Reconciled>(object: &K, status: &K::Status) -> bool {
    let before = self::status(object);
    if !same(K::parts(&before).conditions, K::parts(status).conditions) {
        return true;
    }
    let mut ordered = status.clone();
    K::parts_mut(&mut ordered)
        .conditions
        .clone_from_slice(K::parts(&before).conditions);
    ordered != *before
}

/// The conditions of an object.
pub(super) fn conditions<K: Reconciled>(object: &K) -> Vec<Condition> {
    K::parts(&status(object)).conditions.to_vec()
}

fn generation<K: Reconciled>(object: &K) -> i64 {
    object.meta().generation.unwrap_or_default()
}
