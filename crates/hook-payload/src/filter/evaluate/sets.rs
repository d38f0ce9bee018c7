//! The functions of the extension for sets, on lists.

use crate::filter::budget::{Budget, Outcome, no_overload};
use crate::filter::compare;
use crate::filter::value::{List, Value};

pub(super) fn compare(
    function: &str,
    a: &List<'_>,
    b: &List<'_>,
    budget: &Budget,
) -> Outcome<bool> {
    match function {
        "sets.contains" => has_all(a, b, budget),
        "sets.equivalent" => Ok(has_all(a, b, budget)? && has_all(b, a, budget)?),
        "sets.intersects" => {
            for element in b.iter() {
                if has(a, &element, budget)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => no_overload(),
    }
}

/// Whether each element of `b` is one of `a`.
fn has_all(a: &List<'_>, b: &List<'_>, budget: &Budget) -> Outcome<bool> {
    for element in b.iter() {
        if !has(a, &element, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn has(list: &List<'_>, value: &Value<'_>, budget: &Budget) -> Outcome<bool> {
    for element in list.iter() {
        if compare::equal(&element, value, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}
