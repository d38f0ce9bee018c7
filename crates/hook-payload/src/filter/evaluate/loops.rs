//! Macros that bind a variable.

use std::sync::Arc;

use super::{Evaluator, access, decide};
use crate::filter::budget::{Outcome, failed, no_overload};
use crate::filter::syntax::{Expr, Loop, LoopKind, OptionalMap};
use crate::filter::value::Value;

impl<'a> Evaluator<'a> {
    pub(super) fn each(&mut self, each: &'a Loop) -> Outcome<Value<'a>> {
        let range = self.evaluate(&each.range)?;
        let Some(elements) = access::visited(range) else {
            return failed("expected iterable type");
        };
        match each.kind {
            LoopKind::All => self.quantified(each, elements, false),
            LoopKind::Exists => self.quantified(each, elements, true),
            LoopKind::ExistsOne => self.exists_one(each, elements),
            LoopKind::Filter => self.filtered(each, elements),
            LoopKind::Map => self.mapped(each, elements),
        }
    }

    /// A part of the macro with its variable bound.
    fn bound(&mut self, variable: &'a str, value: Value<'a>, part: &'a Expr) -> Outcome<Value<'a>> {
        self.scopes.push((variable, value));
        let result = self.evaluate(part);
        self.scopes.pop();
        result
    }

    fn holds(&mut self, each: &'a Loop, element: &Value<'a>, condition: &'a Expr) -> Outcome<bool> {
        match self.bound(&each.variable, element.clone(), condition)? {
            Value::Bool(holds) => Ok(holds),
            _ => no_overload(),
        }
    }

    fn quantified(
        &mut self,
        each: &'a Loop,
        elements: Elements<'a>,
        decisive: bool,
    ) -> Outcome<Value<'a>> {
        let mut pending = None;
        for element in elements {
            let result = self.bound(&each.variable, element, &each.body);
            if decide(result, decisive, &mut pending)? {
                return Ok(Value::Bool(decisive));
            }
        }
        pending.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    fn exists_one(&mut self, each: &'a Loop, elements: Elements<'a>) -> Outcome<Value<'a>> {
        let mut count = 0;
        for element in elements {
            count += u32::from(self.holds(each, &element, &each.body)?);
        }
        Ok(Value::Bool(count == 1))
    }

    fn filtered(&mut self, each: &'a Loop, elements: Elements<'a>) -> Outcome<Value<'a>> {
        let mut kept = Vec::new();
        for element in elements {
            if self.holds(each, &element, &each.body)? {
                self.budget.make(size_of::<Value<'_>>())?;
                kept.push(element);
            }
        }
        Ok(Value::list(kept))
    }

    fn mapped(&mut self, each: &'a Loop, elements: Elements<'a>) -> Outcome<Value<'a>> {
        let mut made = Vec::new();
        for element in elements {
            if let Some(condition) = &each.condition
                && !self.holds(each, &element, condition)?
            {
                continue;
            }
            self.budget.make(size_of::<Value<'_>>())?;
            made.push(self.bound(&each.variable, element, &each.body)?);
        }
        Ok(Value::list(made))
    }

    pub(super) fn optional_map(&mut self, map: &'a OptionalMap) -> Outcome<Value<'a>> {
        let inner = match self.evaluate(&map.target)? {
            Value::Optional(Some(inner)) => Arc::unwrap_or_clone(inner),
            Value::Optional(None) => return Ok(Value::Optional(None)),
            _ => return no_overload(),
        };
        let result = self.bound(&map.variable, inner, &map.body)?;
        Ok(if map.flat {
            result
        } else {
            Value::some(result)
        })
    }
}

type Elements<'a> = Box<dyn Iterator<Item = Value<'a>> + 'a>;
