//! Pipelines: declarations, commands, operands.

use std::rc::Rc;

use super::{Parsed, Parser};
use crate::error::{Error, Position};
use crate::functions;
use crate::go::literal::Number;
use crate::go::syntax::{Command, Operand, Pipe, Term};
use crate::go::token::{Token, TokenKind};

impl<'t> Parser<'t> {
    /// Declarations and commands, up to and with the `end` token.
    pub(super) fn pipe(&mut self, context: &str, end: &TokenKind) -> Parsed<Pipe> {
        let start = self.peek_non_space().start;
        let (variables, assigns) = self.declarations(context)?;
        let mut commands = Vec::new();
        loop {
            let token = self.peek_non_space().clone();
            if token.kind == *end {
                self.next();
                self.check_pipe(&commands, start, context)?;
                return Ok(Pipe {
                    start,
                    variables,
                    assigns,
                    commands,
                });
            }
            if !starts_operand(&token.kind) {
                return Err(self.unexpected(&token, context));
            }
            commands.push(self.command()?);
        }
    }

    /// `$x :=`, `$x =`, or in a range also `$x, $y :=`.
    fn declarations(&mut self, context: &str) -> Parsed<(Vec<Rc<str>>, bool)> {
        let mut names: Vec<Rc<str>> = Vec::new();
        while self.peek_non_space().kind == TokenKind::Variable {
            let rewind = self.at;
            let variable = self.next();
            let next = self.peek_non_space().clone();
            let comma = next.kind == TokenKind::Character && next.text == ",";
            if !comma && !matches!(next.kind, TokenKind::Assign | TokenKind::Declare) {
                self.at = rewind;
                break;
            }
            self.next();
            names.push(variable.text.into());
            self.scope.variables.push(variable.text.into());
            if !comma {
                return Ok((names, next.kind == TokenKind::Assign));
            }
            if context != "range" || names.len() > 1 {
                return Err(self.fail(
                    variable.start,
                    format!("too many declarations in {context}"),
                ));
            }
            if !matches!(
                self.peek_non_space().kind,
                TokenKind::Variable | TokenKind::RightDelimiter | TokenKind::RightParen
            ) {
                return Err(self.fail(variable.start, "range can only initialize variables"));
            }
        }
        Ok((names, false))
    }

    fn check_pipe(&self, commands: &[Command], start: usize, context: &str) -> Parsed<()> {
        if commands.is_empty() {
            return Err(self.fail(start, format!("missing value for {context}")));
        }
        for (index, command) in commands.iter().enumerate().skip(1) {
            let literal = matches!(
                command.operands.first().map(|operand| &operand.term),
                Some(Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::Text(..))
            );
            if literal {
                let problem = format!("non executable command in pipeline stage {}", index + 1);
                return Err(self.fail(command.start, problem));
            }
        }
        Ok(())
    }

    /// Operands separated by spaces, up to `|` (consumed) or the end of the pipe.
    fn command(&mut self) -> Parsed<Command> {
        let start = self.peek_non_space().start;
        let mut operands = Vec::new();
        loop {
            self.skip_space();
            operands.extend(self.operand()?);
            match self.peek().kind {
                TokenKind::Space => {}
                TokenKind::RightDelimiter | TokenKind::RightParen => break,
                TokenKind::Pipe => {
                    self.next();
                    break;
                }
                _ => {
                    let token = self.next();
                    return Err(self.unexpected(&token, "operand"));
                }
            }
        }
        if operands.is_empty() {
            return Err(self.fail(start, "empty command"));
        }
        Ok(Command { start, operands })
    }

    /// A term and the fields chained to it; none if the next token starts no term.
    fn operand(&mut self) -> Parsed<Option<Operand>> {
        if !starts_operand(&self.peek().kind) {
            return Ok(None);
        }
        let token = self.next();
        let term = self.term(&token)?;
        let operand = Operand {
            start: token.start,
            term,
        };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(operand));
        }
        let start = self.peek().start;
        let mut chained: Vec<Rc<str>> = Vec::new();
        while self.peek().kind == TokenKind::Field {
            chained.push(self.next().text[1..].into());
        }
        let term = match operand.term {
            Term::Field(mut names) => {
                names.append(&mut chained);
                Term::Field(names)
            }
            Term::Variable(name, _) => Term::Variable(name, chained),
            Term::Bool(_) | Term::Text(..) | Term::Number(_) | Term::Nil | Term::Dot => {
                return Err(self.fail(
                    start,
                    format!("unexpected . after term {:?}", operand.to_string()),
                ));
            }
            _ => Term::Chain(Box::new(operand), chained),
        };
        Ok(Some(Operand { start, term }))
    }

    fn term(&mut self, token: &Token<'t>) -> Parsed<Term> {
        let start = token.start;
        Ok(match token.kind {
            TokenKind::Identifier => Term::Function(self.function(token)?),
            TokenKind::Dot => Term::Dot,
            TokenKind::Nil => Term::Nil,
            TokenKind::Bool => Term::Bool(token.text == "true"),
            TokenKind::Field => Term::Field(vec![token.text[1..].into()]),
            TokenKind::Variable
                if self
                    .scope
                    .variables
                    .iter()
                    .any(|name| **name == *token.text) =>
            {
                Term::Variable(token.text.into(), Vec::new())
            }
            TokenKind::Variable => {
                return Err(self.fail(start, format!("undefined variable {:?}", token.text)));
            }
            TokenKind::Number => Term::Number(
                Number::parse(token.text).map_err(|problem| self.fail(start, problem))?,
            ),
            TokenKind::CharConstant => Term::Number(
                Number::parse_char(token.text).map_err(|problem| self.fail(start, problem))?,
            ),
            TokenKind::Quoted | TokenKind::RawQuoted => {
                Term::Text(token.text.into(), self.unquote(token)?)
            }
            TokenKind::LeftParen => {
                let pipe = self.nested(|parser| {
                    parser.pipe("parenthesized pipeline", &TokenKind::RightParen)
                })?;
                Term::Parens(Box::new(pipe))
            }
            _ => return Err(self.unexpected(token, "operand")),
        })
    }

    /// Functions that do not exist, and those that are refused, are found before the template runs.
    fn function(&self, token: &Token<'_>) -> Parsed<Rc<str>> {
        if let Some(reason) = functions::refusal(token.text) {
            return Err(Error::Refused {
                what: format!("function {:?}", token.text),
                reason,
                at: Position::of_offset(self.template, token.start),
            });
        }
        if functions::function(token.text).is_none() {
            return Err(self.fail(
                token.start,
                format!("function {:?} not defined", token.text),
            ));
        }
        Ok(token.text.into())
    }
}

fn starts_operand(kind: &TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Bool
            | TokenKind::CharConstant
            | TokenKind::Dot
            | TokenKind::Field
            | TokenKind::Identifier
            | TokenKind::Number
            | TokenKind::Nil
            | TokenKind::RawQuoted
            | TokenKind::Quoted
            | TokenKind::Variable
            | TokenKind::LeftParen
    )
}
