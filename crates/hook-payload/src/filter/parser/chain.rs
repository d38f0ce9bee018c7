//! Selections, calls and indices behind a value.

use super::{Parsed, Parser, node, operation};
use crate::filter::syntax::{Call, Expr, Kind, Operator};

impl Parser<'_> {
    pub(super) fn member(&mut self) -> Parsed<Expr> {
        let mut expr = self.primary()?;
        loop {
            let at = self.token.at;
            if self.take(".")? {
                expr = self.selected(at, expr)?;
            } else if self.take("[")? {
                expr = self.indexed(at, expr)?;
            } else {
                return Ok(expr);
            }
        }
    }

    /// What follows a dot.
    fn selected(&mut self, at: usize, operand: Expr) -> Parsed<Expr> {
        let optional = self.take("?")?;
        let field = self.ident()?.text;
        if !optional && self.is("(") {
            let at = self.token.at;
            let arguments = self.arguments()?;
            return self.call(at, field, Some(operand), arguments);
        }
        let below = operand.depth;
        let kind = Kind::Select {
            operand: operand.into(),
            field: field.into(),
            optional,
        };
        node(at, below, kind)
    }

    fn indexed(&mut self, at: usize, operand: Expr) -> Parsed<Expr> {
        let operator = if self.take("?")? {
            Operator::OptionalIndex
        } else {
            Operator::Index
        };
        let index = self.expr()?;
        self.expect("]")?;
        operation(at, operator, vec![operand, index])
    }

    /// `(a, b)`.
    pub(super) fn arguments(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        if self.take(")")? {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expr()?);
            if !self.take(",")? {
                break;
            }
        }
        self.expect(")")?;
        Ok(arguments)
    }

    /// A call, or what its macro stands for.
    pub(super) fn call(
        &mut self,
        at: usize,
        function: &str,
        target: Option<Expr>,
        arguments: Vec<Expr>,
    ) -> Parsed<Expr> {
        let parts = target.iter().chain(&arguments);
        let below = parts.map(|part| part.depth).max().unwrap_or_default();
        if matches!(function, "of" | "ofNonZeroValue" | "split") {
            self.container(at)?;
        }
        let kind = match self.expand(at, function, target, arguments)? {
            Ok(expanded) => expanded,
            Err((target, arguments)) => Kind::Call(Call {
                function: function.into(),
                target: target.map(Box::new),
                arguments,
                pattern: None,
            }),
        };
        node(at, below, kind)
    }
}
