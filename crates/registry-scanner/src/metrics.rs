//! What this controller counts beside what all do.

mod token_cache;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use registry_access::{CacheEvent, Resolver};

use self::token_cache::{EventLabels, TokenCache};

/// Counters; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    scans: Family<ScanLabels, Counter>,
    tags: Counter,
    slice_writes: Family<WriteLabels, Counter>,
    token_requests: Family<EventLabels, Counter>,
}

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum ScanResult {
    /// With another list than before.
    Changed,
    /// With the same list.
    Unchanged,
    /// Without a list.
    Failed,
}

/// What was done to a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Verb {
    Create,
    Replace,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ScanLabels {
    result: ScanResult,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    verb: Verb,
}

impl Metrics {
    /// Registers what is counted here, and what the cache of cloud credentials counts.
    pub(crate) fn register(registry: &mut Registry, resolver: Resolver) -> Self {
        let metrics = Self::default();
        registry.register(
            "repin_scans",
            "Scans, by how they ended",
            metrics.scans.clone(),
        );
        registry.register(
            "repin_scanned_tags",
            "Tags that scans have listed",
            metrics.tags.clone(),
        );
        registry.register(
            "repin_tag_slice_writes",
            "ImageTagSlices written, by what was done",
            metrics.slice_writes.clone(),
        );
        registry.register(
            "gotk_token_cache_events",
            "Requests of objects for credentials of clouds, by what the cache did",
            metrics.token_requests.clone(),
        );
        registry.register_collector(Box::new(TokenCache(resolver)));
        metrics
    }

    pub(crate) fn scanned(&self, result: ScanResult, tags: usize) {
        self.scans.get_or_create(&ScanLabels { result }).inc();
        self.tags.inc_by(u64::try_from(tags).unwrap_or(u64::MAX));
    }

    pub(crate) fn wrote(&self, verb: Verb) {
        self.slice_writes.get_or_create(&WriteLabels { verb }).inc();
    }

    pub(crate) fn asked_for_token(&self, namespace: &str, name: &str, event: CacheEvent) {
        let labels = EventLabels::new(namespace, name, event);
        self.token_requests.get_or_create(&labels).inc();
    }

    /// Drops the series of an object that is gone.
    pub(crate) fn forget(&self, namespace: &str, name: &str) {
        for event in [CacheEvent::Hit, CacheEvent::Miss] {
            self.token_requests
                .remove(&EventLabels::new(namespace, name, event));
        }
    }
}
