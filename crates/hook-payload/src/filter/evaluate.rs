//! The evaluation of a checked expression.

mod access;
mod arithmetic;
mod convert;
mod functions;
mod library;
mod loops;
mod pattern;
mod sets;
mod text;

use std::sync::Arc;

use super::budget::{Budget, Fault, Outcome, failed, no_overload};
use super::compare;
use super::syntax::{Element, Entry, Expr, Kind, Literal, Operator};
use super::value::{Map, Value};

pub(super) use convert::is_conversion;
pub(super) use pattern::Pattern;

/// What an evaluation of one expression has at hand.
pub(super) struct Evaluator<'a> {
    variables: Vec<(&'static str, Value<'a>)>,
    /// The variables of the macros around, the innermost last.
    scopes: Vec<(&'a str, Value<'a>)>,
    budget: Budget,
}

/// Whether a conversion of a constant works, and why not.
pub(super) fn converts(function: &str, literal: &Literal) -> Result<(), String> {
    match convert::convert(function, Value::from_literal(literal), &Budget::new()) {
        Err(Fault::Failed(problem)) => Err(problem),
        _ => Ok(()),
    }
}

/// Whether a constant format takes its arguments, and why not.
pub(super) fn try_format(format: &str, arguments: Vec<Value<'_>>) -> Result<(), String> {
    let arguments = vec![Value::given(format), Value::list(arguments)];
    match library::call("format", true, arguments, &Budget::new()) {
        Err(Fault::Failed(problem)) => Err(problem),
        _ => Ok(()),
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(variables: Vec<(&'static str, Value<'a>)>) -> Self {
        Self {
            variables,
            scopes: Vec::new(),
            budget: Budget::new(),
        }
    }

    pub(super) fn evaluate(&mut self, expr: &'a Expr) -> Outcome<Value<'a>> {
        self.budget.steps(1)?;
        match &expr.kind {
            Kind::Literal(literal) => Ok(Value::from_literal(literal)),
            Kind::Ident(name) => self.ident(name),
            Kind::Select {
                operand,
                field,
                optional,
            } => {
                let operand = self.evaluate(operand)?;
                access::select(operand, field, *optional, &self.budget)
            }
            Kind::Has { operand, field } => {
                let operand = self.evaluate(operand)?;
                access::has(operand, field, &self.budget).map(Value::Bool)
            }
            Kind::Operator { operator, operands } => self.operator(*operator, operands),
            Kind::Call(call) => self.call(call),
            Kind::List(elements) => self.list(elements),
            Kind::Map(entries) => self.map(entries),
            Kind::Loop(each) => self.each(each),
            Kind::OptionalMap(map) => self.optional_map(map),
        }
    }

    fn ident(&self, name: &'a str) -> Outcome<Value<'a>> {
        let local = self.scopes.iter().rev().find(|(local, _)| *local == name);
        if let Some((_, value)) = local {
            return Ok(value.clone());
        }
        let name = name.strip_prefix('.').unwrap_or(name);
        match self
            .variables
            .iter()
            .find(|(variable, _)| *variable == name)
        {
            Some((_, value)) => Ok(value.clone()),
            None => match type_named(name) {
                Some(named) => Ok(Value::Type(named)),
                None => failed(format!("no such attribute(s): {name}")),
            },
        }
    }

    fn operator(&mut self, operator: Operator, operands: &'a [Expr]) -> Outcome<Value<'a>> {
        match (operator, operands) {
            (Operator::And, terms) => self.joined(terms, false).map(Value::Bool),
            (Operator::Or, terms) => self.joined(terms, true).map(Value::Bool),
            (Operator::Conditional, [condition, yes, no]) => match self.evaluate(condition)? {
                Value::Bool(true) => self.evaluate(yes),
                Value::Bool(false) => self.evaluate(no),
                _ => no_overload(),
            },
            (operator, [operand]) => {
                let operand = self.evaluate(operand)?;
                arithmetic::unary(operator, &operand)
            }
            (operator, [left, right]) => {
                let left = self.evaluate(left)?;
                let indexed = matches!(operator, Operator::Index | Operator::OptionalIndex);
                if indexed && matches!(left, Value::Optional(None)) {
                    return Ok(left);
                }
                let right = self.evaluate(right)?;
                self.binary(operator, left, &right)
            }
            _ => no_overload(),
        }
    }

    fn binary(&self, operator: Operator, left: Value<'a>, right: &Value<'a>) -> Outcome<Value<'a>> {
        let ordered = || compare::order(&left, right, &self.budget);
        Ok(match operator {
            Operator::Equal => Value::Bool(compare::equal(&left, right, &self.budget)?),
            Operator::NotEqual => Value::Bool(!compare::equal(&left, right, &self.budget)?),
            Operator::Less => Value::Bool(ordered()?.is_lt()),
            Operator::LessEqual => Value::Bool(ordered()?.is_le()),
            Operator::Greater => Value::Bool(ordered()?.is_gt()),
            Operator::GreaterEqual => Value::Bool(ordered()?.is_ge()),
            Operator::In => Value::Bool(access::contains(right, &left, &self.budget)?),
            Operator::Index => return access::index(left, right, &self.budget),
            Operator::OptionalIndex => return access::optional_index(left, right, &self.budget),
            operator => return arithmetic::binary(operator, &left, right, &self.budget),
        })
    }

    /// The terms of `&&` or `||`: a decisive one counts even where another one fails.
    fn joined(&mut self, terms: &'a [Expr], decisive: bool) -> Outcome<bool> {
        let mut pending = None;
        for term in terms {
            if decide(self.evaluate(term), decisive, &mut pending)? {
                return Ok(decisive);
            }
        }
        pending.map_or(Ok(!decisive), Err)
    }

    fn list(&mut self, elements: &'a [Element]) -> Outcome<Value<'a>> {
        let mut made = Vec::with_capacity(elements.len());
        for Element { value, optional } in elements {
            let value = self.evaluate(value)?;
            made.extend(given(value, *optional)?);
        }
        self.budget.make(made.len() * size_of::<Value<'_>>())?;
        Ok(Value::list(made))
    }

    fn map(&mut self, entries: &'a [Entry]) -> Outcome<Value<'a>> {
        let mut made: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(entries.len());
        for Entry {
            key,
            value,
            optional,
        } in entries
        {
            let key = self.evaluate(key)?;
            let value = self.evaluate(value)?;
            let Some(value) = given(value, *optional)? else {
                continue;
            };
            self.replace(&mut made, key, value)?;
        }
        self.budget
            .make(made.len() * size_of::<(Value<'_>, Value<'_>)>())?;
        Ok(Value::Map(Map::Made(made.into())))
    }

    /// Adds an entry; of two with one key the later one counts.
    fn replace(
        &self,
        made: &mut Vec<(Value<'a>, Value<'a>)>,
        key: Value<'a>,
        value: Value<'a>,
    ) -> Outcome<()> {
        for (known, before) in made.iter_mut() {
            if known.type_name() == key.type_name() && compare::equal(known, &key, &self.budget)? {
                *before = value;
                return Ok(());
            }
        }
        made.push((key, value));
        Ok(())
    }
}

/// What an element or an entry adds: `?value` what the optional value holds, if it holds any.
fn given(value: Value<'_>, optional: bool) -> Outcome<Option<Value<'_>>> {
    match value {
        value if !optional => Ok(Some(value)),
        Value::Optional(inner) => Ok(inner.map(Arc::unwrap_or_clone)),
        _ => failed("cannot initialize optional list element from non-optional value"),
    }
}

/// Whether a term decides; one that fails is remembered, in case that none does.
fn decide(term: Outcome<Value<'_>>, decisive: bool, pending: &mut Option<Fault>) -> Outcome<bool> {
    let fault = match term {
        Ok(Value::Bool(value)) => return Ok(value == decisive),
        Ok(_) => Fault::Failed("no such overload".to_owned()),
        Err(fault @ Fault::Exceeded(_)) => return Err(fault),
        Err(fault) => fault,
    };
    pending.get_or_insert(fault);
    Ok(false)
}

/// The type that a name stands for.
fn type_named(name: &str) -> Option<&'static str> {
    const TYPES: [&str; 13] = [
        "bool",
        "bytes",
        "double",
        "int",
        "list",
        "map",
        "null_type",
        "optional_type",
        "string",
        "type",
        "uint",
        "google.protobuf.Duration",
        "google.protobuf.Timestamp",
    ];
    TYPES.into_iter().find(|known| *known == name)
}
