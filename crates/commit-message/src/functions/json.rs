//! JSON, written as Go's `encoding/json` writes it.

use std::rc::Rc;

use crate::go::fault::{Fault, Text};
use crate::go::function::{Call, Outcome, finished};
use crate::go::layout;
use crate::go::number::{FloatStyle, format_float};
use crate::go::run::Run;
use crate::go::value::Value;
use crate::limits::{Limit, MAX_VALUE_DEPTH};

/// nil if the text is no JSON.
pub(super) fn from_json(call: &mut Call<'_>) -> Outcome {
    match serde_json::from_str(call.text(0)?) {
        Ok(parsed) => to_value(parsed, call.run),
        Err(_) => Ok(Value::Nil),
    }
}

pub(super) fn must_from_json(call: &mut Call<'_>) -> Outcome {
    let parsed =
        serde_json::from_str(call.text(0)?).map_err(|error| Fault::failed(error.to_string()))?;
    to_value(parsed, call.run)
}

/// Numbers are floats, as in Go.
fn to_value(json: serde_json::Value, run: &mut Run) -> Outcome {
    run.spend(1)?;
    Ok(match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(0.0)),
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(items) => Value::list(
            items
                .into_iter()
                .map(|item| to_value(item, run))
                .collect::<Result<_, _>>()?,
        )?,
        serde_json::Value::Object(object) => {
            let entries = object
                .into_iter()
                .map(|(key, value)| Ok((Rc::from(key), to_value(value, run)?)));
            let entries = entries.collect::<Result<_, Fault>>()?;
            run.dict(entries)?
        }
    })
}

/// The empty text if the value has no JSON form.
pub(super) fn to_json(call: &mut Call<'_>) -> Outcome {
    or_empty(written(call, true, false))
}

pub(super) fn must_to_json(call: &mut Call<'_>) -> Outcome {
    written(call, true, false)
}

pub(super) fn to_pretty_json(call: &mut Call<'_>) -> Outcome {
    or_empty(written(call, true, true))
}

pub(super) fn must_to_pretty_json(call: &mut Call<'_>) -> Outcome {
    written(call, true, true)
}

/// Without the escapes that keep JSON safe within HTML.
pub(super) fn to_raw_json(call: &mut Call<'_>) -> Outcome {
    written(call, false, false)
}

fn or_empty(outcome: Outcome) -> Outcome {
    match outcome {
        Err(Fault::Failed(_)) => Ok(Value::text("")),
        other => other,
    }
}

fn written(call: &Call<'_>, escapes_html: bool, pretty: bool) -> Outcome {
    let mut writer = Writer {
        out: Text::new(),
        escapes_html,
        pretty,
        depth: 0,
    };
    writer.value(call.any(0)?)?;
    Ok(finished(writer.out))
}

struct Writer {
    out: Text,
    escapes_html: bool,
    pretty: bool,
    depth: usize,
}

type Written = Result<(), Fault>;

impl Writer {
    fn value(&mut self, value: &Value) -> Written {
        match value {
            Value::Nil => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Float(number) => self.float(*number),
            Value::Text(text) => self.text(text),
            Value::List(list) => self.array(&list.items),
            Value::Dict(dict) => {
                let entries = dict.borrow();
                self.object(entries.iter().map(|(key, value)| (&**key, value)))
            }
            Value::Map(map) => {
                let texts = map.entries.iter().map(|(key, value)| match key {
                    Value::Text(key) => Ok((&**key, value)),
                    _ => Err(Fault::failed(format!(
                        "json: unsupported type: {}",
                        map.shape.name
                    ))),
                });
                let entries = texts.collect::<Result<Vec<_>, _>>()?;
                self.object(entries.into_iter())
            }
            Value::Record(record) => match record.json_fields() {
                Some(fields) => self.object(fields.into_iter()),
                None => self.text(record.string().unwrap_or_default()),
            },
            Value::Time(time) => {
                self.text(&layout::format(time, "2006-01-02T15:04:05.999999999Z07:00"))
            }
            Value::Version(version) => self.text(&version.to_string()),
            Value::Int(_)
            | Value::Int64(_)
            | Value::Byte(_)
            | Value::Uint64(_)
            | Value::Named(_) => self.out.push_str(&value.integer().unwrap_or(0).to_string()),
        }
    }

    fn float(&mut self, number: f64) -> Written {
        if !number.is_finite() {
            let text = format_float(number, FloatStyle::PLAIN);
            return Err(Fault::failed(format!("json: unsupported value: {text}")));
        }
        let magnitude = number.abs();
        let exponential = magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude);
        let letter = if exponential { 'e' } else { 'f' };
        let text = format_float(
            number,
            FloatStyle {
                letter,
                precision: None,
            },
        );
        // e-09 is written e-9.
        self.out.push_str(&text.replace("e-0", "e-"))
    }

    fn text(&mut self, text: &str) -> Written {
        self.out.push('"')?;
        for c in text.chars() {
            match c {
                '"' | '\\' => {
                    self.out.push('\\')?;
                    self.out.push(c)?;
                }
                '\u{8}' => self.out.push_str("\\b")?,
                '\u{c}' => self.out.push_str("\\f")?,
                '\n' => self.out.push_str("\\n")?,
                '\r' => self.out.push_str("\\r")?,
                '\t' => self.out.push_str("\\t")?,
                '<' | '>' | '&' if self.escapes_html => self.escaped(c)?,
                c if c < ' ' || matches!(c, '\u{2028}' | '\u{2029}') => self.escaped(c)?,
                c => self.out.push(c)?,
            }
        }
        self.out.push('"')
    }

    fn escaped(&mut self, c: char) -> Written {
        self.out.push_str(&format!("\\u{:04x}", u32::from(c)))
    }

    fn array(&mut self, items: &[Value]) -> Written {
        self.nested('[', ']', items.iter(), Self::value)
    }

    fn object<'v>(&mut self, entries: impl Iterator<Item = (&'v str, &'v Value)>) -> Written {
        self.nested('{', '}', entries, |writer, (key, value)| {
            writer.text(key)?;
            writer
                .out
                .push_str(if writer.pretty { ": " } else { ":" })?;
            writer.value(value)
        })
    }

    fn nested<T>(
        &mut self,
        open: char,
        close: char,
        items: impl Iterator<Item = T>,
        write: impl Fn(&mut Self, T) -> Written,
    ) -> Written {
        if self.depth > 2 * MAX_VALUE_DEPTH {
            return Err(Fault::Limit(Limit::ValueDepth));
        }
        self.depth += 1;
        self.out.push(open)?;
        let mut is_empty = true;
        for item in items {
            if !is_empty {
                self.out.push(',')?;
            }
            is_empty = false;
            self.line_break()?;
            write(self, item)?;
        }
        self.depth -= 1;
        if !is_empty {
            self.line_break()?;
        }
        self.out.push(close)
    }

    fn line_break(&mut self) -> Written {
        if !self.pretty {
            return Ok(());
        }
        self.out.push('\n')?;
        self.out.fill(' ', 2 * self.depth)
    }
}
