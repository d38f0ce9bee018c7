//! What this controller counts beside what all do.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use registry_access::{Resolver, TokenMetrics};

/// Counters; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    scans: Family<ScanLabels, Counter>,
    tags: Counter,
    slice_writes: Family<WriteLabels, Counter>,
    pub(crate) tokens: TokenMetrics,
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
    pub(crate) fn register(registry: &mut Registry, resolver: &Resolver) -> Self {
        let metrics = Self {
            scans: Family::default(),
            tags: Counter::default(),
            slice_writes: Family::default(),
            tokens: TokenMetrics::register(
                registry,
                resolver.identities().clone(),
                "ImageRepository",
            ),
        };
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
        metrics
    }

    pub(crate) fn scanned(&self, result: ScanResult, tags: usize) {
        self.scans.get_or_create(&ScanLabels { result }).inc();
        self.tags.inc_by(u64::try_from(tags).unwrap_or(u64::MAX));
    }

    pub(crate) fn wrote(&self, verb: Verb) {
        self.slice_writes.get_or_create(&WriteLabels { verb }).inc();
    }
}
