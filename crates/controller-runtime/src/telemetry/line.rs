//! One event, one line.

use std::fmt;

use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::redact::redact;
use crate::args::LogEncoding;

/// Writes an event in Flux's form: `level`, `ts`, `logger` and `msg`, then its fields and those of the spans around it.
/// Of fields of one name the innermost counts.
pub(super) struct Line {
    encoding: LogEncoding,
}

impl Line {
    pub(super) fn new(encoding: LogEncoding) -> Self {
        Self { encoding }
    }
}

impl<S> FormatEvent<S, JsonFields> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields(Map::new());
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let extensions = span.extensions();
            let formatted = extensions.get::<FormattedFields<JsonFields>>();
            fields.extend(formatted.map_or("", |formatted| formatted.fields.as_str()));
        }
        event.record(&mut fields);
        let metadata = event.metadata();
        let line = Columns {
            level: level(*metadata.level()),
            time: Timestamp::now(),
            logger: metadata.target(),
            message: fields.take_message(),
            fields: fields.0,
        };
        match self.encoding {
            LogEncoding::Json => line.json(writer),
            LogEncoding::Console => line.console(writer),
        }
    }
}

/// Flux's names of the levels.
fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

struct Columns<'a> {
    level: &'static str,
    time: Timestamp,
    logger: &'a str,
    message: String,
    fields: Map<String, Value>,
}

impl Columns<'_> {
    fn json(self, mut writer: Writer<'_>) -> fmt::Result {
        let Self {
            level,
            time,
            logger,
            message,
            fields,
        } = self;
        let message = Value::from(message);
        let logger = Value::from(logger);
        write!(
            writer,
            r#"{{"level":"{level}","ts":"{time:.3}","logger":{logger},"msg":{message}"#
        )?;
        for (name, value) in fields {
            write!(writer, ",{}:{value}", Value::from(name))?;
        }
        writeln!(writer, "}}")
    }

    fn console(self, mut writer: Writer<'_>) -> fmt::Result {
        let Self {
            level,
            time,
            logger,
            message,
            fields,
        } = self;
        write!(
            writer,
            "{time:.3}\t{}\t{logger}\t{message}",
            level.to_uppercase()
        )?;
        if !fields.is_empty() {
            write!(writer, "\t{}", Value::Object(fields))?;
        }
        writeln!(writer)
    }
}

/// Fields by name, without what looks like a secret.
struct Fields(Map<String, Value>);

impl Fields {
    /// Adds what a span holds, which `JsonFields` wrote.
    fn extend(&mut self, json: &str) {
        let fields: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
        for (name, value) in fields {
            match value {
                Value::String(text) => self.insert(&name, redact(&text).as_ref()),
                value => self.insert(&name, value),
            }
        }
    }

    fn insert(&mut self, name: &str, value: impl Into<Value>) {
        // A line has one of each key, and `flux logs` looks for the kind by that name.
        let name = match name {
            "level" | "ts" | "logger" | "msg" => format!("{name}_"),
            "kind" => "controllerKind".to_owned(),
            name => name.to_owned(),
        };
        self.0.insert(name, value.into());
    }

    fn take_message(&mut self) -> String {
        match self.0.remove("message") {
            Some(Value::String(text)) => text,
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field.name(), redact(value).as_ref());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field.name(), redact(&format!("{value:?}")).as_ref());
    }
}
