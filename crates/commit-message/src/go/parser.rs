//! Builds the syntax tree of a Go template.
//!
//! The grammar, the checks made while parsing (functions exist, variables are declared, `break` is inside a
//! `range`) and the texts are Go's. Nesting is bounded, so that no template can exhaust the stack.

mod control;
mod pipe;

use std::collections::BTreeMap;
use std::rc::Rc;

use super::lexer::tokens;
use super::literal;
use super::syntax::{Body, Node};
use super::token::{Keyword, Token, TokenKind};
use crate::error::{Error, Position, TEMPLATE_NAME, shown};
use crate::limits::{Limit, MAX_NESTING};

/// The template's own body under [`TEMPLATE_NAME`], and those it defines.
pub(super) type Templates = BTreeMap<Rc<str>, Body>;

pub(super) fn parse(template: &str) -> Result<Templates, Error> {
    let mut parser = Parser {
        template,
        tokens: tokens(template),
        at: 0,
        scope: Scope::default(),
        nesting: 0,
        templates: Templates::new(),
    };
    let body = parser.top_level()?;
    parser.add_template(TEMPLATE_NAME.into(), body)?;
    Ok(parser.templates)
}

struct Parser<'t> {
    template: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    scope: Scope,
    nesting: usize,
    templates: Templates,
}

/// What a body may name: its variables, and whether it is inside a `range`.
#[derive(Default)]
struct Scope {
    variables: Vec<Rc<str>>,
    ranges: usize,
}

/// How a list of nodes ended.
enum Ending {
    End,
    Else,
    ElseIf,
    ElseWith,
}

/// What one action is.
enum Item {
    Node(Node),
    Ending(Ending),
}

type Parsed<T> = Result<T, Error>;

impl<'t> Parser<'t> {
    fn peek(&self) -> &Token<'t> {
        &self.tokens[self.at]
    }

    /// The next token. The last one, which says that the template ends, stays.
    fn next(&mut self) -> Token<'t> {
        let token = self.peek().clone();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn skip_space(&mut self) {
        while self.peek().kind == TokenKind::Space {
            self.at += 1;
        }
    }

    fn peek_non_space(&mut self) -> &Token<'t> {
        self.skip_space();
        self.peek()
    }

    fn next_non_space(&mut self) -> Token<'t> {
        self.skip_space();
        self.next()
    }

    fn fail(&self, start: usize, problem: impl Into<String>) -> Error {
        Error::Parse {
            at: Position::of_offset(self.template, start),
            problem: shown(&problem.into()),
        }
    }

    fn unexpected(&self, token: &Token<'_>, context: &str) -> Error {
        match &token.kind {
            TokenKind::Error(message) => self.fail(token.start, message.clone()),
            TokenKind::End => self.fail(token.start, "unexpected EOF"),
            _ => self.fail(
                token.start,
                format!("unexpected {} in {context}", describe(token)),
            ),
        }
    }

    fn expect(&mut self, kind: &TokenKind, context: &str) -> Parsed<Token<'t>> {
        let token = self.next_non_space();
        if token.kind == *kind {
            Ok(token)
        } else {
            Err(self.unexpected(&token, context))
        }
    }

    /// Runs `parse` one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting == MAX_NESTING {
            let at = Position::of_offset(self.template, self.peek().start);
            return Err(Error::Limit {
                limit: Limit::Nesting,
                at,
            });
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }

    fn top_level(&mut self) -> Parsed<Body> {
        self.scope = Scope {
            variables: vec!["$".into()],
            ranges: 0,
        };
        let mut body = Body::new();
        while self.peek().kind != TokenKind::End {
            if self.is_define() {
                self.define()?;
                continue;
            }
            let start = self.peek().start;
            match self.text_or_action()? {
                Item::Node(node) => body.push(node),
                Item::Ending(Ending::End) => return Err(self.fail(start, "unexpected {{end}}")),
                Item::Ending(_) => return Err(self.fail(start, "unexpected {{else}}")),
            }
        }
        Ok(body)
    }

    fn is_define(&self) -> bool {
        let mut ahead = self.tokens[self.at..]
            .iter()
            .filter(|token| token.kind != TokenKind::Space);
        ahead
            .next()
            .is_some_and(|token| token.kind == TokenKind::LeftDelimiter)
            && ahead
                .next()
                .is_some_and(|token| token.kind == TokenKind::Keyword(Keyword::Define))
    }

    fn define(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        self.next();
        self.next_non_space();
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        self.expect(&TokenKind::RightDelimiter, CONTEXT)?;
        let body = self.separate_body(CONTEXT)?;
        self.add_template(name, body)
    }

    /// A body with variables of its own: of `define` or `block`.
    fn separate_body(&mut self, context: &str) -> Parsed<Body> {
        let outer = std::mem::replace(
            &mut self.scope,
            Scope {
                variables: vec!["$".into()],
                ranges: 0,
            },
        );
        let (body, ending) = self.nested(Self::body)?;
        self.scope = outer;
        match ending {
            Ending::End => Ok(body),
            _ => Err(self.fail(
                self.peek().start,
                format!("unexpected {{{{else}}}} in {context}"),
            )),
        }
    }

    fn add_template(&mut self, name: Rc<str>, body: Body) -> Parsed<()> {
        if is_blank(&body) && self.templates.contains_key(&name) {
            return Ok(());
        }
        if self
            .templates
            .get(&name)
            .is_some_and(|known| !is_blank(known))
        {
            let problem = format!("template: multiple definition of template {name:?}");
            return Err(self.fail(self.peek().start, problem));
        }
        self.templates.insert(name, body);
        Ok(())
    }

    /// Nodes up to `{{end}}` or `{{else}}`.
    fn body(&mut self) -> Parsed<(Body, Ending)> {
        let mut body = Body::new();
        while self.peek_non_space().kind != TokenKind::End {
            match self.text_or_action()? {
                Item::Node(node) => body.push(node),
                Item::Ending(ending) => return Ok((body, ending)),
            }
        }
        Err(self.fail(self.template.len(), "unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(token.text.into()))),
            TokenKind::LeftDelimiter => self.action(),
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn template_name(&self, token: &Token<'_>, context: &str) -> Parsed<Rc<str>> {
        match token.kind {
            TokenKind::Quoted | TokenKind::RawQuoted => self.unquote(token),
            _ => Err(self.unexpected(token, context)),
        }
    }

    fn unquote(&self, token: &Token<'_>) -> Parsed<Rc<str>> {
        let text =
            literal::unquote(token.text).map_err(|problem| self.fail(token.start, problem))?;
        Ok(text.into())
    }
}

/// A token as Go names it in "unexpected …".
fn describe(token: &Token<'_>) -> String {
    match token.kind {
        TokenKind::Keyword(_) | TokenKind::Dot | TokenKind::Nil => format!("<{}>", token.text),
        _ if token.text.chars().count() > 10 => {
            format!("{:?}...", token.text.chars().take(10).collect::<String>())
        }
        _ => format!("{:?}", token.text),
    }
}

fn is_blank(body: &Body) -> bool {
    body.iter()
        .all(|node| matches!(node, Node::Text(text) if text.trim().is_empty()))
}
