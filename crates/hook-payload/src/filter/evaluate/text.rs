//! The functions on text whose cost or whose result needs a bound of its own.

use crate::filter::budget::{Budget, Outcome, failed, no_overload};
use crate::filter::value::{List, Value};

/// Calls a function of this module; none if it is not one of them.
pub(super) fn call<'a>(
    function: &str,
    arguments: &[Value<'a>],
    budget: &Budget,
) -> Outcome<Option<Value<'a>>> {
    let lists = match arguments {
        [Value::List(list), rest @ ..] if function == "join" => {
            return join(list, rest, budget).map(Some);
        }
        _ => arguments,
    };
    let Some(Value::String(text)) = lists.first() else {
        return Ok(None);
    };
    let text = text.as_str();
    let result = match (function, &arguments[1..]) {
        ("split", [Value::String(by)]) => split(text, by.as_str(), None, budget)?,
        ("split", [Value::String(by), Value::Int(limit)]) => {
            split(text, by.as_str(), usize::try_from(*limit).ok(), budget)?
        }
        ("replace", [Value::String(old), Value::String(new)]) => {
            replace(text, old.as_str(), new.as_str(), None, budget)?
        }
        ("replace", [Value::String(old), Value::String(new), Value::Int(limit)]) => replace(
            text,
            old.as_str(),
            new.as_str(),
            usize::try_from(*limit).ok(),
            budget,
        )?,
        (function, [Value::String(needle), from @ ..]) => {
            return search(function, text, needle.as_str(), from, budget);
        }
        _ => return Ok(None),
    };
    Ok(Some(result))
}

fn search<'a>(
    function: &str,
    text: &str,
    needle: &str,
    from: &[Value<'a>],
    budget: &Budget,
) -> Outcome<Option<Value<'a>>> {
    budget.read(text.len() + needle.len())?;
    Ok(Some(match (function, from) {
        ("contains", []) => Value::Bool(text.contains(needle)),
        ("startsWith", []) => Value::Bool(text.starts_with(needle)),
        ("endsWith", []) => Value::Bool(text.ends_with(needle)),
        ("indexOf", []) => found(text, text.find(needle)),
        ("lastIndexOf", []) => found(text, text.rfind(needle)),
        ("indexOf" | "lastIndexOf", [Value::Int(from)]) if needle.is_empty() => Value::Int(*from),
        ("indexOf", [Value::Int(from)]) => match place(text, *from)? {
            Some(from) => found(text, text[from..].find(needle).map(|at| at + from)),
            None => Value::Int(-1),
        },
        ("lastIndexOf", [Value::Int(from)]) => match place(text, *from)? {
            Some(from) => found(text, last_until(text, from, needle)),
            None => Value::Int(-1),
        },
        _ => return Ok(None),
    }))
}

/// The byte at which a character is; none behind the text.
fn place(text: &str, index: i64) -> Outcome<Option<usize>> {
    match usize::try_from(index) {
        Ok(index) => Ok(text.char_indices().nth(index).map(|(at, _)| at)),
        Err(_) => failed(format!("index out of range: {index}")),
    }
}

/// Where the last occurrence that begins at a byte or before it is.
fn last_until(text: &str, from: usize, needle: &str) -> Option<usize> {
    let end = (from + needle.len()).min(text.len());
    let end = (end..=text.len()).find(|end| text.is_char_boundary(*end))?;
    // An end within a character was moved behind it, which may let a later occurrence in.
    text[..end].rfind(needle).filter(|at| *at <= from)
}

/// The number of the character at a byte, or -1.
fn found<'a>(text: &str, at: Option<usize>) -> Value<'a> {
    at.map_or(Value::Int(-1), |at| Value::size(text[..at].chars().count()))
}

fn split<'a>(text: &str, by: &str, limit: Option<usize>, budget: &Budget) -> Outcome<Value<'a>> {
    budget.read(text.len())?;
    let mut parts = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let last = limit.is_some_and(|limit| parts.len() + 1 >= limit);
        let cut = if last { None } else { cut(text, by) };
        let (part, after) = cut.map_or((text, None), |(part, after)| (part, Some(after)));
        budget.make(size_of::<Value<'_>>() + part.len() + 16)?;
        parts.push(Value::made(part));
        rest = after;
    }
    // Between characters nothing is left behind the last one.
    if limit == Some(0) || (by.is_empty() && text.is_empty()) {
        parts.clear();
    }
    Ok(Value::list(parts))
}

/// What is before a separator and what is behind it; an empty one is between any two characters.
fn cut<'t>(text: &'t str, by: &str) -> Option<(&'t str, &'t str)> {
    if !by.is_empty() {
        return text.split_once(by);
    }
    let (second, _) = text.char_indices().nth(1)?;
    Some(text.split_at(second))
}

fn replace<'a>(
    text: &str,
    old: &str,
    new: &str,
    limit: Option<usize>,
    budget: &Budget,
) -> Outcome<Value<'a>> {
    budget.read(text.len())?;
    let limit = limit.unwrap_or(usize::MAX);
    let count = if old.is_empty() {
        limit.min(text.chars().count() + 1)
    } else {
        text.matches(old).take(limit).count()
    };
    budget.make(count.saturating_mul(new.len()).saturating_add(text.len()))?;
    Ok(Value::made(text.replacen(old, new, limit)))
}

fn join<'a>(list: &List<'a>, rest: &[Value<'a>], budget: &Budget) -> Outcome<Value<'a>> {
    let by = match rest {
        [] => "",
        [Value::String(by)] => by.as_str(),
        _ => return no_overload(),
    };
    let mut joined = String::new();
    for (index, element) in list.iter().enumerate() {
        let Value::String(part) = element else {
            return no_overload();
        };
        let by = if index == 0 { "" } else { by };
        budget.make(by.len() + part.as_str().len())?;
        joined.extend([by, part.as_str()]);
    }
    Ok(Value::made(joined))
}
