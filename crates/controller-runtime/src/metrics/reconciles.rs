//! What is counted and measured of every pass over every object.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets_range};
use prometheus_client::registry::Registry;

/// Flux's buckets: ten, growing by one factor, in seconds.
const FIRST_BUCKET: f64 = 0.01;
const LAST_BUCKET: f64 = 1_800.0;
const BUCKETS: u16 = 10;

/// An object, as the labels of its series.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ObjectLabels {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// How a pass over an object ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassResult {
    /// The object is as it should be.
    Ready,
    /// Another object is not there or not ready yet.
    Waiting,
    /// Nothing happens before the object is changed.
    Stalled,
    /// The object is suspended, or on its way out: nothing was done.
    Passed,
    /// The pass failed and will be repeated.
    Failed {
        /// The reason of the condition: one of a fixed set of words.
        reason: &'static str,
    },
}

impl PassResult {
    fn label(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Stalled => "stalled",
            Self::Passed => "passed",
            Self::Failed { .. } => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    kind: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    kind: String,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, Debug)]
pub(super) struct Reconciles {
    durations: Family<ObjectLabels, Histogram, fn() -> Histogram>,
    results: Family<ResultLabels, Counter>,
    failures: Family<ReasonLabels, Counter>,
    in_backoff: Family<KindLabels, Gauge>,
}

impl Reconciles {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            durations: Family::new_with_constructor(histogram),
            results: Family::default(),
            failures: Family::default(),
            in_backoff: Family::default(),
        };
        registry.register(
            "gotk_reconcile_duration_seconds",
            "The duration in seconds of a reconciliation",
            metrics.durations.clone(),
        );
        registry.register(
            "repin_reconciles",
            "Passes over objects, by how they ended",
            metrics.results.clone(),
        );
        registry.register(
            "repin_reconcile_failures",
            "Passes that failed, by the reason of the condition",
            metrics.failures.clone(),
        );
        registry.register(
            "repin_objects_in_backoff",
            "Objects that wait after a failure",
            metrics.in_backoff.clone(),
        );
        metrics
    }

    pub(super) fn passed(&self, object: &ObjectLabels, took: Duration, result: PassResult) {
        self.durations
            .get_or_create(object)
            .observe(took.as_secs_f64());
        let labels = ResultLabels {
            kind: object.kind.clone(),
            result: result.label(),
        };
        self.results.get_or_create(&labels).inc();
        if let PassResult::Failed { reason } = result {
            let kind = object.kind.clone();
            self.failures
                .get_or_create(&ReasonLabels { kind, reason })
                .inc();
        }
    }

    pub(super) fn forget(&self, object: &ObjectLabels) {
        self.durations.remove(object);
    }

    pub(super) fn in_backoff(&self, kind: &'static str, objects: usize) {
        let objects = i64::try_from(objects).unwrap_or(i64::MAX);
        self.in_backoff
            .get_or_create(&KindLabels { kind })
            .set(objects);
    }
}

fn histogram() -> Histogram {
    Histogram::new(exponential_buckets_range(
        FIRST_BUCKET,
        LAST_BUCKET,
        BUCKETS,
    ))
}
