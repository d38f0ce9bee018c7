use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::args::LogEncoding;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Output {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn logged(encoding: LogEncoding, log: impl FnOnce()) -> String {
    let output = Output::default();
    let layer = tracing_subscriber::fmt::layer()
        .fmt_fields(JsonFields::new())
        .event_format(Line::new(encoding))
        .with_writer(output.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
    String::from_utf8(output.0.lock().clone()).unwrap()
}

#[test]
fn a_json_line_has_the_keys_of_flux_and_the_fields_around_it() {
    let text = logged(LogEncoding::Json, || {
        let _outer = tracing::info_span!("outer", name = "app", attempt = 1).entered();
        let _inner = tracing::info_span!("inner", attempt = 2, ready = true).entered();
        tracing::error!(error = %"boom", tags = 3, "it \"failed\"");
    });
    let (line, rest) = text.split_once('\n').unwrap();
    assert_eq!(rest, "");
    assert!(line.starts_with(r#"{"level":"error","ts":"20"#), "{line}");
    let mut line: Value = serde_json::from_str(line).unwrap();
    let ts = line["ts"].take();
    assert_eq!(
        ts.as_str().map(str::len),
        Some("2026-01-01T00:00:00.000Z".len()),
        "{ts}"
    );
    assert_eq!(
        line,
        json!({
            "level": "error", "ts": null, "logger": "controller_runtime::telemetry::tests",
            "msg": "it \"failed\"", "error": "boom", "tags": 3, "name": "app", "attempt": 2, "ready": true,
        })
    );
}

#[test]
fn fields_never_double_a_key() {
    let text = logged(LogEncoding::Json, || tracing::info!(level = "mine", "text"));
    assert_eq!(text.matches(r#""level":"#).count(), 1, "{text}");
    assert!(text.contains(r#""level_":"mine""#), "{text}");
}

#[test]
fn a_console_line_has_columns() {
    let text = logged(LogEncoding::Console, || tracing::info!(tags = 3, "done"));
    let columns: Vec<&str> = text.trim_end().split('\t').collect();
    assert_eq!(
        columns[1..],
        [
            "INFO",
            "controller_runtime::telemetry::tests",
            "done",
            r#"{"tags":3}"#
        ]
    );
}

#[test]
fn secrets_are_masked_wherever_they_stand() {
    let secret = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln";
    for encoding in [LogEncoding::Json, LogEncoding::Console] {
        let text = logged(encoding, || {
            let _span = tracing::info_span!("span", token = secret).entered();
            tracing::info!(field = secret, debug = ?Some(secret), "message {secret}");
        });
        assert!(!text.contains("eyJ"), "{text}");
        assert_eq!(text.matches("***").count(), 4, "{text}");
    }
}

#[test]
fn rust_log_decides_where_it_can_be_read() {
    let (chosen, malformed) = filter(Some("warn,kube=debug".to_owned()), LogLevel::Info);
    assert_eq!(
        (chosen.to_string().as_str(), malformed),
        ("kube=debug,warn", None)
    );
    for empty in [None, Some(String::new())] {
        let (chosen, malformed) = filter(empty, LogLevel::Error);
        assert_eq!((chosen.to_string().as_str(), malformed), ("error", None));
    }
    let (chosen, malformed) = filter(Some("a=b=c".to_owned()), LogLevel::Info);
    assert_eq!(chosen.to_string(), "info");
    assert_eq!(malformed.as_deref(), Some("a=b=c"));
}
