//! The functions that the `cel` crate runs: conversions, times, formats and the like.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{CallExpr, Expr, IdedExpr};
use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelList, CelMap, CelMapKey, CelNull,
    CelString, CelTimestamp, CelUInt,
};
use cel::common::value::Val;
use cel::{Context, Env, ExecutionError};

use crate::filter::budget::{Budget, Outcome, failed, no_overload};
use crate::filter::value::{Map, Text, Value};

/// Most bytes that `format` makes of a byte of the format, besides its arguments: `%.100f` of 1e308.
const FORMATTED: usize = 80;
/// About what an element costs in the crate's form, in bytes.
const LENT: usize = 64;
/// The names that arguments are bound to.
const ARGUMENTS: [&str; 4] = ["a", "b", "c", "d"];

static LIBRARY: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::default().with_stdlib();
    for extension in [cel::extensions::strings, cel::extensions::encoders] {
        env.add_extension(extension)
            .expect("each extension is added once");
    }
    Arc::new(env)
});

pub(super) fn call<'a>(
    function: &str,
    on_target: bool,
    mut arguments: Vec<Value<'a>>,
    budget: &Budget,
) -> Outcome<Value<'a>> {
    if arguments.len() > ARGUMENTS.len() {
        return no_overload();
    }
    if let ("format", Some(Value::String(format))) = (function, arguments.first()) {
        budget.make(format.as_str().len().saturating_mul(FORMATTED))?;
    }
    if let ([Value::Timestamp(at)], true) = (arguments.as_mut_slice(), function.starts_with("get"))
    {
        // Without a zone the parts of a time are those in UTC.
        *at = at.to_utc().fixed_offset();
    }
    let mut context = Context::with_env(Arc::clone(&LIBRARY));
    let mut names = Vec::with_capacity(arguments.len());
    for (name, argument) in ARGUMENTS.iter().zip(arguments) {
        context.add_variable_as_val(*name, lend(argument, budget)?);
        names.push(IdedExpr {
            id: 0,
            expr: Expr::Ident((*name).to_owned()),
        });
    }
    let target = (on_target && !names.is_empty()).then(|| Box::new(names.remove(0)));
    let call = CallExpr {
        func_name: function.to_owned(),
        target,
        args: names,
    };
    let call = IdedExpr {
        id: 0,
        expr: Expr::Call(call),
    };
    match context.resolve(&call) {
        Ok(result) => take(result, budget),
        Err(ExecutionError::FunctionError { message, .. }) => failed(message),
        Err(ExecutionError::Overflow(..)) => failed("integer overflow"),
        // The other messages of the crate quote values.
        Err(_) => no_overload(),
    }
}

/// A value as the crate has it.
fn lend<'a>(value: Value<'a>, budget: &Budget) -> Outcome<Box<dyn Val + 'a>> {
    budget.steps(1)?;
    Ok(match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(value)),
        Value::Int(value) => Box::new(CelInt::from(value)),
        Value::Uint(value) => Box::new(CelUInt::from(value)),
        Value::Double(value) => Box::new(CelDouble::from(value)),
        Value::Timestamp(at) => Box::new(CelTimestamp::from(at)),
        Value::Duration(by) => Box::new(CelDuration::from(by)),
        Value::String(text) => {
            // The crate may make as much of it.
            budget.make(text.as_str().len())?;
            match text {
                Text::Given(text) => Box::new(CelString::from(text)),
                Text::Made(text) => Box::new(CelString::from(text.to_string())),
            }
        }
        Value::Bytes(bytes) => {
            budget.make(bytes.len())?;
            Box::new(CelBytes::from(bytes.to_vec()))
        }
        Value::List(list) => {
            budget.make(list.len() * LENT)?;
            let elements: Outcome<Vec<_>> =
                list.iter().map(|element| lend(element, budget)).collect();
            Box::new(CelList::from(elements?))
        }
        Value::Map(map) => lend_map(&map, budget)?,
        // Only `format` takes one, for its name.
        Value::Type(name) => Box::new(CelString::from(name)),
        Value::Optional(_) => return no_overload(),
    })
}

fn lend_map<'a>(map: &Map<'a>, budget: &Budget) -> Outcome<Box<dyn Val + 'a>> {
    budget.make(map.len() * 2 * LENT)?;
    let mut entries = HashMap::with_capacity(map.len());
    for (key, value) in map.iter() {
        let Ok(key) = CelMapKey::try_from(lend(key, budget)?) else {
            return no_overload();
        };
        entries.insert(key, lend(value, budget)?);
    }
    Ok(Box::new(CelMap::from(entries)))
}

/// A result of the crate as a value of ours.
fn take<'a>(result: cel::Value, budget: &Budget) -> Outcome<Value<'a>> {
    Ok(match result {
        cel::Value::Bool(value) => Value::Bool(value),
        cel::Value::Int(value) => Value::Int(value),
        cel::Value::UInt(value) => Value::Uint(value),
        cel::Value::Float(value) => Value::Double(value),
        cel::Value::String(text) => {
            budget.make(text.len())?;
            Value::made(text.as_str())
        }
        cel::Value::Bytes(bytes) => {
            budget.make(bytes.len())?;
            Value::Bytes(bytes.as_slice().into())
        }
        cel::Value::Timestamp(at) => Value::Timestamp(at),
        cel::Value::Duration(by) => Value::Duration(by),
        _ => return no_overload(),
    })
}
