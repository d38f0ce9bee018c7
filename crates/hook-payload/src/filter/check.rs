//! What is known of an expression before it is evaluated: whether its names are declared, whether its types
//! fit, and what type it has. The rules are those of CEL's type checker for `google.protobuf.Struct` variables.

mod calls;
mod declared;
mod formats;
mod loops;
mod static_type;
mod unify;

use std::sync::Arc;

use super::Variables;
use super::problem::Problem;
use super::syntax::{Element, Entry, Expr, Kind, Literal};
use static_type::Type;
use unify::Unifier;

/// Most types that one type may be made of.
const MAX_TYPE_PARTS: usize = 300;

/// What was found out about an expression without problems.
#[derive(Debug)]
pub(super) struct Checked {
    /// The type's name for messages; `bool` is that of a filter.
    pub(super) output: String,
    /// What makes a constant part of it fail whenever it is evaluated.
    pub(super) constant_failure: Option<String>,
}

/// Checks an expression and settles what its names stand for.
pub(super) fn check(expr: &mut Expr, variables: Variables) -> Result<Checked, Vec<Problem>> {
    let mut checker = Checker {
        variables,
        scopes: Vec::new(),
        types: Unifier::default(),
        problems: Vec::new(),
        constant_failure: None,
        alike: Vec::new(),
        late: Vec::new(),
        formats: 0,
        elements: Vec::new(),
    };
    let found = checker.check(expr);
    checker.finish();
    let output = checker.types.close(&found).output_name();
    if checker.types.is_exhausted() {
        checker.problem(expr.at, "the types of the expression are too intricate");
    }
    if checker.problems.is_empty() {
        Ok(Checked {
            output,
            constant_failure: checker.constant_failure,
        })
    } else {
        Err(checker.problems)
    }
}

struct Checker {
    variables: Variables,
    /// The variables of the macros around, the innermost last.
    scopes: Vec<(Arc<str>, Type)>,
    types: Unifier,
    problems: Vec<Problem>,
    constant_failure: Option<String>,
    /// The elements of each literal, which must be of one type.
    alike: Vec<Joined>,
    /// Problems that are told where there is no other one.
    late: Vec<Problem>,
    /// How many calls of `format` are around; literals in them may mix types.
    formats: usize,
    /// The types of the elements of the list literal that was checked last.
    elements: Vec<Type>,
}

impl Checker {
    fn check(&mut self, expr: &mut Expr) -> Type {
        let at = expr.at;
        let found = match &mut expr.kind {
            Kind::Literal(literal) => literal_type(literal),
            Kind::Ident(name) => self.ident(at, name),
            Kind::Select { .. } => self.select(expr),
            Kind::Has { operand, field } => {
                self.field(at, operand, field);
                Type::Bool
            }
            Kind::Operator { operator, operands } => self.operator(at, *operator, operands),
            Kind::Call(call) => self.call(at, call),
            Kind::List(elements) => self.list(elements),
            Kind::Map(entries) => self.map(entries),
            Kind::Loop(each) => self.each(at, each),
            Kind::OptionalMap(map) => self.optional_map(at, map),
        };
        let found = self.types.resolve(&found);
        if found.is_larger_than(MAX_TYPE_PARTS) {
            self.refuse(at, "the type of this part is too intricate")
        } else {
            found
        }
    }

    fn problem(&mut self, at: usize, text: impl Into<String>) {
        self.problems.push(Problem::new(at, text));
    }

    fn refuse(&mut self, at: usize, text: impl Into<String>) -> Type {
        self.problem(at, text);
        Type::Error
    }

    fn undeclared(&mut self, at: usize, name: &str) -> Type {
        self.refuse(
            at,
            format!("undeclared reference to '{name}' (in container '')"),
        )
    }

    fn mismatch(&mut self, at: usize, expected: &Type, found: &Type) -> Type {
        self.refuse(
            at,
            format!("expected type '{expected}' but found '{found}'"),
        )
    }

    fn ident(&mut self, at: usize, name: &str) -> Type {
        self.lookup(name)
            .unwrap_or_else(|| self.undeclared(at, name))
    }

    /// What a name stands for; with a leading dot it is not a macro's variable.
    fn lookup(&self, name: &str) -> Option<Type> {
        let declared = name.strip_prefix('.');
        let local = self.scopes.iter().rev().find(|(local, _)| **local == *name);
        if let Some((_, local)) = local {
            return Some(local.clone());
        }
        let name = declared.unwrap_or(name);
        if self.variables.declares(name) {
            Some(Type::map(Type::String, Type::Dyn))
        } else {
            declared::named_type(name).map(Type::of_type)
        }
    }

