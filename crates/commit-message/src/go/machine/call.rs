//! Calls functions: counts and types of the arguments, short circuits, errors.

use std::rc::Rc;

use super::operand::Arguments;
use super::{Evaluated, Machine, Place};
use crate::error::Error;
use crate::functions;
use crate::go::fault::Fault;
use crate::go::fmt;
use crate::go::function::{Action, Call, Function, Kind};
use crate::go::syntax::{Operand, Term};
use crate::go::value::Value;

impl<'t> Machine<'t> {
    pub(super) fn function(
        &mut self,
        name: &'t Rc<str>,
        at: Place<'t>,
        dot: &Value,
        arguments: Arguments<'t>,
    ) -> Evaluated {
        self.spend()?;
        let Some(function) = functions::function(name) else {
            return Err(self.fail(format_args!("{name:?} is not a defined function")));
        };
        match function.action {
            Action::Plain(_) => {
                let values = self.arguments(&function, name, dot, arguments)?;
                self.invoke(&function, name, at, &values)
            }
            Action::FirstThatIs(truth) => {
                self.check_count(&function, name, &arguments)?;
                self.first_that_is(truth, dot, arguments)
            }
            Action::CallValue => {
                let callee = arguments.operands.first().map(ToString::to_string);
                let values = self.arguments(&function, name, dot, arguments)?;
                self.at = at;
                let Some(value) = values.first().filter(|value| !matches!(value, Value::Nil))
                else {
                    return Err(self.fail("error calling call: call of nil"));
                };
                let callee = match callee {
                    Some(callee) => callee,
                    None => fmt::plain(value).map_err(|fault| self.fault(fault))?,
                };
                let type_name = value.type_name();
                Err(self.fail(format_args!(
                    "error calling call: non-function {callee} of type {type_name}"
                )))
            }
        }
    }

    pub(super) fn invoke(
        &mut self,
        function: &Function,
        name: &str,
        at: Place<'t>,
        values: &[Value],
    ) -> Evaluated {
        let Action::Plain(action) = function.action else {
            return Ok(Value::Nil);
        };
        let outcome = self.paid(values).and_then(|()| {
            action(&mut Call {
                args: values,
                run: &mut self.run,
            })
        });
        let outcome = outcome.and_then(|value| self.run.spend_for_result(&value).map(|()| value));
        outcome.map_err(|fault| {
            self.at = at;
            match fault {
                Fault::Failed(problem) => {
                    self.fail(format_args!("error calling {name}: {problem}"))
                }
                other => self.fault(other),
            }
        })
    }

    fn paid(&mut self, values: &[Value]) -> Result<(), Fault> {
        let mut values = values.iter();
        values.try_for_each(|value| self.run.spend_for_argument(value))
    }

    fn check_count(
        &self,
        function: &Function,
        name: &str,
        arguments: &Arguments<'_>,
    ) -> Result<(), Error> {
        let (wanted, count) = (function.params.len(), arguments.count());
        if function.rest.is_some() && count < wanted {
            let got = arguments.operands.len();
            return Err(self.fail(format_args!(
                "wrong number of args for {name}: want at least {wanted} got {got}"
            )));
        }
        if function.rest.is_none() && count != wanted {
            return Err(self.fail(format_args!(
                "wrong number of args for {name}: want {wanted} got {count}"
            )));
        }
        Ok(())
    }

    /// The values of the arguments, checked against the parameters. What was piped comes last.
    pub(super) fn arguments(
        &mut self,
        function: &Function,
        name: &str,
        dot: &Value,
        arguments: Arguments<'t>,
    ) -> Result<Vec<Value>, Error> {
        self.check_count(function, name, &arguments)?;
        let kind_of = |index: usize| {
            function
                .params
                .get(index)
                .copied()
                .or(function.rest)
                .unwrap_or(Kind::Any)
        };
        let mut values = Vec::with_capacity(arguments.count());
        for (index, operand) in arguments.operands.iter().enumerate() {
            values.push(self.argument(operand, kind_of(index), dot)?);
        }
        if let Some(piped) = arguments.piped {
            let kind = kind_of(values.len());
            values.push(self.checked(piped, kind)?);
        }
        Ok(values)
    }

    fn first_that_is(&mut self, truth: bool, dot: &Value, arguments: Arguments<'t>) -> Evaluated {
        let mut value = Value::Nil;
        for operand in arguments.operands {
            value = self.argument(operand, Kind::Any, dot)?;
            if value.is_true() == truth {
                return Ok(value);
            }
        }
        Ok(arguments.piped.unwrap_or(value))
    }

    /// An operand as an argument of the given type.
    pub(super) fn argument(&mut self, operand: &'t Operand, kind: Kind, dot: &Value) -> Evaluated {
        self.at = Place::Operand(operand);
        match (&operand.term, kind) {
            (Term::Nil, kind) if kind.accepts_nil() => Ok(Value::Nil),
            (Term::Nil, kind) => {
                Err(self.fail(format_args!("cannot assign nil to {}", kind.name())))
            }
            (Term::Bool(_) | Term::Text(..) | Term::Number(_), kind) if kind != Kind::Any => {
                self.literal(operand, kind)
            }
            _ => {
                let value = self.operand(operand, dot, Arguments::NONE)?;
                self.checked(value, kind)
            }
        }
    }

    /// A constant takes the parameter's type if it can.
    fn literal(&self, operand: &Operand, kind: Kind) -> Evaluated {
        let expected =
            |what: &str| Err(self.fail(format_args!("expected {what}; found {operand}")));
        match (kind, &operand.term) {
            (Kind::Text, Term::Text(_, text)) => Ok(Value::Text(Rc::clone(text))),
            (Kind::Text, _) => expected("string"),
            (Kind::Bool, Term::Bool(value)) => Ok(Value::Bool(*value)),
            (Kind::Bool, _) => expected("bool"),
            (Kind::Int, Term::Number(number)) if number.int.is_some() => {
                Ok(Value::Int(number.int.unwrap_or_default()))
            }
            (Kind::Int, _) => expected("integer"),
            (Kind::Float, Term::Number(number)) if number.float.is_some() => {
                Ok(Value::Float(number.float.unwrap_or_default()))
            }
            (Kind::Float, _) => expected("float"),
            (kind, _) => Err(self.fail(format_args!(
                "can't handle {operand} for arg of type {}",
                kind.name()
            ))),
        }
    }

    fn checked(&self, value: Value, kind: Kind) -> Evaluated {
        if kind.accepts(&value) {
            return Ok(value);
        }
        if matches!(value, Value::Nil) {
            return Err(self.fail(format_args!("invalid value; expected {}", kind.name())));
        }
        let (wanted, found) = (kind.name(), value.type_name());
        Err(self.fail(format_args!(
            "wrong type for value; expected {wanted}; got {found}"
        )))
    }
}
