//! Actions that control: branches, loops, calls of templates.

use std::rc::Rc;

use super::{Ending, Item, Parsed, Parser};
use crate::go::syntax::{Body, Branch, Node, TemplateCall};
use crate::go::token::{Keyword, Token, TokenKind};

impl Parser<'_> {
    pub(super) fn action(&mut self) -> Parsed<Item> {
        let TokenKind::Keyword(keyword) = self.peek_non_space().kind else {
            let pipe = self.pipe("command", &TokenKind::RightDelimiter)?;
            return Ok(Item::Node(Node::Action(pipe)));
        };
        let token = self.next();
        Ok(Item::Node(match keyword {
            Keyword::If => Node::If(self.branch(Keyword::If, "if")?),
            Keyword::With => Node::With(self.branch(Keyword::With, "with")?),
            Keyword::Range => Node::Range(self.branch(Keyword::Range, "range")?),
            Keyword::Template => Node::Template(self.template_call()?),
            Keyword::Block => Node::Template(self.block()?),
            Keyword::Break => self.loop_control(&token, Node::Break)?,
            Keyword::Continue => self.loop_control(&token, Node::Continue)?,
            Keyword::Define => return Err(self.unexpected(&token, "command")),
            Keyword::End => {
                self.expect(&TokenKind::RightDelimiter, "end")?;
                return Ok(Item::Ending(Ending::End));
            }
            Keyword::Else => return self.else_ending().map(Item::Ending),
        }))
    }

    fn else_ending(&mut self) -> Parsed<Ending> {
        match self.peek_non_space().kind {
            TokenKind::Keyword(Keyword::If) => Ok(Ending::ElseIf),
            TokenKind::Keyword(Keyword::With) => Ok(Ending::ElseWith),
            _ => self
                .expect(&TokenKind::RightDelimiter, "else")
                .map(|_| Ending::Else),
        }
    }

    fn loop_control(&mut self, keyword: &Token<'_>, node: Node) -> Parsed<Node> {
        self.expect(
            &TokenKind::RightDelimiter,
            &format!("{{{{{}}}}}", keyword.text),
        )?;
        if self.scope.ranges == 0 {
            return Err(self.fail(
                keyword.start,
                format!("{{{{{}}}}} outside {{{{range}}}}", keyword.text),
            ));
        }
        Ok(node)
    }

    /// `if`, `with` or `range`, its keyword past, up to and with its `{{end}}`.
    fn branch(&mut self, keyword: Keyword, context: &str) -> Parsed<Branch> {
        let outer_variables = self.scope.variables.len();
        let branch = self.nested(|parser| parser.branch_parts(keyword, context));
        self.scope.variables.truncate(outer_variables);
        branch
    }

    fn branch_parts(&mut self, keyword: Keyword, context: &str) -> Parsed<Branch> {
        let pipe = self.pipe(context, &TokenKind::RightDelimiter)?;
        let is_range = keyword == Keyword::Range;
        self.scope.ranges += usize::from(is_range);
        let (body, ending) = self.body()?;
        self.scope.ranges -= usize::from(is_range);
        let otherwise = match (ending, keyword) {
            (Ending::End, _) => None,
            // `{{else if}}` is `{{else}}{{if}}` whose `{{end}}` ends both.
            (Ending::ElseIf, Keyword::If) => {
                self.next_non_space();
                Some(vec![Node::If(self.branch(Keyword::If, "if")?)])
            }
            (Ending::ElseWith, Keyword::With) => {
                self.next_non_space();
                Some(vec![Node::With(self.branch(Keyword::With, "with")?)])
            }
            (Ending::ElseIf | Ending::ElseWith, _) => {
                let token = self.next_non_space();
                return Err(self.unexpected(&token, "input"));
            }
            (Ending::Else, _) => Some(self.else_body()?),
        };
        Ok(Branch {
            pipe,
            body,
            otherwise,
        })
    }

    fn else_body(&mut self) -> Parsed<Body> {
        let (body, ending) = self.body()?;
        match ending {
            Ending::End => Ok(body),
            _ => Err(self.fail(self.peek().start, "expected end; found {{else}}")),
        }
    }

    fn template_call(&mut self) -> Parsed<TemplateCall> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let argument = if self.peek_non_space().kind == TokenKind::RightDelimiter {
            self.next();
            None
        } else {
            Some(self.pipe(CONTEXT, &TokenKind::RightDelimiter)?)
        };
        Ok(TemplateCall {
            start: token.start,
            name,
            argument,
        })
    }

    fn block(&mut self) -> Parsed<TemplateCall> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let argument = self.pipe(CONTEXT, &TokenKind::RightDelimiter)?;
        let body = self.separate_body(CONTEXT)?;
        self.add_template(Rc::clone(&name), body)?;
        Ok(TemplateCall {
            start: token.start,
            name,
            argument: Some(argument),
        })
    }
}
