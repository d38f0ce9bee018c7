//! A trace that travels with the objects, so that one spans all controllers.
//!
//! Its form is `traceparent` of the W3C Trace Context recommendation:
//! `00-<32 hex: trace>-<16 hex: span>-<2 hex: flags>`.

use std::fmt;
use std::str::FromStr;

use api::annotations::TRACEPARENT;
use kube::ResourceExt;
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The span that a trace goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceparent {
    trace: TraceId,
    span: SpanId,
    flags: TraceFlags,
}

/// The text is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a trace context of the form 00-<32 hex>-<16 hex>-<2 hex>, not all zero")]
pub struct TraceparentError;

impl FromStr for Traceparent {
    type Err = TraceparentError;

    /// Reads version 00 to the letter, and the beginning of any later version, as W3C asks.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let mut next = |length| parts.next().filter(|part| is_hex(part, length));
        let fields = (next(2), next(32), next(16), next(2));
        let (Some(version), Some(trace), Some(span), Some(flags)) = fields else {
            return Err(TraceparentError);
        };
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return Err(TraceparentError);
        }
        let parent = Self {
            trace: TraceId::from_hex(trace).map_err(|_| TraceparentError)?,
            span: SpanId::from_hex(span).map_err(|_| TraceparentError)?,
            flags: TraceFlags::new(u8::from_str_radix(flags, 16).map_err(|_| TraceparentError)?),
        };
        let valid = parent.trace != TraceId::INVALID && parent.span != SpanId::INVALID;
        valid.then_some(parent).ok_or(TraceparentError)
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace, span, flags } = self;
        write!(f, "00-{trace}-{span}-{:02x}", flags.to_u8())
    }
}

/// The trace that an object carries; `None` where it carries none.
pub fn of(object: &impl ResourceExt) -> Option<String> {
    object.annotations().get(TRACEPARENT).cloned()
}

/// The current span, for those who write objects: the value of the annotation
/// [`TRACEPARENT`]. `None` where nothing is traced.
pub fn current_traceparent() -> Option<String> {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    let parent = Traceparent {
        trace: span.trace_id(),
        span: span.span_id(),
        flags: span.trace_flags(),
    };
    span.is_valid().then(|| parent.to_string())
}

/// Makes `span` continue the trace of `parent`; a text that is no `traceparent` is left alone.
pub(crate) fn continue_from(span: &Span, parent: &str) {
    let Ok(parent) = parent.parse::<Traceparent>() else {
        return;
    };
    let remote = SpanContext::new(
        parent.trace,
        parent.span,
        parent.flags,
        true,
        TraceState::default(),
    );
    let context = Context::new().with_remote_span_context(remote);
    // Fails only where nothing is traced.
    drop(span.set_parent(context));
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    const EXAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_read_is_printed() {
        assert_eq!(EXAMPLE.parse::<Traceparent>().unwrap().to_string(), EXAMPLE);
    }

    #[test]
    fn a_later_version_may_have_more_fields() {
        let later = EXAMPLE.replacen("00", "01", 1) + "-more";
        assert_eq!(later.parse::<Traceparent>().unwrap().to_string(), EXAMPLE);
    }

    #[test]
    fn other_texts_are_refused() {
        let zero_trace = EXAMPLE.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32));
        let zero_span = EXAMPLE.replace("b7ad6b7169203331", &"0".repeat(16));
        for text in [
            "",
            "00",
            "hello",
            &EXAMPLE.to_uppercase(),
            &EXAMPLE[..EXAMPLE.len() - 1],
            &format!("{EXAMPLE}-more"),
            &EXAMPLE.replacen("00", "ff", 1),
            &zero_trace,
            &zero_span,
        ] {
            assert_eq!(text.parse::<Traceparent>(), Err(TraceparentError), "{text}");
        }
    }

    #[test]
    fn a_span_continues_the_trace_of_its_parent() {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("pass");
            continue_from(&span, EXAMPLE);
            let inside = span.in_scope(current_traceparent).unwrap();
            let (inside, parent): (Traceparent, Traceparent) =
                (inside.parse().unwrap(), EXAMPLE.parse().unwrap());
            assert_eq!(inside.trace, parent.trace);
            assert_ne!(inside.span, parent.span);
            let other = tracing::info_span!("pass");
            continue_from(&other, "nonsense");
            let other = other.in_scope(current_traceparent).unwrap();
            assert_ne!(other.parse::<Traceparent>().unwrap().trace, parent.trace);
        });
    }

    #[test]
    fn without_tracing_there_is_nothing_to_hand_on() {
        assert_eq!(current_traceparent(), None);
    }
}
