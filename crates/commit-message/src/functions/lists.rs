//! Lists. They never change: each function makes a new one.

use std::rc::Rc;

use super::cast::to_int64;
use super::text::strings_of;
use crate::go::fault::Fault;
use crate::go::function::{Call, Outcome, to_text};
use crate::go::order;
use crate::go::run::Run;
use crate::go::value::{List, Value};

/// The items of a list argument, which are paid for, or sprig's error: "Cannot … on type …".
fn items(call: &mut Call<'_>, index: usize, failing: &str) -> Result<Rc<[Value]>, Fault> {
    let items = items_of(call.any(index)?, failing)?;
    call.run.spend_items(items.len())?;
    Ok(items)
}

fn items_of(value: &Value, failing: &str) -> Result<Rc<[Value]>, Fault> {
    match value {
        Value::List(list) => Ok(Rc::clone(&list.items)),
        Value::Nil => Err(Fault::failed(format!("{failing} nil"))),
        _ => Err(Fault::failed(format!("{failing} {}", value.kind()))),
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    Value::list(call.args.to_vec())
}

/// Also called `push`.
pub(super) fn append(call: &mut Call<'_>) -> Outcome {
    let known = items(call, 0, "Cannot push on type")?;
    let mut all = known.to_vec();
    all.push(call.any(1)?.clone());
    Value::list(all)
}

pub(super) fn prepend(call: &mut Call<'_>) -> Outcome {
    let known = items(call, 0, "Cannot prepend on type")?;
    let mut all = vec![call.any(1)?.clone()];
    all.extend_from_slice(&known);
    Value::list(all)
}

pub(super) fn first(call: &mut Call<'_>) -> Outcome {
    let items = items_of(call.any(0)?, "Cannot find first on type")?;
    Ok(items.first().cloned().unwrap_or(Value::Nil))
}

pub(super) fn last(call: &mut Call<'_>) -> Outcome {
    let items = items_of(call.any(0)?, "Cannot find last on type")?;
    Ok(items.last().cloned().unwrap_or(Value::Nil))
}

/// All but the first.
pub(super) fn rest(call: &mut Call<'_>) -> Outcome {
    let items = items(call, 0, "Cannot find rest on type")?;
    Value::list(items.get(1..).unwrap_or_default().to_vec())
}

/// All but the last.
pub(super) fn initial(call: &mut Call<'_>) -> Outcome {
    let items = items(call, 0, "Cannot find initial on type")?;
    Value::list(items[..items.len().saturating_sub(1)].to_vec())
}

pub(super) fn reverse(call: &mut Call<'_>) -> Outcome {
    let items = items(call, 0, "Cannot find reverse on type")?;
    Value::list(items.iter().rev().cloned().collect())
}

pub(super) fn compact(call: &mut Call<'_>) -> Outcome {
    let items = items(call, 0, "Cannot compact on type")?;
    Value::list(
        items
            .iter()
            .filter(|item| item.is_true())
            .cloned()
            .collect(),
    )
}

fn holds(items: &[Value], wanted: &Value, run: &mut Run) -> Result<bool, Fault> {
    for item in items {
        if order::deep_equal(item, wanted, run)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn uniq(call: &mut Call<'_>) -> Outcome {
    let items = items(call, 0, "Cannot find uniq on type")?;
    let mut distinct = Vec::new();
    for item in items.iter() {
        if !holds(&distinct, item, call.run)? {
            distinct.push(item.clone());
        }
    }
    Value::list(distinct)
}

pub(super) fn without(call: &mut Call<'_>) -> Outcome {
    let items = items(call, 0, "Cannot find without on type")?;
    let mut kept = Vec::new();
    for item in items.iter() {
        if !holds(call.rest(1), item, call.run)? {
            kept.push(item.clone());
        }
    }
    Value::list(kept)
}

/// `has needle list`
pub(super) fn has(call: &mut Call<'_>) -> Outcome {
    if matches!(call.any(1)?, Value::Nil) {
        return Ok(Value::Bool(false));
    }
    let items = items(call, 1, "Cannot find has on type")?;
    Ok(Value::Bool(holds(&items, call.any(0)?, call.run)?))
}

/// `slice list start end`; the list keeps its type.
pub(super) fn slice(call: &mut Call<'_>) -> Outcome {
    let value = call.any(0)?;
    let items = items_of(value, "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let start = call.rest(1).first().map_or(0, to_int64);
    let end = call
        .rest(1)
        .get(1)
        .map_or(Ok(items.len()), |end| usize::try_from(to_int64(end)));
    let range = usize::try_from(start)
        .ok()
        .zip(end.ok())
        .map(|(start, end)| start..end);
    let Some(part) = range.and_then(|range| items.get(range)) else {
        return Err(Fault::failed(
            "reflect.Value.Slice: slice index out of bounds",
        ));
    };
    let element = match value {
        Value::List(list) => list.element,
        _ => crate::go::value::ANY,
    };
    List::new(part.to_vec(), element).map(Value::List)
}

pub(super) fn concat(call: &mut Call<'_>) -> Outcome {
    let mut all = Vec::new();
    for list in call.args {
        let Value::List(list) = list else {
            return Err(Fault::failed(format!(
                "Cannot concat type {} as list",
                list.kind()
            )));
        };
        call.run.spend_items(list.items.len())?;
        all.extend_from_slice(&list.items);
    }
    Value::list(all)
}

/// `chunk size list`: lists of `size` items, the last one of the rest.
pub(super) fn chunk(call: &mut Call<'_>) -> Outcome {
    let items = items(call, 1, "Cannot chunk type")?;
    let Some(size) = usize::try_from(call.int(0)?).ok().filter(|size| *size > 0) else {
        return Err(Fault::failed("the size of a chunk must be positive"));
    };
    let chunks = items
        .chunks(size)
        .map(|chunk| Value::list(chunk.to_vec()))
        .collect::<Result<_, _>>()?;
    List::new(chunks, "[]interface {}").map(Value::List)
}

pub(super) fn sort_alpha(call: &mut Call<'_>) -> Outcome {
    let value = call.any(0)?;
    if !matches!(value, Value::List(_)) {
        return Value::texts([to_text(value)?]);
    }
    let mut texts = strings_of(value, call.run)?;
    texts.sort();
    Value::texts(texts)
}
