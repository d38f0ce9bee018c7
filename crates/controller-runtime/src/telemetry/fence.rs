//! The last fence between secrets and traces.

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry::{KeyValue, StringValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::redact::redact;

/// Hands spans on without what looks like a secret in their attributes, events and errors.
#[derive(Debug)]
pub(super) struct Fenced<E>(pub(super) E);

impl<E: SpanExporter> SpanExporter for Fenced<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(clean);
        self.0.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn clean(span: &mut SpanData) {
    span.attributes.iter_mut().for_each(clean_attribute);
    for event in &mut span.events.events {
        // What an event says is its name.
        if let Cow::Owned(name) = redact(&event.name) {
            event.name = Cow::Owned(name);
        }
        event.attributes.iter_mut().for_each(clean_attribute);
    }
    if let Status::Error { description } = &mut span.status
        && let Cow::Owned(text) = redact(description)
    {
        *description = Cow::Owned(text);
    }
}

fn clean_attribute(attribute: &mut KeyValue) {
    if let Value::String(text) = &mut attribute.value
        && let Cow::Owned(cleaned) = redact(text.as_str())
    {
        *text = StringValue::from(cleaned);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use parking_lot::Mutex;
    use std::sync::Arc;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Keeps what it is given.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().extend(batch);
            Ok(())
        }
    }

    #[test]
    fn no_secret_leaves_in_a_trace() {
        const SECRET: &str = "dXNlcjpwYXNzd29yZA";
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(Fenced(kept.clone()))
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let header = format!("Basic {SECRET}");
            let _span = tracing::info_span!("pass", header, name = "app").entered();
            tracing::warn!(header, "sent {header}");
            tracing::error!("answered: {header}");
        });
        let spans = kept.0.lock();
        let text = format!("{spans:?}");
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].events.len(), 2);
        assert!(
            !text.contains(SECRET) && text.contains("Basic ***"),
            "{text}"
        );
        assert!(text.contains("app"), "{text}");
    }
}
