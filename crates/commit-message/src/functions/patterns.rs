//! Regular expressions in Go's syntax (RE2), run by the `regex` crate.

mod re2;

use std::rc::Rc;

use regex::{Captures, Regex, RegexBuilder};

use crate::error::shown;
use crate::go::fault::{Fault, Text};
use crate::go::function::{Call, Outcome, finished};
use crate::go::run::Run;
use crate::go::value::Value;
use crate::limits::{Limit, MAX_REGEX_BYTES};

/// A match may have looked at the whole rest of the text: its price is a step per this many bytes of that.
const BYTES_PER_STEP: usize = 128;

/// Compiled expressions are kept for the next use, this many.
const MAX_KEPT: usize = 16;

/// What compiling costs, in steps.
const COMPILE_STEPS: u64 = 2_000;

/// The compiled expression of the first argument, and the payment for searching the text of the second.
fn compiled(call: &mut Call<'_>) -> Result<Rc<Regex>, Fault> {
    let (pattern, text) = (call.text(0)?, call.text(1)?);
    call.run.spend_items(1 + text.len())?;
    if let Some(known) = call.run.regexes.get(pattern) {
        return Ok(Rc::clone(known));
    }
    let regex = Rc::new(compile(pattern, call.run)?);
    if call.run.regexes.len() == MAX_KEPT {
        call.run.regexes.clear();
    }
    call.run.regexes.insert(pattern.into(), Rc::clone(&regex));
    Ok(regex)
}

fn compile(pattern: &str, run: &mut Run) -> Result<Regex, Fault> {
    run.spend(COMPILE_STEPS)?;
    let invalid = |reason: String| {
        Fault::failed(format!(
            "error parsing regexp: {reason}: `{}`",
            shown(pattern)
        ))
    };
    let translated = re2::translate(pattern).map_err(invalid)?;
    let built = RegexBuilder::new(&translated)
        .size_limit(MAX_REGEX_BYTES)
        .dfa_size_limit(4 * MAX_REGEX_BYTES)
        .nest_limit(re2::MAX_NESTING)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => Fault::Limit(Limit::Regex),
        other => {
            let text = other.to_string();
            let reason = text
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            invalid(reason.to_owned())
        }
    })
}

fn pay_for_match(text: &str, start: usize, run: &mut Run) -> Result<(), Fault> {
    run.spend_items(1 + (text.len() - start) / BYTES_PER_STEP)
}

/// An invalid expression matches nothing.
pub(super) fn is_match(call: &mut Call<'_>) -> Outcome {
    match must_match(call) {
        Err(Fault::Failed(_)) => Ok(Value::Bool(false)),
        other => other,
    }
}

pub(super) fn must_match(call: &mut Call<'_>) -> Outcome {
    let regex = compiled(call)?;
    Ok(Value::Bool(regex.is_match(call.text(1)?)))
}

/// The first match, or the empty text.
pub(super) fn find(call: &mut Call<'_>) -> Outcome {
    let regex = compiled(call)?;
    Ok(Value::text(
        regex.find(call.text(1)?).map_or("", |found| found.as_str()),
    ))
}

/// As many matches as the third argument says, all if it is negative.
pub(super) fn find_all(call: &mut Call<'_>) -> Outcome {
    let regex = compiled(call)?;
    let limit = usize::try_from(call.int(2)?).unwrap_or(usize::MAX);
    let text = call.text(1)?;
    let mut found = Vec::new();
    for one in regex.find_iter(text).take(limit) {
        pay_for_match(text, one.start(), call.run)?;
        found.push(one.as_str());
    }
    Value::texts(found)
}

/// In the replacement, `$1` and `${name}` are the groups.
pub(super) fn replace_all(call: &mut Call<'_>) -> Outcome {
    replaced(call, expand)
}

pub(super) fn replace_all_literal(call: &mut Call<'_>) -> Outcome {
    replaced(call, |_, replacement, out| out.push_str(replacement))
}

type Expansion = fn(&Captures<'_>, &str, &mut Text) -> Result<(), Fault>;

fn replaced(call: &mut Call<'_>, expansion: Expansion) -> Outcome {
    let regex = compiled(call)?;
    let (text, replacement) = (call.text(1)?, call.text(2)?);
    let mut out = Text::new();
    let mut after = 0;
    for captures in regex.captures_iter(text) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        pay_for_match(text, whole.start(), call.run)?;
        call.run.spend_items(replacement.len() / 16)?;
        out.push_str(&text[after..whole.start()])?;
        expansion(&captures, replacement, &mut out)?;
        after = whole.end();
    }
    out.push_str(&text[after..])?;
    Ok(finished(out))
}

fn expand(captures: &Captures<'_>, template: &str, out: &mut Text) -> Result<(), Fault> {
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar])?;
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$')?;
            rest = after;
        } else if let Some((name, after)) = group_name(rest) {
            out.push_str(group(captures, name).unwrap_or_default())?;
            rest = after;
        } else {
            out.push('$')?;
        }
    }
    out.push_str(rest)
}

/// A group's name, as long as possible or in braces, and what follows it.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let (inner, braced) = text
        .strip_prefix('{')
        .map_or((text, false), |inner| (inner, true));
    let length = inner
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(inner.len());
    let (name, after) = inner.split_at(length);
    let after = if braced {
        after.strip_prefix('}')?
    } else {
        after
    };
    (!name.is_empty()).then_some((name, after))
}

fn group<'t>(captures: &Captures<'t>, name: &str) -> Option<&'t str> {
    let found = match name.parse::<usize>() {
        Ok(number) => captures.get(number),
        Err(_) => captures.name(name),
    };
    found.map(|found| found.as_str())
}

/// At most as many parts as the third argument says, all if it is negative, none if it is zero.
pub(super) fn split(call: &mut Call<'_>) -> Outcome {
    let regex = compiled(call)?;
    let (text, limit) = (
        call.text(1)?,
        usize::try_from(call.int(2)?).unwrap_or(usize::MAX),
    );
    let mut parts = Vec::new();
    if limit == 0 {
        return Value::texts(parts);
    }
    if text.is_empty() && !call.text(0)?.is_empty() {
        return Value::texts([""]);
    }
    let (mut start, mut end) = (0, 0);
    for found in regex.find_iter(text) {
        if parts.len() + 1 == limit {
            break;
        }
        pay_for_match(text, found.start(), call.run)?;
        // A match of nothing at the very beginning separates nothing.
        end = found.start();
        if found.end() != 0 {
            parts.push(&text[start..end]);
        }
        start = found.end();
    }
    if end != text.len() {
        parts.push(&text[start..]);
    }
    Value::texts(parts)
}

pub(super) fn quote_meta(call: &mut Call<'_>) -> Outcome {
    let mut out = Text::new();
    for c in call.text(0)?.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\')?;
        }
        out.push(c)?;
    }
    Ok(finished(out))
}
