//! What this controller counts beside what all do.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use registry_access::{Resolver, TokenMetrics};

/// Counters; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    evaluations: Family<EvaluationLabels, Counter>,
    tags: Counter,
    changes: Counter,
    pub(crate) tokens: TokenMetrics,
}

/// How an evaluation over a complete list ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Evaluated {
    /// With a tag that nothing holds back.
    Selected,
    /// With the tag chosen before, because `downgradePolicy` refuses the new one.
    Refused,
    /// With a tag, while `minimumAge` holds another one back.
    Waiting,
    /// Without a tag.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EvaluationLabels {
    result: Evaluated,
}

impl Metrics {
    /// Registers what is counted here, and what the cache of cloud credentials counts.
    pub(crate) fn register(registry: &mut Registry, resolver: &Resolver) -> Self {
        let metrics = Self {
            evaluations: Family::default(),
            tags: Counter::default(),
            changes: Counter::default(),
            tokens: TokenMetrics::register(registry, resolver.identities().clone(), "ImagePolicy"),
        };
        registry.register(
            "repin_policy_evaluations",
            "Evaluations of ImagePolicies over a complete tag list, by how they ended",
            metrics.evaluations.clone(),
        );
        registry.register(
            "repin_policy_tags_considered",
            "Tags that evaluations have looked at",
            metrics.tags.clone(),
        );
        registry.register(
            "repin_policy_choices_changed",
            "How often a policy chose another image, tag or digest than before",
            metrics.changes.clone(),
        );
        metrics
    }

    pub(crate) fn evaluated(&self, result: Evaluated, tags: usize) {
        let labels = EvaluationLabels { result };
        self.evaluations.get_or_create(&labels).inc();
        self.tags.inc_by(u64::try_from(tags).unwrap_or(u64::MAX));
    }

    pub(crate) fn changed(&self) {
        self.changes.inc();
    }
}
