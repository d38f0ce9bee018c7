//! Defaults, types, and `fail`.

use crate::go::fault::Fault;
use crate::go::function::{Call, Outcome};
use crate::go::order;
use crate::go::value::Value;

/// Zero, empty, false or nil. A struct never is.
fn is_empty(value: &Value) -> bool {
    !value.is_true()
}

pub(super) fn default(call: &mut Call<'_>) -> Outcome {
    match call.rest(1).first() {
        Some(given) if !is_empty(given) => Ok(given.clone()),
        _ => call.any(0).cloned(),
    }
}

pub(super) fn empty(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(is_empty(call.any(0)?)))
}

pub(super) fn coalesce(call: &mut Call<'_>) -> Outcome {
    Ok(call
        .args
        .iter()
        .find(|value| !is_empty(value))
        .cloned()
        .unwrap_or(Value::Nil))
}

pub(super) fn all(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(!call.args.iter().any(is_empty)))
}

pub(super) fn any(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(!call.args.iter().all(is_empty)))
}

pub(super) fn ternary(call: &mut Call<'_>) -> Outcome {
    call.any(usize::from(!call.bool(2)?)).cloned()
}

pub(super) fn deep_equal(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(order::deep_equal(
        call.any(0)?,
        call.any(1)?,
        call.run,
    )?))
}

pub(super) fn type_of(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(call.any(0)?.type_name()))
}

pub(super) fn type_is(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(call.text(0)? == call.any(1)?.type_name()))
}

/// Also true for a pointer to the type.
pub(super) fn type_is_like(call: &mut Call<'_>) -> Outcome {
    let (wanted, found) = (call.text(0)?, call.any(1)?.type_name());
    Ok(Value::Bool(
        wanted == found || found.strip_prefix('*') == Some(wanted),
    ))
}

pub(super) fn kind_of(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(call.any(0)?.kind()))
}

pub(super) fn kind_is(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(call.text(0)? == call.any(1)?.kind()))
}

/// Ends the rendering with the author's own error.
pub(super) fn fail(call: &mut Call<'_>) -> Outcome {
    Err(Fault::failed(call.text(0)?))
}