    /// `operand.field`, unless the whole is the name of a type.
    fn select(&mut self, expr: &mut Expr) -> Type {
        if let Some(name) = qualified_name(expr)
            && self.lookup(root(&name)).is_none()
            && let Some(named) = declared::named_type(name.trim_start_matches('.'))
        {
            expr.kind = Kind::Ident(name.into());
            return Type::of_type(named);
        }
        let Kind::Select {
            operand,
            field,
            optional,
        } = &mut expr.kind
        else {
            return Type::Error;
        };
        let (found, chained) = self.field(expr.at, operand, field);
        if chained || *optional {
            Type::optional(found)
        } else {
            found
        }
    }

    /// The type of a field, and whether the operand is an optional value.
    fn field(&mut self, at: usize, operand: &mut Expr, _field: &str) -> (Type, bool) {
        let operand = self.check(operand);
        let (target, chained) = match &operand {
            Type::Optional(value) => ((**value).clone(), true),
            _ => (operand, false),
        };
        let found = match &target {
            Type::Map(_, value) => (**value).clone(),
            Type::Dyn | Type::Error => Type::Dyn,
            Type::Param(_) => {
                self.types.assignable(&Type::Dyn, &target);
                Type::Dyn
            }
            other => {
                let text = format!("type '{other}' does not support field selection");
                self.problem(at, text);
                Type::Dyn
            }
        };
        (found, chained)
    }

    fn list(&mut self, elements: &mut [Element]) -> Type {
        let mut values = Joined::default();
        let mut types = Vec::with_capacity(elements.len());
        for Element { value, optional } in elements {
            let found = self.element(value, *optional);
            types.push(found.clone());
            self.join(value.at, &mut values, found);
        }
        self.elements = types;
        Type::list(self.joined(values))
    }

    fn map(&mut self, entries: &mut [Entry]) -> Type {
        let (mut keys, mut values) = (Joined::default(), Joined::default());
        for Entry {
            key,
            value,
            optional,
        } in entries
        {
            let found = self.check(key);
            self.join(key.at, &mut keys, found);
            let found = self.element(value, *optional);
            self.join(value.at, &mut values, found);
        }
        Type::map(self.joined(keys), self.joined(values))
    }

    /// The type of an element; `?element` must be an optional value.
    fn element(&mut self, value: &mut Expr, optional: bool) -> Type {
        match self.check(value) {
            Type::Optional(inner) if optional => (*inner).clone(),
            Type::Dyn => Type::Dyn,
            found if optional => {
                self.mismatch(value.at, &Type::optional(found.clone()), &found);
                found
            }
            found => found,
        }
    }

    /// Adds an element to those before.
    fn join(&mut self, at: usize, joined: &mut Joined, next: Type) {
        joined.elements.push((at, next.clone()));
        joined.common = Some(match joined.common.take() {
            None => next,
            Some(before) if self.types.assignable(&before, &next) => {
                unify::more_general(&before, &next)
            }
            Some(_) => Type::Dyn,
        });
    }

    /// The type of all the elements.
    fn joined(&mut self, mut joined: Joined) -> Type {
        let common = joined.common.take();
        if self.formats == 0 && joined.elements.len() > 1 {
            self.alike.push(joined);
        }
        common.unwrap_or_else(|| self.types.fresh())
    }

    /// Refuses literals whose elements differ, once all types are known and fit.
    fn finish(&mut self) {
        if !self.problems.is_empty() {
            return;
        }
        self.problems.append(&mut self.late);
        for Joined { elements, .. } in std::mem::take(&mut self.alike) {
            let mut types = elements
                .iter()
                .map(|(at, element)| (*at, self.types.close(element)));
            let Some((_, first)) = types.next() else {
                continue;
            };
            if let Some((at, other)) = types.find(|(_, other)| *other != first) {
                self.mismatch(at, &first, &other);
            }
        }
    }
}

/// The elements of a literal, or the keys or the values of one: their places and types.
#[derive(Debug, Default)]
struct Joined {
    elements: Vec<(usize, Type)>,
    common: Option<Type>,
}

fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::String(_) => Type::String,
        Literal::Bytes(_) => Type::Bytes,
    }
}

/// `a.b.c`, where an expression is nothing but that.
fn qualified_name(expr: &Expr) -> Option<String> {
    match &expr.kind {
        Kind::Ident(name) => Some((**name).to_owned()),
        Kind::Select {
            operand,
            field,
            optional: false,
        } => Some(format!("{}.{field}", qualified_name(operand)?)),
        _ => None,
    }
}

/// The first name of `a.b.c`, or `.a` of `.a.b.c`.
fn root(name: &str) -> &str {
    let end = name.char_indices().skip(1).find(|(_, c)| *c == '.');
    end.map_or(name, |(at, _)| &name[..at])
}
