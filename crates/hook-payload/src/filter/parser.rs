//! The grammar of CEL, by recursive descent.
//!
//! Every way down is counted, so neither nesting nor a chain of operators can use up the stack: here, in
//! what walks the tree later, or when it is dropped.

mod chain;
mod macros;
mod primary;

use super::lexer::{Lexer, Token, TokenKind};
use super::limits::{MAX_NESTING, MAX_SOURCE_BYTES};
use super::problem::Problem;
use super::syntax::{Expr, Kind, Operator};

/// Most lists, maps and optional values that an expression makes. It bounds how deep a value can nest.
const MAX_CONTAINERS: usize = 250;

/// Binary operators from the loosest to the tightest, but for those that join conditions.
const BINARY: [&[(&str, Operator)]; 3] = [
    &[
        ("<", Operator::Less),
        ("<=", Operator::LessEqual),
        (">=", Operator::GreaterEqual),
        (">", Operator::Greater),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("in", Operator::In),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("%", Operator::Modulo),
    ],
];

type Parsed<T> = Result<T, Problem>;

pub(super) struct Parser<'s> {
    lexer: Lexer<'s>,
    token: Token<'s>,
    depth: usize,
    containers: usize,
}

/// Parses a whole source.
pub(super) fn parse(source: &str) -> Parsed<Expr> {
    if source.len() > MAX_SOURCE_BYTES {
        let text = format!("expression is longer than {MAX_SOURCE_BYTES} bytes");
        return Err(Problem::new(0, text));
    }
    let mut lexer = Lexer::new(source);
    let token = lexer.next_token()?;
    let mut parser = Parser {
        lexer,
        token,
        depth: 0,
        containers: 0,
    };
    let expr = parser.expr()?;
    match parser.token.kind {
        TokenKind::End => Ok(expr),
        _ => Err(parser.unexpected("<EOF>")),
    }
}

impl<'s> Parser<'s> {
    /// `condition ? a : b`, or what binds tighter.
    fn expr(&mut self) -> Parsed<Expr> {
        self.nested(|parser| {
            let condition = parser.joined(Operator::Or)?;
            let at = parser.token.at;
            if !parser.take("?")? {
                return Ok(condition);
            }
            let yes = parser.joined(Operator::Or)?;
            parser.expect(":")?;
            let no = parser.expr()?;
            operation(at, Operator::Conditional, vec![condition, yes, no])
        })
    }

    /// `a || b || c`, whose terms are `a && b && c`.
    fn joined(&mut self, operator: Operator) -> Parsed<Expr> {
        let sign = if operator == Operator::Or { "||" } else { "&&" };
        let mut terms = Vec::new();
        let at = loop {
            terms.push(match operator {
                Operator::Or => self.joined(Operator::And)?,
                _ => self.binary(0)?,
            });
            let at = self.token.at;
            if !self.take(sign)? {
                break at;
            }
        };
        match terms.len() {
            1 => Ok(terms.remove(0)),
            _ => operation(at, operator, terms),
        }
    }

    /// The operators of a level of [`BINARY`] and those that bind tighter; each is left-associative.
    fn binary(&mut self, level: usize) -> Parsed<Expr> {
        let Some(operators) = BINARY.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while let Some((sign, operator)) = operators.iter().find(|(sign, _)| self.is(sign)) {
            let at = self.token.at;
            self.take(sign)?;
            let right = self.binary(level + 1)?;
            left = operation(at, *operator, vec![left, right])?;
        }
        Ok(left)
    }

    /// A run of `!` or of `-` and what follows; pairs of them cancel.
    fn unary(&mut self) -> Parsed<Expr> {
        for (sign, operator) in [("!", Operator::Not), ("-", Operator::Negate)] {
            let at = self.token.at;
            if !self.is(sign) || self.is_negative_number()? {
                continue;
            }
            let mut odd = false;
            while self.take(sign)? {
                odd = !odd;
            }
            let operand = self.member()?;
            return if odd {
                operation(at, operator, vec![operand])
            } else {
                Ok(operand)
            };
        }
        self.member()
    }

    fn is_negative_number(&self) -> Parsed<bool> {
        let next = self.lexer.clone().next_token();
        Ok(self.is("-") && matches!(next?.kind, TokenKind::Int | TokenKind::Double))
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_NESTING {
            return Err(too_deep(self.token.at));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Counts a part that makes a list, a map or an optional value.
    fn container(&mut self, at: usize) -> Parsed<()> {
        self.containers += 1;
        if self.containers > MAX_CONTAINERS {
            Err(Problem::new(
                at,
                format!(
                    "expression makes more than {MAX_CONTAINERS} lists, maps and optional values"
                ),
            ))
        } else {
            Ok(())
        }
    }

    fn is(&self, sign: &str) -> bool {
        self.token.kind == TokenKind::Sign && self.token.text == sign
    }

    fn advance(&mut self) -> Parsed<Token<'s>> {
        let next = self.lexer.next_token()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    /// Passes a sign if it is the next token.
    fn take(&mut self, sign: &str) -> Parsed<bool> {
        let found = self.is(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign)? {
            Ok(())
        } else {
            Err(self.unexpected(&format!("'{sign}'")))
        }
    }

    fn ident(&mut self) -> Parsed<Token<'s>> {
        match self.token.kind {
            TokenKind::Ident => self.advance(),
            _ => Err(self.unexpected("IDENTIFIER")),
        }
    }

    fn unexpected(&self, expected: &str) -> Problem {
        let found = match self.token.kind {
            TokenKind::End => "<EOF>",
            _ => self.token.text,
        };
        let text = format!("Syntax error: mismatched input '{found}' expecting {expected}");
        Problem::new(self.token.at, text)
    }
}

/// A part of the tree above others, of which the longest way down is told.
fn node(at: usize, below: usize, kind: Kind) -> Parsed<Expr> {
    let depth = below + 1;
    if depth > MAX_NESTING {
        return Err(too_deep(at));
    }
    Ok(Expr { at, depth, kind })
}

fn operation(at: usize, operator: Operator, operands: Vec<Expr>) -> Parsed<Expr> {
    let below = operands.iter().map(|operand| operand.depth).max();
    node(
        at,
        below.unwrap_or_default(),
        Kind::Operator { operator, operands },
    )
}

fn too_deep(at: usize) -> Problem {
    Problem::new(
        at,
        format!("expression recursion limit exceeded: {MAX_NESTING}"),
    )
}
