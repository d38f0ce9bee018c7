//! What a controller counts and measures, served at `/metrics`.

mod reconciles;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use self::reconciles::Reconciles;

pub use self::reconciles::{ObjectLabels, PassResult};
use crate::events::Receiver;

/// The one registry of a process, and the metrics that every controller has. Clones share it.
///
/// Names of objects are labels of `gotk_reconcile_duration_seconds` alone, as with Flux; those series go with their object.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    reconciles: Reconciles,
    missing_fields: Family<FieldLabels, Gauge>,
    leader: Gauge,
    lease_transitions: Counter,
    events_dropped: Family<ReceiverLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReceiverLabels {
    receiver: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FieldLabels {
    kind: String,
    field: String,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A registry that holds the metrics every controller has.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let metrics = Self {
            reconciles: Reconciles::register(&mut registry),
            missing_fields: Family::default(),
            leader: Gauge::default(),
            lease_transitions: Counter::default(),
            events_dropped: Family::default(),
            registry: Arc::default(),
        };
        registry.register(
            "repin_schema_missing_fields",
            "Fields of Repin that the served schema lacks and the API server therefore drops",
            metrics.missing_fields.clone(),
        );
        registry.register(
            "repin_leader",
            "Whether this instance may write: 1 while it leads, or needs no lease",
            metrics.leader.clone(),
        );
        registry.register(
            "repin_lease_transitions",
            "How often this instance began or ceased to lead",
            metrics.lease_transitions.clone(),
        );
        registry.register(
            "repin_events_dropped",
            "Events that did not arrive, by whom they were meant for",
            metrics.events_dropped.clone(),
        );
        *metrics.registry.lock() = registry;
        metrics
    }

    /// Hands the registry out, for a controller to register its own metrics.
    pub fn registry<T>(&self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.registry.lock())
    }

    /// Notes one pass over one object: how long it took and how it ended.
    pub fn passed(&self, object: &ObjectLabels, took: Duration, result: PassResult) {
        self.reconciles.passed(object, took, result);
    }

    /// Drops the series of an object that is gone.
    pub fn forget(&self, object: &ObjectLabels) {
        self.reconciles.forget(object);
    }

    /// Says how many objects of `kind` wait after a failure.
    pub fn in_backoff(&self, kind: &'static str, objects: usize) {
        self.reconciles.in_backoff(kind, objects);
    }

    /// Says which fields of `kind` the served schema lacks; those said before are forgotten.
    pub(crate) fn missing_fields<'a>(&self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) {
        self.missing_fields.clear();
        for (kind, field) in fields {
            let labels = FieldLabels {
                kind: kind.to_owned(),
                field: field.to_owned(),
            };
            self.missing_fields.get_or_create(&labels).set(1);
        }
    }

    /// Counts events that did not arrive.
    pub(crate) fn events_dropped(&self, receiver: Receiver, events: usize) {
        let receiver = receiver.label();
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        let labels = ReceiverLabels { receiver };
        self.events_dropped.get_or_create(&labels).inc_by(events);
    }

    /// Says that this instance leads, from now on.
    pub(crate) fn leads(&self) {
        self.leader.set(1);
    }

    /// Counts the begin of leading.
    pub(crate) fn lease_taken(&self) {
        self.leader.set(1);
        self.lease_transitions.inc();
    }

    /// Counts the end of leading.
    pub(crate) fn lease_gone(&self) {
        self.leader.set(0);
        self.lease_transitions.inc();
    }

    /// All metrics in the OpenMetrics text format.
    pub(crate) fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry.lock())?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
