//! Go's own functions: comparison, indexing, printing, escaping.

use std::cmp::Ordering;

use crate::go::fault::{Fault, Text};
use crate::go::fmt;
use crate::go::function::{Call, Outcome, finished};
use crate::go::order;
use crate::go::value::Value;

pub(super) fn not(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(!call.any(0)?.is_true()))
}

/// The kinds that compare with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Signed,
    Unsigned,
    Float,
    Text,
}

fn basic(value: &Value) -> Option<Basic> {
    Some(match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(_) | Value::Int64(_) | Value::Named(_) => Basic::Signed,
        Value::Byte(_) | Value::Uint64(_) => Basic::Unsigned,
        Value::Float(_) => Basic::Float,
        Value::Text(_) => Basic::Text,
        _ => return None,
    })
}

fn incompatible(left: &Value, right: &Value) -> Fault {
    let (left, right) = (left.type_name(), right.type_name());
    Fault::failed(format!(
        "incompatible types for comparison: {left} and {right}"
    ))
}

/// Whether the first argument equals any of the others.
pub(super) fn eq(call: &mut Call<'_>) -> Outcome {
    let left = call.any(0)?;
    if call.args.len() < 2 {
        return Err(Fault::failed("missing argument for comparison"));
    }
    for right in call.rest(1) {
        if equal(left, right)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn equal(left: &Value, right: &Value) -> Result<bool, Fault> {
    match (basic(left), basic(right)) {
        (Some(Basic::Float), Some(Basic::Float)) => {
            let (Value::Float(left), Value::Float(right)) = (left, right) else {
                return Ok(false);
            };
            Ok(left.partial_cmp(right) == Some(Ordering::Equal))
        }
        (Some(l), Some(r)) if l == r || (is_integer(l) && is_integer(r)) => {
            Ok(order::compare(left, right).is_eq())
        }
        (None, None) => equal_composites(left, right),
        _ if matches!(left, Value::Nil) || matches!(right, Value::Nil) => Ok(false),
        _ => Err(incompatible(left, right)),
    }
}

/// Structs and nil compare; lists and maps do so only with nil.
fn equal_composites(left: &Value, right: &Value) -> Result<bool, Fault> {
    if matches!(left, Value::Nil) || matches!(right, Value::Nil) {
        return Ok(matches!((left, right), (Value::Nil, Value::Nil)));
    }
    if left.kind() != right.kind() {
        let texts = (
            fmt::plain(left)?,
            left.type_name(),
            right.type_name(),
            fmt::plain(right)?,
        );
        return Err(Fault::failed(format!(
            "non-comparable types {}: {}, {}: {}",
            texts.0, texts.1, texts.2, texts.3
        )));
    }
    if matches!(right, Value::List(_) | Value::Map(_) | Value::Dict(_)) {
        return Err(Fault::failed(format!(
            "non-comparable type {}: {}",
            fmt::plain(right)?,
            right.type_name()
        )));
    }
    Ok(order::identical(left, right))
}

fn is_integer(kind: Basic) -> bool {
    matches!(kind, Basic::Signed | Basic::Unsigned)
}

pub(super) fn ne(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(!equal(call.any(0)?, call.any(1)?)?))
}

/// None if one of them is no number.
fn ordering(call: &Call<'_>) -> Result<Option<Ordering>, Fault> {
    let (left, right) = (call.any(0)?, call.any(1)?);
    let invalid = || Fault::failed("invalid type for comparison");
    let (l, r) = (
        basic(left).ok_or_else(invalid)?,
        basic(right).ok_or_else(invalid)?,
    );
    match (l, r) {
        (Basic::Bool, Basic::Bool) => Err(invalid()),
        (Basic::Float, Basic::Float) => {
            let (Value::Float(left), Value::Float(right)) = (left, right) else {
                return Ok(None);
            };
            Ok(left.partial_cmp(right))
        }
        _ if l == r || (is_integer(l) && is_integer(r)) => Ok(Some(order::compare(left, right))),
        _ => Err(incompatible(left, right)),
    }
}

pub(super) fn lt(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(ordering(call)? == Some(Ordering::Less)))
}

pub(super) fn le(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(ordering(call)?.is_some_and(Ordering::is_le)))
}

/// As in Go, `gt` and `ge` are the opposites of `le` and `lt`, even for what is no number.
pub(super) fn gt(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(!ordering(call)?.is_some_and(Ordering::is_le)))
}

pub(super) fn ge(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(ordering(call)? != Some(Ordering::Less)))
}

