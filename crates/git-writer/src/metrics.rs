//! What this controller counts beside what all do.

use std::time::Duration;

use git_access::{Identities, TokenMetrics};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets_range};
use prometheus_client::registry::Registry;

/// Buckets in seconds: from a push on the same machine to the longest that anybody waits for.
const FIRST_BUCKET: f64 = 0.01;
const LAST_BUCKET: f64 = 120.0;
const BUCKETS: u16 = 12;

/// Counters; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pushes: Family<Labels, Counter>,
    durations: Family<Labels, Histogram, fn() -> Histogram>,
    pub(crate) tokens: TokenMetrics,
}

/// How an attempt to write a plan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Tried {
    /// The commit is on the server.
    Pushed,
    /// What the plan was made on has changed.
    Superseded,
    /// It is refused for good.
    Failed,
    /// It is tried again.
    Retried,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    result: Tried,
}

impl Metrics {
    /// Registers what is counted here, and what the cache of cloud credentials counts.
    pub(crate) fn register(registry: &mut Registry, identities: Identities) -> Self {
        let metrics = Self {
            tokens: TokenMetrics::register(registry, identities, "ImageUpdatePlan"),
            pushes: Family::default(),
            durations: Family::new_with_constructor(histogram),
        };
        registry.register(
            "repin_pushes",
            "Attempts to write a plan, by how they ended",
            metrics.pushes.clone(),
        );
        registry.register(
            "repin_push_duration_seconds",
            "How long an attempt to write a plan took, from its turn to the server's last answer",
            metrics.durations.clone(),
        );
        metrics
    }

    pub(crate) fn tried(&self, result: Tried, took: Duration) {
        let labels = Labels { result };
        self.pushes.get_or_create(&labels).inc();
        let seconds = took.as_secs_f64();
        self.durations.get_or_create(&labels).observe(seconds);
    }
}

fn histogram() -> Histogram {
    Histogram::new(exponential_buckets_range(
        FIRST_BUCKET,
        LAST_BUCKET,
        BUCKETS,
    ))
}
