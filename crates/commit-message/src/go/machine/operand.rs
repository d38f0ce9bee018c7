//! Evaluates commands and operands: dots, fields, variables, literals.

use std::rc::Rc;

use super::{Evaluated, Machine, Place};
use crate::error::Error;
use crate::go::function::{Function, Kind};
use crate::go::literal::Number;
use crate::go::syntax::{Command, Operand, Term};
use crate::go::value::Value;
use crate::go::{time, version};

/// What stands behind an operand in its command, and what the pipe before it gave.
pub(super) struct Arguments<'t> {
    pub(super) operands: &'t [Operand],
    pub(super) piped: Option<Value>,
}

impl Arguments<'_> {
    pub(super) const NONE: Self = Arguments {
        operands: &[],
        piped: None,
    };

    fn is_empty(&self) -> bool {
        self.operands.is_empty() && self.piped.is_none()
    }

    pub(super) fn count(&self) -> usize {
        self.operands.len() + usize::from(self.piped.is_some())
    }
}

impl<'t> Machine<'t> {
    pub(super) fn command(
        &mut self,
        command: &'t Command,
        dot: &Value,
        piped: Option<Value>,
    ) -> Evaluated {
        let Some((first, operands)) = command.operands.split_first() else {
            return Ok(Value::Nil);
        };
        let arguments = Arguments { operands, piped };
        match &first.term {
            Term::Function(name) => {
                self.at = Place::Operand(first);
                self.function(name, Place::Command(command), dot, arguments)
            }
            Term::Nil => {
                self.at = Place::Operand(first);
                Err(self.fail("nil is not a command"))
            }
            _ => self.operand(first, dot, arguments),
        }
    }

    /// An operand that is not a function, as the head of a command or alone.
    pub(super) fn operand(
        &mut self,
        operand: &'t Operand,
        dot: &Value,
        arguments: Arguments<'t>,
    ) -> Evaluated {
        self.spend()?;
        self.at = Place::Operand(operand);
        match &operand.term {
            Term::Field(names) => self.chain(operand, dot.clone(), names, dot, arguments),
            Term::Variable(name, names) => {
                let value = self.variable(name)?;
                self.chain(operand, value, names, dot, arguments)
            }
            Term::Chain(inner, names) => {
                let value = self.argument(inner, Kind::Any, dot)?;
                self.at = Place::Operand(operand);
                self.chain(operand, value, names, dot, arguments)
            }
            Term::Parens(pipe) => {
                self.refuse_arguments(operand, &arguments)?;
                self.nested(|machine| machine.pipe(pipe, dot))
            }
            Term::Function(name) => self.function(name, Place::Operand(operand), dot, arguments),
            Term::Dot => self
                .refuse_arguments(operand, &arguments)
                .map(|()| dot.clone()),
            Term::Nil => Ok(Value::Nil),
            Term::Bool(value) => self
                .refuse_arguments(operand, &arguments)
                .map(|()| Value::Bool(*value)),
            Term::Text(_, text) => self
                .refuse_arguments(operand, &arguments)
                .map(|()| Value::Text(Rc::clone(text))),
            Term::Number(number) => {
                self.refuse_arguments(operand, &arguments)?;
                self.number(number)
            }
        }
    }

    fn refuse_arguments(&self, operand: &Operand, arguments: &Arguments<'_>) -> Result<(), Error> {
        if arguments.is_empty() {
            return Ok(());
        }
        Err(self.fail(format_args!(
            "can't give argument to non-function {operand}"
        )))
    }

    /// A constant where no type is asked for: an `int`, or a `float64` if it is written as one.
    fn number(&self, number: &Number) -> Evaluated {
        match (number.is_float(), number.float, number.int) {
            (true, Some(float), _) => Ok(Value::Float(float)),
            (_, _, Some(int)) => Ok(Value::Int(int)),
            _ => Err(self.fail(format_args!("{} overflows int", number.text))),
        }
    }

    /// Follows names from `receiver`; the last one takes the arguments.
    fn chain(
        &mut self,
        operand: &'t Operand,
        receiver: Value,
        names: &'t [Rc<str>],
        dot: &Value,
        arguments: Arguments<'t>,
    ) -> Evaluated {
        let Some((last, before)) = names.split_last() else {
            return self
                .refuse_arguments(operand, &arguments)
                .map(|()| receiver);
        };
        let mut receiver = receiver;
        for name in before {
            receiver = self.field(operand, &receiver, name, dot, Arguments::NONE)?;
        }
        self.field(operand, &receiver, last, dot, arguments)
    }

    fn field(
        &mut self,
        operand: &'t Operand,
        receiver: &Value,
        name: &'t str,
        dot: &Value,
        arguments: Arguments<'t>,
    ) -> Evaluated {
        let missing = || {
            format!(
                "can't evaluate field {name} in type {}",
                receiver.type_name()
            )
        };
        if let Some(method) = method(receiver, name) {
            return self.method(&method, operand, receiver, (name, dot), arguments);
        }
        match receiver {
            Value::Nil => Ok(Value::Nil),
            Value::Record(record) => {
                let found = record.member(name).map_err(|fault| self.fault(fault))?;
                let found = found.ok_or_else(|| self.fail(missing()))?;
                match (arguments.count(), found.is_method) {
                    (0, _) => Ok(found.value.clone()),
                    (count, true) => Err(self.fail(format_args!(
                        "wrong number of args for {name}: want 0 got {count}"
                    ))),
                    (_, false) => Err(self.fail(format_args!(
                        "{name} has arguments but cannot be invoked as function"
                    ))),
                }
            }
            Value::Map(map) if map.shape.key == "string" => {
                self.refuse_map_arguments(name, &arguments)?;
                Ok(map.get(&Value::text(name)).cloned().unwrap_or(Value::Nil))
            }
            Value::Dict(dict) => {
                self.refuse_map_arguments(name, &arguments)?;
                Ok(dict.borrow().get(name).cloned().unwrap_or(Value::Nil))
            }
            _ => Err(self.fail(missing())),
        }
    }

    fn refuse_map_arguments(&self, name: &str, arguments: &Arguments<'_>) -> Result<(), Error> {
        if arguments.is_empty() {
            return Ok(());
        }
        Err(self.fail(format_args!("{name} is not a method but has arguments")))
    }

    fn method(
        &mut self,
        method: &Function,
        operand: &'t Operand,
        receiver: &Value,
        (name, dot): (&'t str, &Value),
        arguments: Arguments<'t>,
    ) -> Evaluated {
        let mut values = self.arguments(method, name, dot, arguments)?;
        values.insert(0, receiver.clone());
        self.invoke(method, name, Place::Operand(operand), &values)
    }
}

/// The methods that take arguments or compute something; those that only read are members of records.
fn method(receiver: &Value, name: &str) -> Option<Function> {
    match receiver {
        Value::Time(_) => time::time_method(name),
        Value::Named(named) => time::named_method(named, name),
        Value::Version(_) => version::version_method(name),
        _ => None,
    }
}
