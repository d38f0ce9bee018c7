//! Dictionaries. `set`, `unset` and `merge` change the dictionary they are given, as in Go.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::text::paid_text;
use crate::go::fault::Fault;
use crate::go::function::{Call, Outcome};
use crate::go::run::Run;
use crate::go::value::{Dict, List, Value};
use crate::limits::{Limit, MAX_VALUE_DEPTH};

/// A key without a value gets the empty text.
pub(super) fn dict(call: &mut Call<'_>) -> Outcome {
    let mut entries = BTreeMap::new();
    for pair in call.args.chunks(2) {
        let value = pair.get(1).cloned().unwrap_or_else(|| Value::text(""));
        entries.insert(paid_text(&pair[0], call.run)?, value);
    }
    call.run.dict(entries)
}

/// The value of a key, the empty text if it is not there.
pub(super) fn get(call: &mut Call<'_>) -> Outcome {
    let key = call.text(1)?;
    let found = call
        .dict(0)?
        .and_then(|dict| dict.borrow().get(key).cloned());
    Ok(found.unwrap_or_else(|| Value::text("")))
}

pub(super) fn set(call: &mut Call<'_>) -> Outcome {
    let Some(dict) = call.dict(0)? else {
        return Err(Fault::failed("assignment to entry in nil map"));
    };
    call.run.spend(4)?;
    let value = call.any(2)?.clone();
    dict.borrow_mut().insert(call.text(1)?.into(), value);
    Ok(Value::Dict(dict.clone()))
}

pub(super) fn unset(call: &mut Call<'_>) -> Outcome {
    if let Some(dict) = call.dict(0)? {
        dict.borrow_mut().remove(call.text(1)?);
    }
    call.any(0).cloned()
}

pub(super) fn has_key(call: &mut Call<'_>) -> Outcome {
    let key = call.text(1)?;
    Ok(Value::Bool(
        call.dict(0)?
            .is_some_and(|dict| dict.borrow().contains_key(key)),
    ))
}

/// `pluck key dict dict…`: the values of that key in those that have it.
pub(super) fn pluck(call: &mut Call<'_>) -> Outcome {
    let key = call.text(0)?;
    let mut found = Vec::new();
    for index in 1..call.args.len() {
        found.extend(
            call.dict(index)?
                .and_then(|dict| dict.borrow().get(key).cloned()),
        );
    }
    Value::list(found)
}

/// The keys of all dictionaries, those of each sorted; Go's order is random.
pub(super) fn keys(call: &mut Call<'_>) -> Outcome {
    let mut keys = Vec::new();
    for index in 0..call.args.len() {
        if let Some(dict) = call.dict(index)? {
            keys.extend(dict.borrow().keys().cloned());
        }
        call.run.spend_items(keys.len())?;
    }
    Value::texts(keys)
}

/// The values in the order of their keys; Go's order is random.
pub(super) fn values(call: &mut Call<'_>) -> Outcome {
    let values = call
        .dict(0)?
        .map(|dict| dict.borrow().values().cloned().collect());
    Value::list(values.unwrap_or_default())
}

pub(super) fn pick(call: &mut Call<'_>) -> Outcome {
    chosen(call, true)
}

pub(super) fn omit(call: &mut Call<'_>) -> Outcome {
    chosen(call, false)
}

/// A new dictionary of the entries whose keys are, or are not, among the arguments.
fn chosen(call: &mut Call<'_>, named: bool) -> Outcome {
    let wanted = (1..call.args.len())
        .map(|index| call.text(index))
        .collect::<Result<Vec<_>, _>>()?;
    let mut entries = BTreeMap::new();
    if let Some(dict) = call.dict(0)? {
        let dict = dict.borrow();
        call.run.spend_items(dict.len() + wanted.len())?;
        let kept = dict
            .iter()
            .filter(|(key, _)| wanted.contains(&&***key) == named);
        entries.extend(kept.map(|(key, value)| (Rc::clone(key), value.clone())));
    }
    call.run.dict(entries)
}

