//! Names, literals, lists, maps and what stands in parentheses.

use super::{Parsed, Parser, node};
use crate::filter::lexer::TokenKind;
use crate::filter::literal;
use crate::filter::problem::Problem;
use crate::filter::syntax::{Element, Entry, Expr, Kind, Literal};

/// What an expression begins with, as upstream tells it.
const EXPRESSION: &str = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/// Words that CEL keeps for languages around it.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        match self.token.kind {
            TokenKind::Ident => self.name(""),
            TokenKind::Sign => self.signed(),
            TokenKind::End => Err(self.unexpected(EXPRESSION)),
            _ => self.literal(false),
        }
    }

    /// What begins with a sign.
    fn signed(&mut self) -> Parsed<Expr> {
        let at = self.token.at;
        match self.token.text {
            "." => {
                self.advance()?;
                self.name(".")
            }
            "(" => {
                self.advance()?;
                let inner = self.expr()?;
                self.expect(")")?;
                Ok(inner)
            }
            "[" => self.list(),
            "{" => self.map(),
            "-" if self.is_negative_number()? => {
                self.advance()?;
                let literal = self.literal(true)?;
                Ok(Expr { at, ..literal })
            }
            "true" => self.word(Literal::Bool(true)),
            "false" => self.word(Literal::Bool(false)),
            "null" => self.word(Literal::Null),
            _ => Err(self.unexpected(EXPRESSION)),
        }
    }

    /// A name, or a call of a function; `dot` is what was before it.
    fn name(&mut self, dot: &str) -> Parsed<Expr> {
        let start = self.token.at;
        let token = self.ident()?;
        let name = format!("{dot}{}", token.text);
        if RESERVED.contains(&token.text) {
            return Err(Problem::new(start, format!("reserved identifier: {name}")));
        }
        let at = self.token.at;
        if self.is("(") {
            let arguments = self.arguments()?;
            return self.call(at, &name, None, arguments);
        }
        node(start, 0, Kind::Ident(name.into()))
    }

    fn word(&mut self, literal: Literal) -> Parsed<Expr> {
        let at = self.advance()?.at;
        node(at, 0, Kind::Literal(literal))
    }

    fn literal(&mut self, negative: bool) -> Parsed<Expr> {
        let token = self.advance()?;
        let literal = match token.kind {
            TokenKind::Int => literal::int(token.text, negative),
            TokenKind::Uint => literal::uint(token.text),
            TokenKind::Double => literal::double(token.text, negative),
            TokenKind::Bytes => literal::bytes(token.text),
            _ => literal::string(token.text),
        };
        let literal = literal.map_err(|text| Problem::new(token.at, text))?;
        node(token.at, 0, Kind::Literal(literal))
    }

    fn list(&mut self) -> Parsed<Expr> {
        let at = self.advance()?.at;
        self.container(at)?;
        let mut elements = Vec::new();
        let mut below = 0;
        while !(self.is("]") || elements.is_empty() && self.is(",")) {
            let optional = self.take("?")?;
            let value = self.expr()?;
            below = below.max(value.depth);
            elements.push(Element { value, optional });
            if !self.is(",") {
                break;
            }
            self.advance()?;
        }
        if elements.is_empty() {
            self.take(",")?;
        }
        self.expect("]")?;
        node(at, below, Kind::List(elements))
    }

    fn map(&mut self) -> Parsed<Expr> {
        let at = self.advance()?.at;
        self.container(at)?;
        let mut entries = Vec::new();
        let mut below = 0;
        while !(self.is("}") || entries.is_empty() && self.is(",")) {
            let optional = self.take("?")?;
            let key = self.expr()?;
            self.expect(":")?;
            let value = self.expr()?;
            below = below.max(key.depth).max(value.depth);
            entries.push(Entry {
                key,
                value,
                optional,
            });
            if !self.is(",") {
                break;
            }
            self.advance()?;
        }
        if entries.is_empty() {
            self.take(",")?;
        }
        self.expect("}")?;
        node(at, below, Kind::Map(entries))
    }
}
