//! What Flux tells of its cache of cloud credentials, under Flux's names.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric as _, LabelValueEncoder,
};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::cache::CacheEvent;
use crate::identities::Identities;

/// Counts what the objects of one kind ask of the cache of cloud credentials. Clones share the counters.
#[derive(Clone, Debug)]
pub struct TokenMetrics {
    kind: &'static str,
    events: Family<EventLabels, Counter>,
}

/// One request of one object for credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    event_type: EventType,
    kind: &'static str,
    name: String,
    namespace: String,
    operation: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum EventType {
    Hit,
    Miss,
}

impl TokenMetrics {
    /// Registers the counters of the objects of `kind`, and what the cache itself has to tell.
    pub fn register(registry: &mut Registry, identities: Identities, kind: &'static str) -> Self {
        let events = Family::default();
        registry.register(
            "gotk_token_cache_events",
            "Requests of objects for credentials of clouds, by what the cache did",
            events.clone(),
        );
        registry.register_collector(Box::new(TokenCache(identities)));
        Self { kind, events }
    }

    /// Counts what the cache did for an object.
    pub fn asked(&self, namespace: &str, name: &str, event: CacheEvent) {
        let labels = self.labels(namespace, name, event);
        self.events.get_or_create(&labels).inc();
    }

    /// Drops the series of an object that is gone.
    pub fn forget(&self, namespace: &str, name: &str) {
        for event in [CacheEvent::Hit, CacheEvent::Miss] {
            self.events.remove(&self.labels(namespace, name, event));
        }
    }

    fn labels(&self, namespace: &str, name: &str, event: CacheEvent) -> EventLabels {
        EventLabels {
            event_type: match event {
                CacheEvent::Hit => EventType::Hit,
                CacheEvent::Miss => EventType::Miss,
            },
            kind: self.kind,
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            operation: "reconcile",
        }
    }
}

impl EncodeLabelValue for EventType {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        match self {
            Self::Hit => "cache_hit",
            Self::Miss => "cache_miss",
        }
        .encode(encoder)
    }
}

/// Asks the identities for the numbers of its cache whenever somebody asks for metrics.
#[derive(Debug)]
struct TokenCache(Identities);

impl Collector for TokenCache {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let numbers = self.0.numbers();
        let items = ConstGauge::new(i64::try_from(numbers.items).unwrap_or(i64::MAX));
        let help = "Credentials of clouds that are kept";
        let name = "gotk_token_cached_items";
        let kind = items.metric_type();
        items.encode(encoder.encode_descriptor(name, help, None, kind)?)?;

        let help = "Requests for credentials of clouds, by whether there were any";
        let name = "gotk_token_cache_requests";
        let counters = [
            ("success", numbers.successes),
            ("failure", numbers.failures),
        ]
        .map(|(status, count)| (status, ConstCounter::new(count)));
        let kind = counters[0].1.metric_type();
        let mut family = encoder.encode_descriptor(name, help, None, kind)?;
        for (status, counter) in counters {
            counter.encode(family.encode_family(&[("status", status)])?)?;
        }

        let evictions = ConstCounter::new(numbers.evictions);
        let help = "Credentials of clouds that made room for others";
        let name = "gotk_token_cache_evictions";
        let kind = evictions.metric_type();
        evictions.encode(encoder.encode_descriptor(name, help, None, kind)?)
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;

    use super::*;
    use crate::settings::Settings;

    #[test]
    fn the_series_have_the_names_of_flux() {
        let mut registry = Registry::default();
        let identities = Identities::new(Settings::default()).unwrap();
        let metrics = TokenMetrics::register(&mut registry, identities, "ImagePolicy");
        metrics.asked("ns", "app", CacheEvent::Hit);
        let encode = |registry: &Registry| {
            let mut text = String::new();
            text::encode(&mut text, registry).unwrap();
            text
        };
        let before = encode(&registry);
        let event = "gotk_token_cache_events_total{event_type=\"cache_hit\",kind=\"ImagePolicy\",name=\"app\",\
                     namespace=\"ns\",operation=\"reconcile\"} 1";
        for line in [
            "gotk_token_cached_items 0",
            "gotk_token_cache_requests_total{status=\"success\"} 0",
            "gotk_token_cache_requests_total{status=\"failure\"} 0",
            "gotk_token_cache_evictions_total 0",
            event,
        ] {
            assert!(
                before.lines().any(|other| other == line),
                "{line}:\n{before}"
            );
        }
        metrics.forget("ns", "app");
        assert!(
            !encode(&registry).contains(event),
            "series go with the object"
        );
    }
}
