//! Texts: cutting, joining, replacing, quoting.
//!
//! Positions and widths are bytes, as in sprig. A character that is cut apart becomes the replacement
//! character: a commit message is UTF-8.

use std::rc::Rc;

use crate::go::fault::{Fault, Text};
use crate::go::fmt;
use crate::go::function::{Call, Outcome, finished, to_text};
use crate::go::run::Run;
use crate::go::value::{Map, MapShape, Value};

pub(super) fn hello(_: &mut Call<'_>) -> Outcome {
    Ok(Value::text("Hello!"))
}

pub(super) fn trim(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(call.text(0)?.trim()))
}

/// Also called `trimall`: removes any of the characters of the first argument from both ends.
pub(super) fn trim_all(call: &mut Call<'_>) -> Outcome {
    let cut = call.text(0)?;
    Ok(Value::text(call.text(1)?.trim_matches(|c| cut.contains(c))))
}

pub(super) fn trim_prefix(call: &mut Call<'_>) -> Outcome {
    let text = call.text(1)?;
    Ok(Value::text(
        text.strip_prefix(call.text(0)?).unwrap_or(text),
    ))
}

pub(super) fn trim_suffix(call: &mut Call<'_>) -> Outcome {
    let text = call.text(1)?;
    Ok(Value::text(
        text.strip_suffix(call.text(0)?).unwrap_or(text),
    ))
}

pub(super) fn contains(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(call.text(1)?.contains(call.text(0)?)))
}

pub(super) fn has_prefix(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(call.text(1)?.starts_with(call.text(0)?)))
}

pub(super) fn has_suffix(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(call.text(1)?.ends_with(call.text(0)?)))
}

pub(super) fn nospace(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(
        call.text(0)?
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>(),
    ))
}

/// The bytes from `start` to `end`.
pub(super) fn cut(text: &str, start: usize, end: usize) -> String {
    String::from_utf8_lossy(text.as_bytes().get(start..end).unwrap_or_default()).into_owned()
}

/// `trunc 5` keeps the first five bytes, `trunc -5` the last.
pub(super) fn trunc(call: &mut Call<'_>) -> Outcome {
    let (count, text) = (call.int(0)?, call.text(1)?);
    let magnitude = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if magnitude >= text.len() {
        return Ok(Value::text(text));
    }
    let (start, end) = if count < 0 {
        (text.len() - magnitude, text.len())
    } else {
        (0, magnitude)
    };
    Ok(Value::text(cut(text, start, end)))
}

/// `substr start end`; a negative start is the beginning, a negative or too large end the end.
pub(super) fn substr(call: &mut Call<'_>) -> Outcome {
    let (start, end, text) = (call.int(0)?, call.int(1)?, call.text(2)?);
    let length = text.len();
    let out_of_range =
        |what: String| Fault::failed(format!("runtime error: slice bounds out of range {what}"));
    if start < 0 {
        let Some(end) = usize::try_from(end).ok().filter(|end| *end <= length) else {
            let of_length = if end < 0 {
                String::new()
            } else {
                format!(" with length {length}")
            };
            return Err(out_of_range(format!("[:{end}]{of_length}")));
        };
        return Ok(Value::text(cut(text, 0, end)));
    }
    let end = usize::try_from(end)
        .ok()
        .filter(|end| *end <= length)
        .unwrap_or(length);
    match usize::try_from(start).ok().filter(|start| *start <= end) {
        Some(start) => Ok(Value::text(cut(text, start, end))),
        None => Err(out_of_range(format!("[{start}:{end}]"))),
    }
}

/// Shortens to `width` bytes with an ellipsis.
pub(super) fn abbrev(call: &mut Call<'_>) -> Outcome {
    let (width, text) = (call.int(0)?, call.text(1)?);
    Ok(Value::text(if width < 4 {
        text.to_owned()
    } else {
        abbreviated(text, 0, width)
    }))
}

/// `abbrevboth left right`: shortens on both sides.
pub(super) fn abbrevboth(call: &mut Call<'_>) -> Outcome {
    let (left, right, text) = (call.int(0)?, call.int(1)?, call.text(2)?);
    let keeps_all = right < 4 || (left > 0 && right < 7);
    Ok(Value::text(if keeps_all {
        text.to_owned()
    } else {
        abbreviated(text, left, right)
    }))
}

/// `width` is at least 4, and at least 7 if `offset` is positive.
fn abbreviated(text: &str, offset: i64, width: i64) -> String {
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    let length = text.len();
    if length <= width {
        return text.to_owned();
    }
    let offset = usize::try_from(offset)
        .unwrap_or(0)
        .min(length)
        .min(length - (width - 3));
    if offset <= 4 {
        return cut(text, 0, width - 3) + "...";
    }
    if offset + width - 3 < length {
        let inner = i64::try_from(width - 3).unwrap_or(i64::MAX);
        return format!("...{}", abbreviated(&cut(text, offset, length), 0, inner));
    }
    format!("...{}", cut(text, length - (width - 3), length))
}

