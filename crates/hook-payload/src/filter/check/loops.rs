//! The types of macros that bind a variable.

use std::sync::Arc;

use super::Checker;
use super::static_type::Type;
use crate::filter::syntax::{Expr, Loop, LoopKind, Operator, OptionalMap};

impl Checker {
    pub(super) fn each(&mut self, at: usize, each: &mut Loop) -> Type {
        let range = self.check(&mut each.range);
        let variable = self.visited(each.range.at, range);
        self.scopes
            .push((Arc::clone(&each.variable), variable.clone()));
        let found = match each.kind {
            LoopKind::All | LoopKind::Exists => {
                self.condition(&mut each.body);
                Type::Bool
            }
            LoopKind::ExistsOne => {
                self.chosen(at, &mut each.body, &Type::Int);
                Type::Bool
            }
            LoopKind::Filter => {
                let list = Type::list(variable);
                self.chosen(at, &mut each.body, &list);
                list
            }
            LoopKind::Map => self.mapped(at, each),
        };
        self.scopes.pop();
        found
    }

    fn mapped(&mut self, at: usize, each: &mut Loop) -> Type {
        let body = self.check(&mut each.body);
        let list = Type::list(body);
        if let Some(condition) = &mut each.condition {
            self.chosen(at, condition, &list);
        }
        list
    }

    /// A condition that decides between two values of a type.
    fn chosen(&mut self, at: usize, condition: &mut Expr, value: &Type) {
        let condition = self.check(condition);
        let given = [condition, value.clone(), value.clone()];
        self.overload(at, Operator::Conditional.name(), &given, false);
    }

    /// The type of what a macro visits.
    fn visited(&mut self, at: usize, range: Type) -> Type {
        match range {
            Type::List(element) => (*element).clone(),
            Type::Map(key, _) => (*key).clone(),
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.types.assignable(&Type::Dyn, &range);
                Type::Dyn
            }
            other => self.refuse(
                at,
                format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                ),
            ),
        }
    }

    pub(super) fn optional_map(&mut self, at: usize, map: &mut OptionalMap) -> Type {
        let target = self.check(&mut map.target);
        self.overload(at, "hasValue", std::slice::from_ref(&target), true);
        let variable = self.overload(at, "value", &[target], true);
        self.scopes.push((Arc::clone(&map.variable), variable));
        let body = self.check(&mut map.body);
        self.scopes.pop();
        if !map.flat {
            return Type::optional(body);
        }
        let none = Type::optional(self.types.fresh());
        self.overload(
            at,
            Operator::Conditional.name(),
            &[Type::Bool, body, none],
            false,
        )
    }
}
