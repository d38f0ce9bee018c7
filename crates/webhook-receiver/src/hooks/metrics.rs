//! What is measured of requests, with the names and labels of Flux's receiver.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use controller_runtime::Metrics;
use hook_payload::HOOK_PREFIX;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Bounds of the buckets of durations, in seconds.
const SECONDS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Bounds of the buckets of sizes, in bytes.
const BYTES: [f64; 8] = [1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Counts and measures requests. Clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct HookMetrics {
    durations: Family<AnswerLabels, Histogram, Buckets>,
    sizes: Family<AnswerLabels, Histogram, Buckets>,
    in_flight: Family<HandlerLabels, Gauge>,
    /// Whether the label of a hook is its path; paths that lead nowhere share one, or anybody could make up series.
    paths: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    code: u16,
    handler: Handler,
    method: &'static str,
    service: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandlerLabels {
    handler: Handler,
    service: &'static str,
}

/// What a request is counted under.
pub(crate) type Handler = Cow<'static, str>;

#[derive(Clone, Copy, Debug)]
struct Buckets(&'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// A request that is being answered; it is in flight until this value is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl HookMetrics {
    /// The metrics, registered. With `paths` each path that leads to a Receiver has series of its own: paths are secrets.
    pub(crate) fn new(metrics: &Metrics, paths: bool) -> Self {
        metrics.registry(|registry| Self::register(registry, paths))
    }

    fn register(registry: &mut Registry, paths: bool) -> Self {
        let metrics = Self {
            durations: Family::new_with_constructor(Buckets(&SECONDS)),
            sizes: Family::new_with_constructor(Buckets(&BYTES)),
            in_flight: Family::default(),
            paths,
        };
        registry.register(
            "gotk_receiver_http_request_duration_seconds",
            "The latency of the HTTP requests",
            metrics.durations.clone(),
        );
        registry.register(
            "gotk_receiver_http_response_size_bytes",
            "The size of the HTTP responses",
            metrics.sizes.clone(),
        );
        registry.register(
            "gotk_receiver_http_requests_inflight",
            "The number of inflight requests being handled at the same time",
            metrics.in_flight.clone(),
        );
        metrics
    }

    /// What a request is counted under: `path` is the one of a Receiver, where it leads to one.
    pub(crate) fn handler(&self, path: Option<&str>) -> Handler {
        match path {
            Some(path) if self.paths => Cow::Owned(path.to_owned()),
            Some(_) | None => Cow::Borrowed(HOOK_PREFIX),
        }
    }

    /// Counts a request in flight.
    pub(crate) fn begin(&self, handler: &Handler) -> InFlight {
        let labels = HandlerLabels {
            handler: handler.clone(),
            service: "",
        };
        let gauge = self.in_flight.get_or_create(&labels).clone();
        gauge.inc();
        InFlight(gauge)
    }

    /// Notes an answer with a body of `bytes`.
    pub(crate) fn answered(
        &self,
        handler: Handler,
        method: &Method,
        status: StatusCode,
        bytes: u64,
        took: Duration,
    ) {
        let labels = AnswerLabels {
            code: status.as_u16(),
            handler,
            method: known(method),
            service: "",
        };
        self.durations
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
        #[expect(
            clippy::cast_precision_loss,
            reason = "an answer has less than 2^52 bytes"
        )]
        self.sizes.get_or_create(&labels).observe(bytes as f64);
    }
}

/// The method, where it is one of HTTP's own: anybody can make up others.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(paths: bool, requests: &[(Option<&str>, &str)]) -> String {
        let mut registry = Registry::default();
        let metrics = HookMetrics::register(&mut registry, paths);
        for (path, method) in requests {
            let handler = metrics.handler(*path);
            let in_flight = metrics.begin(&handler);
            let method = method.parse().unwrap();
            metrics.answered(
                handler,
                &method,
                StatusCode::OK,
                19,
                Duration::from_millis(20),
            );
            drop(in_flight);
        }
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn names_labels_and_buckets_are_those_of_flux() {
        let text = text(false, &[(Some("/hook/secret"), "POST"), (None, "POST")]);
        let labels = r#"code="200",handler="/hook/",method="POST",service="""#;
        for line in [
            format!("gotk_receiver_http_request_duration_seconds_count{{{labels}}} 2"),
            format!(
                r#"gotk_receiver_http_request_duration_seconds_bucket{{le="0.01",{labels}}} 0"#
            ),
            format!(
                r#"gotk_receiver_http_request_duration_seconds_bucket{{le="0.025",{labels}}} 2"#
            ),
            format!("gotk_receiver_http_response_size_bytes_sum{{{labels}}} 38.0"),
            r#"gotk_receiver_http_requests_inflight{handler="/hook/",service=""} 0"#.to_owned(),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("secret"));
    }

    #[test]
    fn only_known_paths_and_methods_make_series() {
        let text = text(true, &[(Some("/hook/known"), "POST"), (None, "MADEUP")]);
        assert!(
            text.contains(r#"code="200",handler="/hook/known",method="POST""#),
            "{text}"
        );
        assert!(
            text.contains(r#"code="200",handler="/hook/",method="OTHER""#),
            "{text}"
        );
    }
}