fn non_negative(count: i64) -> Result<usize, Fault> {
    if count < 0 {
        return Err(Fault::failed("strings: negative Repeat count"));
    }
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(super) fn repeat(call: &mut Call<'_>) -> Outcome {
    let (count, text) = (non_negative(call.int(0)?)?, call.text(1)?);
    let mut out = Text::new();
    if !text.is_empty() {
        (0..count).try_for_each(|_| out.push_str(text))?;
    }
    Ok(finished(out))
}

pub(super) fn indent(call: &mut Call<'_>) -> Outcome {
    Ok(finished(indented(call, Text::new())?))
}

/// `indent` after a newline.
pub(super) fn nindent(call: &mut Call<'_>) -> Outcome {
    let mut out = Text::new();
    out.push('\n')?;
    Ok(finished(indented(call, out)?))
}

fn indented(call: &Call<'_>, mut out: Text) -> Result<Text, Fault> {
    let spaces = non_negative(call.int(0)?)?;
    for (index, line) in call.text(1)?.split('\n').enumerate() {
        if index > 0 {
            out.push('\n')?;
        }
        out.fill(' ', spaces)?;
        out.push_str(line)?;
    }
    Ok(out)
}

/// `replace old new text`
pub(super) fn replace(call: &mut Call<'_>) -> Outcome {
    let (old, new, text) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let mut out = Text::new();
    let mut after = 0;
    for (start, found) in text.match_indices(old) {
        out.push_str(&text[after..start])?;
        out.push_str(new)?;
        after = start + found.len();
    }
    out.push_str(&text[after..])?;
    Ok(finished(out))
}

pub(super) fn plural(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(call.text(usize::from(call.int(2)? != 1))?))
}

/// The arguments that are not nil, each written by `write`, with spaces between.
fn spaced(call: &Call<'_>, write: fn(&Value, &mut Text) -> Result<(), Fault>) -> Outcome {
    let mut out = Text::new();
    let given = call
        .args
        .iter()
        .filter(|value| !matches!(value, Value::Nil));
    for (index, value) in given.enumerate() {
        if index > 0 {
            out.push(' ')?;
        }
        write(value, &mut out)?;
    }
    Ok(finished(out))
}

pub(super) fn quote(call: &mut Call<'_>) -> Outcome {
    spaced(call, |value, out| {
        out.push_str(&fmt::quote(&to_text(value)?))
    })
}

pub(super) fn squote(call: &mut Call<'_>) -> Outcome {
    spaced(call, |value, out| {
        out.push('\'')?;
        out.push_str(&fmt::plain(value)?)?;
        out.push('\'')
    })
}

pub(super) fn cat(call: &mut Call<'_>) -> Outcome {
    spaced(call, |value, out| out.push_str(&fmt::plain(value)?))
}

pub(super) fn to_string(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Text(to_text(call.any(0)?)?))
}

/// The items of a list as texts, without nil; of anything else, that alone.
pub(super) fn strings_of(value: &Value, run: &mut Run) -> Result<Vec<Rc<str>>, Fault> {
    match value {
        Value::List(list) => {
            let given = list.items.iter().filter(|item| !matches!(item, Value::Nil));
            given.map(|item| paid_text(item, run)).collect()
        }
        Value::Nil => Ok(Vec::new()),
        other => Ok(vec![to_text(other)?]),
    }
}

/// A value as text, with the work that takes.
pub(super) fn paid_text(value: &Value, run: &mut Run) -> Result<Rc<str>, Fault> {
    let text = to_text(value)?;
    run.spend_items(1 + text.len() / 16)?;
    Ok(text)
}

pub(super) fn to_strings(call: &mut Call<'_>) -> Outcome {
    Value::texts(strings_of(call.any(0)?, call.run)?)
}

pub(super) fn join(call: &mut Call<'_>) -> Outcome {
    let separator = call.text(0)?;
    let mut out = Text::new();
    for (index, text) in strings_of(call.any(1)?, call.run)?.iter().enumerate() {
        if index > 0 {
            out.push_str(separator)?;
        }
        out.push_str(text)?;
    }
    Ok(finished(out))
}

/// Go's `strings.SplitN`: an empty separator splits into characters; a negative limit is none.
fn parts<'t>(text: &'t str, separator: &str, limit: i64) -> Vec<&'t str> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if !separator.is_empty() {
        return text.splitn(limit, separator).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next().filter(|_| limit > 0) {
        let length = if parts.len() + 1 == limit {
            rest.len()
        } else {
            c.len_utf8()
        };
        let (part, after) = rest.split_at(length);
        parts.push(part);
        rest = after;
    }
    parts
}

pub(super) fn split_list(call: &mut Call<'_>) -> Outcome {
    Value::texts(parts(call.text(1)?, call.text(0)?, -1))
}

static PARTS: MapShape = MapShape {
    name: "map[string]string",
    key: "string",
    zero: || Value::text(""),
};

/// A map `_0`, `_1`, … of the parts.
fn numbered(call: &mut Call<'_>, parts: &[&str]) -> Outcome {
    call.run.spend_items(4 * parts.len())?;
    let entries = parts
        .iter()
        .enumerate()
        .map(|(index, part)| (Value::text(format!("_{index}")), Value::text(part)));
    Ok(Value::Map(Map::new(entries.collect(), &PARTS)))
}

pub(super) fn split(call: &mut Call<'_>) -> Outcome {
    let parts = parts(call.text(1)?, call.text(0)?, -1);
    numbered(call, &parts)
}

/// `splitn separator limit text`
pub(super) fn splitn(call: &mut Call<'_>) -> Outcome {
    let parts = parts(call.text(2)?, call.text(0)?, call.int(1)?);
    numbered(call, &parts)
}

/// The characters in an order drawn from the seed.
pub(super) fn shuffle(call: &mut Call<'_>) -> Outcome {
    let mut chars: Vec<char> = call.text(0)?.chars().collect();
    call.run.spend_items(chars.len())?;
    for end in (1..chars.len()).rev() {
        let bound = u64::try_from(end + 1).unwrap_or(u64::MAX);
        let chosen = usize::try_from(call.run.random_below(bound)).unwrap_or(0);
        chars.swap(end, chosen);
    }
    Ok(Value::text(chars.into_iter().collect::<String>()))
}
