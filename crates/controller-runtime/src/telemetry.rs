//! Logs, and traces where a collector is named.
//!
//! Logs go to the standard error stream, one event per line, with Flux's keys (`level`, `ts`, `logger`, `msg`, `error`), so that
//! what reads the logs of Flux's controllers reads these. The fields of the spans around an event are fields of its line.

mod fence;
mod line;
mod redact;
mod traces;

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::line::Line;
use crate::args::{Args, LogLevel};
use crate::identity::Identity;

/// How long the end of a process waits for its last spans to be sent.
const FLUSH_DEADLINE: Duration = Duration::from_secs(1);

/// What the libraries below tell in detail says nothing about controllers, and may show what was sent.
const QUIET: &str =
    "h2=info,hyper=info,hyper_util=info,opentelemetry=info,reqwest=info,rustls=info,tower=info";

/// Keeps traces flowing; to be flushed at the end of the process.
#[must_use = "spans that are not flushed are lost"]
#[derive(Debug)]
pub(crate) struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Starts to log, and to send traces where a collector is named.
///
/// Logs flow even where the collector cannot be used, so that the error, which comes second, is seen. Where the process has a subscriber
/// already, that one stays.
pub(crate) fn init(identity: &Identity, args: &Args) -> (Telemetry, Option<ExporterBuildError>) {
    let (filter, malformed) = filter(std::env::var("RUST_LOG").ok(), args.log_level);
    let logs = tracing_subscriber::fmt::layer()
        .fmt_fields(JsonFields::new())
        .event_format(Line::new(args.log_encoding))
        .with_writer(std::io::stderr)
        .with_filter(filter);
    let (provider, unusable) = match traces::provider(identity, &args.otlp_endpoint) {
        Ok(provider) => (provider, None),
        Err(error) => (None, Some(error)),
    };
    let spans = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(identity.name))
            .with_filter(LevelFilter::INFO)
    });
    let registry = tracing_subscriber::registry().with(logs).with(spans);
    if registry.try_init().is_err() {
        tracing::debug!("logs go to the subscriber that the process has already");
    }
    if let Some(text) = malformed {
        tracing::warn!(
            RUST_LOG = text,
            "RUST_LOG cannot be read: --log-level decides"
        );
    }
    (Telemetry { traces: provider }, unusable)
}

/// What is logged: `rust_log` decides where it is set; it is handed back where it cannot be read.
fn filter(rust_log: Option<String>, level: LogLevel) -> (EnvFilter, Option<String>) {
    let directives = match level {
        LogLevel::Trace => format!("trace,{QUIET}"),
        LogLevel::Debug => format!("debug,{QUIET}"),
        LogLevel::Info => "info".to_owned(),
        LogLevel::Error => "error".to_owned(),
    };
    match rust_log.filter(|text| !text.is_empty()) {
        None => (EnvFilter::new(directives), None),
        Some(text) => match EnvFilter::try_new(&text) {
            Ok(filter) => (filter, None),
            Err(_) => (EnvFilter::new(directives), Some(text)),
        },
    }
}

impl Telemetry {
    /// Sends the spans that are still here, within a second.
    pub(crate) async fn flush(self) {
        let Some(traces) = self.traces else {
            return;
        };
        // The provider waits for its thread.
        let flushed =
            tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(FLUSH_DEADLINE));
        match flushed.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last spans were not sent"),
            Err(error) => tracing::warn!(%error, "the last spans were not sent"),
        }
    }
}

#[cfg(test)]
mod tests;
