//! Which overload of a function or an operator takes the arguments.

use super::static_type::Type;
use super::unify::Unifier;
use super::{Checker, declared, qualified_name};
use crate::filter::evaluate::{self, Pattern};
use crate::filter::syntax::{Call, Expr, Kind, Literal, Operator};

impl Checker {
    pub(super) fn operator(
        &mut self,
        at: usize,
        operator: Operator,
        operands: &mut [Expr],
    ) -> Type {
        if matches!(operator, Operator::And | Operator::Or) {
            let mut fits = true;
            for operand in operands {
                fits &= self.condition(operand);
            }
            return if fits { Type::Bool } else { Type::Error };
        }
        let given: Vec<_> = operands
            .iter_mut()
            .map(|operand| self.check(operand))
            .collect();
        let indexes = matches!(operator, Operator::Index | Operator::OptionalIndex);
        if indexes && operands.last().is_some_and(is_no_index) {
            self.constant_failure
                .get_or_insert_with(|| "invalid qualifier type".to_owned());
        }
        self.overload(at, operator.name(), &given, false)
    }

    /// Whether an operand can be a bool, which it must.
    pub(super) fn condition(&mut self, operand: &mut Expr) -> bool {
        let found = self.check(operand);
        let fits = self.types.assignable(&found, &Type::Bool);
        if !fits {
            self.mismatch(operand.at, &Type::Bool, &found);
        }
        fits
    }

    pub(super) fn call(&mut self, at: usize, call: &mut Call) -> Type {
        let format = &*call.function == "format";
        self.formats += usize::from(format);
        let found = self.called(at, call);
        self.formats -= usize::from(format);
        self.constants(call);
        found
    }

    fn called(&mut self, at: usize, call: &mut Call) -> Type {
        let mut given: Vec<_> = call
            .arguments
            .iter_mut()
            .map(|argument| self.check(argument))
            .collect();
        let elements = std::mem::take(&mut self.elements);
        let qualified = call.target.as_deref().and_then(qualified_name);
        if let Some(prefix) = qualified {
            let name = format!("{}.{}", prefix.trim_start_matches('.'), call.function);
            if declared::overloads(&name).is_some() {
                call.target = None;
                call.function = name.into();
            }
        }
        if let Some(target) = &mut call.target {
            given.insert(0, self.check(target));
        } else if let Some(name) = call.function.strip_prefix('.') {
            call.function = name.into();
        }
        if &*call.function == "format" {
            self.format(at, call, &elements);
        }
        self.overload(at, &call.function, &given, call.target.is_some())
    }

    /// The result of the overloads that take the arguments; anything, where they differ in it.
    pub(super) fn overload(
        &mut self,
        at: usize,
        function: &str,
        given: &[Type],
        on_target: bool,
    ) -> Type {
        let Some(overloads) = declared::overloads(function) else {
            return self.undeclared(at, function);
        };
        let mut result = None;
        for overload in overloads
            .iter()
            .filter(|overload| overload.on_target == on_target)
        {
            let fresh: Vec<_> = (0..overload.open).map(|_| self.types.fresh()).collect();
            let instantiate = |declared| Unifier::instantiate(declared, &fresh);
            let wanted: Vec<_> = overload.parameters.iter().map(instantiate).collect();
            if self.types.all_assignable(given, &wanted) {
                let found = self.types.resolve(&instantiate(&overload.result));
                result = Some(match result {
                    Some(before) if before != found => Type::Dyn,
                    _ => found,
                });
            }
        }
        result.unwrap_or_else(|| self.no_overload(at, function, given, on_target))
    }

    fn no_overload(&mut self, at: usize, function: &str, given: &[Type], on_target: bool) -> Type {
        let mut named: Vec<_> = given
            .iter()
            .map(|given| self.types.close(given).to_string())
            .collect();
        let target = if on_target {
            format!("{}.", named.remove(0))
        } else {
            String::new()
        };
        let applied = format!("{target}({})", named.join(", "));
        self.refuse(
            at,
            format!("found no matching overload for '{function}' applied to '{applied}'"),
        )
    }

    /// Does what needs no data: compiles constant patterns, and tries conversions of constants.
    fn constants(&mut self, call: &mut Call) {
        if !self.problems.is_empty() || self.constant_failure.is_some() {
            return;
        }
        let Some(last) = call.arguments.last().and_then(literal) else {
            return;
        };
        match (&*call.function, last) {
            ("matches", Literal::String(pattern)) => match Pattern::new(pattern) {
                Ok(compiled) => call.pattern = Some(compiled),
                Err(problem) => self.constant_failure = Some(problem),
            },
            (conversion, literal) if evaluate::is_conversion(conversion) => {
                self.constant_failure = evaluate::converts(conversion, literal).err();
            }
            _ => {}
        }
    }
}

/// The literal that an expression is, be it as `dyn(literal)`.
fn literal(expr: &Expr) -> Option<&Literal> {
    match &expr.kind {
        Kind::Literal(literal) => Some(literal),
        Kind::Call(Call {
            function,
            target: None,
            arguments,
            ..
        }) if &**function == "dyn" => arguments.first().and_then(literal),
        _ => None,
    }
}

/// Whether an expression is a constant that nothing can be indexed with.
fn is_no_index(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        Kind::List(_) | Kind::Map(_) | Kind::Literal(Literal::Null | Literal::Bytes(_))
    )
}