/// `dig "a" "b" default dict`: the value of nested keys.
pub(super) fn dig(call: &mut Call<'_>) -> Outcome {
    let [keys @ .., default, dict] = call.args else {
        return Err(Fault::failed("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(Fault::failed("dig needs at least three arguments"));
    }
    let mut value = dict.clone();
    for key in keys {
        let Value::Text(key) = key else {
            return Err(conversion(key, "string"));
        };
        let Value::Dict(dict) = &value else {
            return Err(conversion(&value, "map[string]interface {}"));
        };
        let Some(next) = dict.borrow().get(key).cloned() else {
            return Ok(default.clone());
        };
        value = next;
    }
    Ok(value)
}

fn conversion(value: &Value, wanted: &str) -> Fault {
    let found = match value {
        Value::Nil => "nil".into(),
        other => other.type_name(),
    };
    Fault::failed(format!(
        "interface conversion: interface {{}} is {found}, not {wanted}"
    ))
}

pub(super) fn merge(call: &mut Call<'_>) -> Outcome {
    merge_all(call, false)
}

pub(super) fn merge_overwrite(call: &mut Call<'_>) -> Outcome {
    merge_all(call, true)
}

fn merge_all(call: &mut Call<'_>, overwrite: bool) -> Outcome {
    let sources = (1..call.args.len())
        .map(|index| call.dict(index))
        .collect::<Result<Vec<_>, _>>()?;
    let target = match call.any(0)? {
        Value::Nil => call.run.dict(BTreeMap::new())?,
        target => target.clone(),
    };
    let Value::Dict(target) = target else {
        return Ok(target);
    };
    for source in sources.into_iter().flatten() {
        merge_into(&target, source, overwrite, call.run, 0)?;
    }
    Ok(Value::Dict(target))
}

/// Fills what is missing or empty in `target`; with `overwrite`, replaces what is there. Dictionaries within
/// dictionaries are merged in turn.
fn merge_into(
    target: &Dict,
    source: &Dict,
    overwrite: bool,
    run: &mut Run,
    depth: usize,
) -> Result<(), Fault> {
    if depth > MAX_VALUE_DEPTH {
        return Err(Fault::Limit(Limit::ValueDepth));
    }
    let entries: Vec<(Rc<str>, Value)> = source
        .borrow()
        .iter()
        .map(|(key, value)| (Rc::clone(key), value.clone()))
        .collect();
    run.spend_items(entries.len())?;
    for (key, value) in entries {
        let known = target.borrow().get(&key).cloned();
        match (known, value) {
            (Some(Value::Dict(target)), Value::Dict(source)) => {
                merge_into(&target, &source, overwrite, run, depth + 1)?;
            }
            (Some(known), _) if known.is_true() && !overwrite => {}
            (None, Value::Nil) if !overwrite => {}
            (_, value) => {
                target.borrow_mut().insert(key, value);
            }
        }
    }
    Ok(())
}

pub(super) fn deep_copy(call: &mut Call<'_>) -> Outcome {
    copy(call.any(0)?, call.run, 0)
}

fn copy(value: &Value, run: &mut Run, depth: usize) -> Outcome {
    run.spend(1)?;
    if depth > MAX_VALUE_DEPTH {
        return Err(Fault::Limit(Limit::ValueDepth));
    }
    match value {
        Value::List(list) => {
            let items = list
                .items
                .iter()
                .map(|item| copy(item, run, depth + 1))
                .collect::<Result<_, _>>()?;
            List::new(items, list.element).map(Value::List)
        }
        Value::Dict(dict) => {
            let mut entries = BTreeMap::new();
            for (key, value) in dict.borrow().iter() {
                entries.insert(Rc::clone(key), copy(value, run, depth + 1)?);
            }
            run.dict(entries)
        }
        other => Ok(other.clone()),
    }
}
