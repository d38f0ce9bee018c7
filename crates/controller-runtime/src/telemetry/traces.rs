//! Spans on their way to an OpenTelemetry collector.

use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;

use super::fence::Fenced;
use crate::identity::Identity;

/// Where a collector takes traces, below its base URL.
const PATH: &str = "/v1/traces";

/// What sends spans to the collector at `endpoint`, in batches from a thread of its own; none where none is named.
///
/// Headers, sampling and resource attributes come from OpenTelemetry's own environment variables.
pub(super) fn provider(
    identity: &Identity,
    endpoint: &str,
) -> Result<Option<SdkTracerProvider>, ExporterBuildError> {
    if endpoint.is_empty() {
        return Ok(None);
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(traces_url(endpoint))
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(Fenced(exporter))
        .with_resource(resource(identity))
        .build();
    Ok(Some(provider))
}

fn traces_url(endpoint: &str) -> String {
    let base = endpoint.trim_end_matches('/');
    if base.ends_with(PATH) {
        base.to_owned()
    } else {
        format!("{base}{PATH}")
    }
}

fn resource(identity: &Identity) -> Resource {
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
    let builder = Resource::builder();
    if named {
        builder.build()
    } else {
        builder.with_service_name(identity.name).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_a_base_url() {
        for (endpoint, url) in [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            ("http://collector:4318/", "http://collector:4318/v1/traces"),
            ("http://collector/otlp", "http://collector/otlp/v1/traces"),
            ("http://collector/v1/traces", "http://collector/v1/traces"),
        ] {
            assert_eq!(traces_url(endpoint), url);
        }
    }
}
