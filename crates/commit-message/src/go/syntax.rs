//! The syntax tree of a Go template. It prints as Go prints it in error texts.

use std::fmt;
use std::rc::Rc;

use super::literal::Number;

/// The bodies of a template by name: the template itself and what it defines.
pub(super) type Body = Vec<Node>;

#[derive(Debug)]
pub(super) enum Node {
    Text(Rc<str>),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(TemplateCall),
    Break,
    Continue,
}

/// The shape that `if`, `with` and `range` share.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) body: Body,
    pub(super) otherwise: Option<Body>,
}

#[derive(Debug)]
pub(super) struct TemplateCall {
    pub(super) start: usize,
    pub(super) name: Rc<str>,
    pub(super) argument: Option<Pipe>,
}

/// Commands joined by `|`, with the variables that take the result.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) start: usize,
    pub(super) variables: Vec<Rc<str>>,
    /// `=` rather than `:=`.
    pub(super) assigns: bool,
    pub(super) commands: Vec<Command>,
}

/// An operand and what it is called with. Never empty.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) start: usize,
    pub(super) operands: Vec<Operand>,
}

/// A term, and the byte it starts at (of a chain: its second link, as in Go).
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) start: usize,
    pub(super) term: Term,
}

#[derive(Debug)]
pub(super) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    /// A string as it is written, and its text.
    Text(Rc<str>, Rc<str>),
    /// `.A.B`
    Field(Vec<Rc<str>>),
    /// `$x.A.B`; the name holds the `$`.
    Variable(Rc<str>, Vec<Rc<str>>),
    Function(Rc<str>),
    Parens(Box<Pipe>),
    /// `(…).A.B` or `function.A.B`
    Chain(Box<Operand>, Vec<Rc<str>>),
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            f.write_str(&self.variables.join(", "))?;
            f.write_str(if self.assigns { " = " } else { " := " })?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            command.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, operand) in self.operands.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            operand.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.term {
            Term::Dot => f.write_str("."),
            Term::Nil => f.write_str("nil"),
            Term::Bool(value) => value.fmt(f),
            Term::Number(number) => f.write_str(&number.text),
            Term::Text(quoted, _) => f.write_str(quoted),
            Term::Field(names) => write_names(f, names),
            Term::Variable(name, names) => {
                f.write_str(name)?;
                write_names(f, names)
            }
            Term::Function(name) => f.write_str(name),
            Term::Parens(pipe) => write!(f, "({pipe})"),
            Term::Chain(inner, names) => {
                inner.fmt(f)?;
                write_names(f, names)
            }
        }
    }
}

fn write_names(f: &mut fmt::Formatter<'_>, names: &[Rc<str>]) -> fmt::Result {
    names.iter().try_for_each(|name| write!(f, ".{name}"))
}

impl fmt::Display for TemplateCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{template {:?}", self.name)?;
        if let Some(argument) = &self.argument {
            write!(f, " {argument}")?;
        }
        f.write_str("}}")
    }
}
