//! Runs the syntax tree of a Go template over the data.

mod call;
mod operand;

use std::fmt::Display;
use std::rc::Rc;

use super::fault::{Fault, Text};
use super::fmt;
use super::parser::Templates;
use super::run::Run;
use super::syntax::{Body, Branch, Command, Node, Operand, Pipe, TemplateCall};
use super::value::Value;
use crate::error::{Error, Position, TEMPLATE_NAME, shown};
use crate::limits::{Limit, MAX_DEPTH};
use crate::model::Surroundings;

pub(super) fn execute(
    template: &str,
    templates: &Templates,
    data: &Value,
    with: &Surroundings,
) -> Result<String, Error> {
    let name = TEMPLATE_NAME.into();
    let mut machine = Machine {
        source: template,
        templates,
        name: &name,
        variables: vec![("$".into(), data.clone())],
        depth: 0,
        at: Place::Start,
        out: Text::output(),
        run: Run::new(with),
    };
    if let Some(body) = templates.get(&name) {
        machine.body(body, data)?;
    }
    Ok(machine.out.into_string())
}

struct Machine<'t> {
    source: &'t str,
    templates: &'t Templates,
    /// The template that runs.
    name: &'t Rc<str>,
    variables: Vec<(Rc<str>, Value)>,
    depth: usize,
    /// What is being evaluated: error texts point there.
    at: Place<'t>,
    out: Text,
    run: Run,
}

/// A node that an error text can name.
#[derive(Clone, Copy)]
enum Place<'t> {
    Start,
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
    TemplateCall(&'t TemplateCall),
}

/// Where control goes after a node.
#[derive(PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

type Evaluated = Result<Value, Error>;

impl<'t> Machine<'t> {
    fn position(&self) -> Position {
        let start = match self.at {
            Place::Start => 0,
            Place::Pipe(node) => node.start,
            Place::Command(node) => node.start,
            Place::Operand(node) => node.start,
            Place::TemplateCall(node) => node.start,
        };
        Position::of_offset(self.source, start)
    }

    /// An error at the current place.
    fn fail(&self, problem: impl Display) -> Error {
        let context = match self.at {
            Place::Start => String::new(),
            Place::Pipe(node) => node.to_string(),
            Place::Command(node) => node.to_string(),
            Place::Operand(node) => node.to_string(),
            Place::TemplateCall(node) => node.to_string(),
        };
        let (name, context) = (shown(self.name), shown(&context));
        let problem = shown(&problem.to_string());
        let problem = format!("executing {name:?} at <{context}>: {problem}");
        Error::Execute {
            at: self.position(),
            problem,
        }
    }

    fn fault(&self, fault: Fault) -> Error {
        let at = self.position();
        match fault {
            Fault::Failed(problem) => self.fail(problem),
            Fault::Limit(limit) => Error::Limit { limit, at },
            Fault::Removed(removed) => Error::RemovedField {
                field: removed.field,
                instead: removed.instead,
                at,
            },
        }
    }

    fn spend(&mut self) -> Result<(), Error> {
        self.run.spend(1).map_err(|fault| self.fault(fault))
    }