pub(super) fn len(call: &mut Call<'_>) -> Outcome {
    let value = call.any(0)?;
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.entries.len(),
        Value::Dict(dict) => dict.borrow().len(),
        Value::Nil => return Err(Fault::failed("len of nil pointer")),
        _ => return Err(Fault::failed(format!("len of type {}", value.type_name()))),
    };
    Ok(Value::length(length))
}

/// `index x 1 "a"` is `x[1]["a"]`. A key that is not there gives the zero value of the map's items.
pub(super) fn index(call: &mut Call<'_>) -> Outcome {
    let mut value = call.any(0)?.clone();
    if matches!(value, Value::Nil) {
        return Err(Fault::failed("index of untyped nil"));
    }
    for index in call.rest(1) {
        value = item(&value, index)?;
    }
    Ok(value)
}

fn item(value: &Value, index: &Value) -> Outcome {
    match value {
        Value::Nil => Err(Fault::failed("index of nil pointer")),
        Value::Text(text) => Ok(Value::Byte(text.as_bytes()[position(index, text.len())?])),
        Value::List(list) => Ok(list.items[position(index, list.items.len())?].clone()),
        Value::Dict(dict) => {
            check_key(index, "string")?;
            let Value::Text(key) = index else {
                return Ok(Value::Nil);
            };
            Ok(dict.borrow().get(key).cloned().unwrap_or(Value::Nil))
        }
        Value::Map(map) => {
            check_key(index, map.shape.key)?;
            Ok(map.get(index).cloned().unwrap_or_else(map.shape.zero))
        }
        _ => Err(Fault::failed(format!(
            "can't index item of type {}",
            value.type_name()
        ))),
    }
}

fn check_key(index: &Value, key: &str) -> Result<(), Fault> {
    match index {
        Value::Nil => Err(Fault::failed(format!(
            "value is nil; should be of type {key}"
        ))),
        _ if index.type_name() == key => Ok(()),
        _ => Err(Fault::failed(format!(
            "value has type {}; should be {key}",
            index.type_name()
        ))),
    }
}

fn position(index: &Value, length: usize) -> Result<usize, Fault> {
    if matches!(index, Value::Nil) {
        return Err(Fault::failed("cannot index slice/array with nil"));
    }
    let Some(number) = index.integer() else {
        return Err(Fault::failed(format!(
            "cannot index slice/array with type {}",
            index.type_name()
        )));
    };
    let position = usize::try_from(number)
        .ok()
        .filter(|position| *position < length);
    position.ok_or_else(|| Fault::failed(format!("index out of range: {number}")))
}

pub(super) fn print(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(fmt::print(call.args)?))
}

pub(super) fn println(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(fmt::println(call.args)?))
}

pub(super) fn printf(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(fmt::printf(call.text(0)?, call.rest(1))?))
}

/// What the escaping functions escape: the arguments as an action prints them.
fn shown(call: &Call<'_>) -> Result<String, Fault> {
    let no_value = Value::text("<no value>");
    let shown: Vec<Value> = call
        .args
        .iter()
        .map(|v| {
            if matches!(v, Value::Nil) {
                &no_value
            } else {
                v
            }
        })
        .cloned()
        .collect();
    fmt::print(&shown)
}

pub(super) fn html(call: &mut Call<'_>) -> Outcome {
    let mut out = Text::new();
    for c in shown(call)?.chars() {
        match c {
            '\0' => out.push(char::REPLACEMENT_CHARACTER)?,
            '"' => out.push_str("&#34;")?,
            '\'' => out.push_str("&#39;")?,
            '&' => out.push_str("&amp;")?,
            '<' => out.push_str("&lt;")?,
            '>' => out.push_str("&gt;")?,
            c => out.push(c)?,
        }
    }
    Ok(finished(out))
}

pub(super) fn js(call: &mut Call<'_>) -> Outcome {
    let mut out = Text::new();
    for c in shown(call)?.chars() {
        match c {
            '\\' | '\'' | '"' => {
                out.push('\\')?;
                out.push(c)?;
            }
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", u32::from(c)))?,
            c if c < ' ' || (!c.is_ascii() && !fmt::is_printable(c)) => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)))?;
            }
            c => out.push(c)?,
        }
    }
    Ok(finished(out))
}

pub(super) fn urlquery(call: &mut Call<'_>) -> Outcome {
    let mut out = Text::new();
    for byte in shown(call)?.bytes() {
        match byte {
            b' ' => out.push('+')?,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte))?;
            }
            _ => out.push_str(&format!("%{byte:02X}"))?,
        }
    }
    Ok(finished(out))
}
