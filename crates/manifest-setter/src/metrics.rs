//! What this controller counts beside what all do.

use git_access::{Identities, TokenMetrics};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counters; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    decisions: Family<DecisionLabels, Counter>,
    plans: Family<PlanLabels, Counter>,
    findings: Family<AutomationLabels, Gauge>,
    pub(crate) tokens: TokenMetrics,
}

/// What a look at a repository went by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum By {
    /// What was known of its branches.
    Known,
    /// What the server said.
    Server,
}

/// What was done to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Verb {
    Create,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    heads: By,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PlanLabels {
    verb: Verb,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AutomationLabels {
    name: String,
    namespace: String,
}

impl Metrics {
    /// Registers what is counted here, and what the cache of cloud credentials counts.
    pub(crate) fn register(registry: &mut Registry, identities: Identities) -> Self {
        let metrics = Self {
            decisions: Family::default(),
            plans: Family::default(),
            findings: Family::default(),
            tokens: TokenMetrics::register(registry, identities, "ImageUpdateAutomation"),
        };
        registry.register(
            "repin_update_decisions",
            "Looks at a repository, by what told where its branches are",
            metrics.decisions.clone(),
        );
        registry.register(
            "repin_update_plan_writes",
            "ImageUpdatePlans written, by what was done",
            metrics.plans.clone(),
        );
        registry.register(
            "repin_markers_without_effect",
            "What keeps markers of an ImageUpdateAutomation from working, as its last look found it",
            metrics.findings.clone(),
        );
        metrics
    }

    pub(crate) fn decided(&self, heads: By) {
        self.decisions
            .get_or_create(&DecisionLabels { heads })
            .inc();
    }

    pub(crate) fn wrote(&self, verb: Verb) {
        self.plans.get_or_create(&PlanLabels { verb }).inc();
    }

    /// Sets how many findings the automation has.
    pub(crate) fn found(&self, namespace: &str, name: &str, findings: usize) {
        let gauge = self.findings.get_or_create(&labels(namespace, name));
        gauge.set(i64::try_from(findings).unwrap_or(i64::MAX));
    }

    /// Drops the series of an automation that is gone.
    pub(crate) fn forget(&self, namespace: &str, name: &str) {
        self.findings.remove(&labels(namespace, name));
        self.tokens.forget(namespace, name);
    }
}

fn labels(namespace: &str, name: &str) -> AutomationLabels {
    AutomationLabels {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
    }
}