    /// Runs `evaluate` one level deeper.
    fn nested<T>(
        &mut self,
        evaluate: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.fault(Fault::Limit(Limit::Depth)));
        }
        self.depth += 1;
        let result = evaluate(self);
        self.depth -= 1;
        result
    }

    fn body(&mut self, body: &'t Body, dot: &Value) -> Result<Flow, Error> {
        for node in body {
            let flow = self.node(node, dot)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &'t Node, dot: &Value) -> Result<Flow, Error> {
        self.spend()?;
        match node {
            Node::Text(text) => self.write(text)?,
            Node::Action(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.at = Place::Pipe(pipe);
                    fmt::display(&value, &mut self.out).map_err(|fault| self.fault(fault))?;
                }
            }
            Node::If(branch) => return self.if_or_with(branch, dot, false),
            Node::With(branch) => return self.if_or_with(branch, dot, true),
            Node::Range(branch) => return self.nested(|machine| machine.range(branch, dot)),
            Node::Template(call) => self.nested(|machine| machine.template(call, dot))?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn write(&mut self, text: &str) -> Result<(), Error> {
        self.out.push_str(text).map_err(|fault| self.fault(fault))
    }

    fn if_or_with(
        &mut self,
        branch: &'t Branch,
        dot: &Value,
        moves_dot: bool,
    ) -> Result<Flow, Error> {
        let outer_variables = self.variables.len();
        let value = self.pipe(&branch.pipe, dot)?;
        let flow = match (&branch.otherwise, value.is_true()) {
            (_, true) => {
                let dot = if moves_dot { &value } else { dot };
                self.nested(|machine| machine.body(&branch.body, dot))
            }
            (Some(otherwise), false) => self.nested(|machine| machine.body(otherwise, dot)),
            (None, false) => Ok(Flow::Next),
        };
        self.variables.truncate(outer_variables);
        flow
    }

    fn range(&mut self, branch: &'t Branch, dot: &Value) -> Result<Flow, Error> {
        let outer_variables = self.variables.len();
        let value = self.pipe(&branch.pipe, dot)?;
        let ran = match &value {
            Value::Nil => false,
            Value::List(list) => self.items(
                branch,
                list.items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| (Value::length(i), item.clone())),
            )?,
            Value::Map(map) => self.items(branch, map.entries.iter().cloned())?,
            Value::Dict(dict) => {
                let entries: Vec<_> = dict
                    .borrow()
                    .iter()
                    .map(|(k, v)| (Value::Text(Rc::clone(k)), v.clone()))
                    .collect();
                self.run
                    .spend_items(entries.len())
                    .map_err(|fault| self.fault(fault))?;
                self.items(branch, entries.into_iter())?
            }
            Value::Int(end) => self.count(branch, &value, *end, Value::Int)?,
            Value::Int64(end) => self.count(branch, &value, *end, Value::Int64)?,
            Value::Byte(end) => self.count(branch, &value, i64::from(*end), |n| {
                Value::Byte(u8::try_from(n).unwrap_or(0))
            })?,
            Value::Uint64(end) => {
                let end = i64::try_from(*end).unwrap_or(i64::MAX);
                self.count(branch, &value, end, |n| Value::Uint64(n.unsigned_abs()))?
            }
            _ => {
                let shown = fmt::plain(&value).map_err(|fault| self.fault(fault))?;
                return Err(self.fail(format_args!("range can't iterate over {shown}")));
            }
        };
        let flow = match &branch.otherwise {
            Some(otherwise) if !ran => self.body(otherwise, dot)?,
            _ => Flow::Next,
        };
        self.variables.truncate(outer_variables);
        Ok(flow)
    }

    fn count(
        &mut self,
        branch: &'t Branch,
        value: &Value,
        end: i64,
        number: fn(i64) -> Value,
    ) -> Result<bool, Error> {
        if branch.pipe.variables.len() > 1 {
            let shown = fmt::plain(value).map_err(|fault| self.fault(fault))?;
            return Err(self.fail(format_args!(
                "can't use {shown} to iterate over more than one variable"
            )));
        }
        self.items(branch, (0..end).map(|n| (Value::Nil, number(n))))
    }

    /// Runs the body once per item. Whether there was one.
    fn items(
        &mut self,
        branch: &'t Branch,
        items: impl Iterator<Item = (Value, Value)>,
    ) -> Result<bool, Error> {
        let top = self.variables.len();
        let mut ran = false;
        for (index, item) in items {
            self.spend()?;
            ran = true;
            self.set_range_variables(&branch.pipe, index, &item)?;
            let flow = self.body(&branch.body, &item)?;
            self.variables.truncate(top);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }

    /// One variable takes the item; of two, the first takes the index.
    fn set_range_variables(
        &mut self,
        pipe: &'t Pipe,
        index: Value,
        item: &Value,
    ) -> Result<(), Error> {
        match pipe.variables.as_slice() {
            [] => Ok(()),
            [one] => self.set_variable(one, item.clone()),
            [first, second, ..] => {
                self.set_variable(second, item.clone())?;
                self.set_variable(first, index)
            }
        }
    }

    fn template(&mut self, call: &'t TemplateCall, dot: &Value) -> Result<(), Error> {
        self.at = Place::TemplateCall(call);
        let Some((name, body)) = self.templates.get_key_value(&call.name) else {
            return Err(self.fail(format_args!("template {:?} not defined", call.name)));
        };
        let dot = match &call.argument {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => Value::Nil,
        };
        let outer_name = std::mem::replace(&mut self.name, name);
        let outer_variables =
            std::mem::replace(&mut self.variables, vec![("$".into(), dot.clone())]);
        self.body(body, &dot)?;
        self.name = outer_name;
        self.variables = outer_variables;
        Ok(())
    }

    fn variable(&mut self, name: &str) -> Evaluated {
        let index = self.find_variable(name)?;
        Ok(self.variables[index].1.clone())
    }

    fn set_variable(&mut self, name: &str, value: Value) -> Result<(), Error> {
        let index = self.find_variable(name)?;
        self.variables[index].1 = value;
        Ok(())
    }

    /// The innermost variable of this name. Those passed on the way are paid for.
    fn find_variable(&mut self, name: &str) -> Result<usize, Error> {
        let Some(index) = self
            .variables
            .iter()
            .rposition(|(known, _)| **known == *name)
        else {
            return Err(self.fail(format_args!("undefined variable: {name}")));
        };
        let passed = self.variables.len() - index;
        self.run
            .spend_items(passed / 16)
            .map_err(|fault| self.fault(fault))?;
        Ok(index)
    }

    /// The value of a pipeline; its variables are set.
    fn pipe(&mut self, pipe: &'t Pipe, dot: &Value) -> Evaluated {
        self.at = Place::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(command, dot, value)?);
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipe.variables {
            if pipe.assigns {
                self.set_variable(name, value.clone())?;
            } else {
                self.variables.push((Rc::clone(name), value.clone()));
            }
        }
        Ok(value)
    }
}
