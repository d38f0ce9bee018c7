//! Constant formats, tried on the types of their arguments.

use super::Checker;
use super::static_type::Type;
use crate::filter::evaluate;
use crate::filter::problem::Problem;
use crate::filter::syntax::{Call, Kind, Literal};
use crate::filter::value::Value;

/// What every clause takes.
const ANY: Value<'_> = Value::Int(1);

/// With more arguments than this a format is only tried during the evaluation.
const MAX_ARGUMENTS: usize = 30;

impl Checker {
    /// `'…'.format([…])`: each clause must take its argument, and none may be left over.
    pub(super) fn format(&mut self, at: usize, call: &Call, elements: &[Type]) {
        let Some(Kind::Literal(Literal::String(format))) =
            call.target.as_ref().map(|target| &target.kind)
        else {
            return;
        };
        let [argument] = call.arguments.as_slice() else {
            return;
        };
        let Kind::List(arguments) = &argument.kind else {
            return;
        };
        if elements.len() > MAX_ARGUMENTS {
            return;
        }
        for (index, element) in elements.iter().enumerate() {
            let mut samples = vec![ANY; elements.len()];
            samples[index] = sample(&self.types.close(element));
            if let (Err(problem), Ok(())) = (
                evaluate::try_format(format, samples),
                evaluate::try_format(format, vec![ANY; elements.len()]),
            ) {
                return self
                    .late
                    .push(Problem::new(arguments[index].value.at, problem));
            }
        }
        if let Err(problem) = evaluate::try_format(format, vec![ANY; elements.len()]) {
            return self.late.push(Problem::new(at, problem));
        }
        let taken = (0..elements.len())
            .find(|count| evaluate::try_format(format, vec![ANY; *count]).is_ok());
        if let Some(taken) = taken {
            let found = elements.len();
            let text = format!(
                "too many arguments supplied to string.format (expected {taken}, got {found})"
            );
            self.late.push(Problem::new(at, text));
        }
    }
}

/// A value of a type; of one that is not known, a value that fits everywhere.
fn sample(known: &Type) -> Value<'static> {
    match known {
        Type::Error | Type::Dyn | Type::Param(_) | Type::Int => ANY,
        Type::Null => Value::Null,
        Type::Bool => Value::Bool(true),
        Type::Uint => Value::Uint(1),
        Type::Double => Value::Double(1.0),
        Type::String => Value::given(""),
        Type::Bytes => Value::Bytes([].into()),
        Type::Timestamp => Value::Timestamp(chrono::DateTime::UNIX_EPOCH.fixed_offset()),
        Type::Duration => Value::Duration(chrono::TimeDelta::zero()),
        Type::Type(_) => Value::Type("type"),
        Type::List(_) => Value::list(Vec::new()),
        Type::Map(..) => Value::empty_map(),
        Type::Optional(_) => Value::Optional(None),
    }
}
