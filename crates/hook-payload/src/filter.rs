//! CEL expressions over a hook and the objects that it is about.
//!
//! The language is that of Flux' filters: CEL's standard library, optional values with `first()` and
//! `last()`, and the extensions for strings, sets and encodings; the elements of a list or map literal are
//! of one type, and numbers compare whatever their types are. An expression is refused where Flux refuses
//! it, before any hook arrives. The variables are maps from strings to anything, so the type of a field is
//! known during the evaluation only; numbers of JSON are doubles.
//!
//! What Flux takes and this does not: message literals such as `google.protobuf.Duration{seconds: 1}`,
//! constants of protobuf enumerations, and whatever exceeds the [`limits`].
//!
//! A filter is written by whoever may write a Receiver and meets data that anybody may send, so neither may
//! hang or end the process. The `cel` crate's parser takes some 70 kB of stack for each level of nesting and
//! its interpreter cannot be stopped; so the parsing, the types and the evaluation are ours, and of the crate
//! are the functions whose cost is linear: conversions, times, formats, and most on text.
//!
//! ```
//! use hook_payload::filter::{Bindings, Filter, Variables};
//!
//! let filter = Filter::compile("req.tag.startsWith('v1.')", Variables::HOOK)?;
//! let req = serde_json::json!({"tag": "v1.2"});
//! assert!(filter.matches(&Bindings::new().with("req", &req))?);
//!
//! let refused = Filter::compile("req.tag", Variables::HOOK).unwrap_err();
//! assert_eq!(refused.to_string(), "CEL expression output type mismatch: expected bool, got dyn");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod budget;
mod check;
mod claims;
mod compare;
mod error;
mod evaluate;
mod lexer;
pub mod limits;
mod literal;
mod parser;
mod problem;
mod syntax;
mod value;

pub use claims::{ClaimRules, InvalidClaimRule, RefusedClaims};
pub use error::{CompileError, EvaluationError};

use std::collections::BTreeMap;
use std::sync::Arc;

use budget::{Fault, Outcome};
use evaluate::Evaluator;
use problem::Problem;
use syntax::Expr;
use value::Value;

/// The names that an expression may use; each stands for a map from strings to anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variables(&'static [&'static str]);

impl Variables {
    /// Of a filter: the object `res` and the body `req`.
    pub const HOOK: Self = Self(&["req", "res"]);
    /// Of a filter of a `generic-oidc` Receiver: those and the `claims` of the token.
    pub const OIDC_HOOK: Self = Self(&["claims", "req", "res"]);
    /// Of an OIDC provider's variables and validations: the `claims` and, in `vars`, the variables before.
    pub const PROVIDER: Self = Self(&["claims", "vars"]);

    /// Any other names.
    pub const fn new(names: &'static [&'static str]) -> Self {
        Self(names)
    }

    fn declares(self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

/// What the variables stand for during one evaluation: JSON objects, borrowed. `null` counts as an empty one.
#[derive(Debug, Clone, Default)]
pub struct Bindings<'a>(BTreeMap<&'static str, &'a serde_json::Value>);

impl<'a> Bindings<'a> {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// These and one more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &'a serde_json::Value) -> Self {
        self.0.insert(name, value);
        self
    }
}

/// A compiled expression that is true or false.
///
/// It is a few times the size of its source and shared by its clones.
#[derive(Debug, Clone)]
pub struct Filter(Expression);

impl Filter {
    /// Parses and checks an expression, which must be known to be a bool.
    pub fn compile(source: &str, variables: Variables) -> Result<Self, CompileError> {
        let expression = Expression::compile(source, variables)?;
        match &*expression.0.output {
            "bool" => Ok(Self(expression)),
            other => Err(CompileError::OutputType {
                found: other.to_owned(),
            }),
        }
    }

    /// Whether the filter takes what the variables stand for.
    ///
    /// It takes a second or two at the very most, and usually microseconds: see [`limits`].
    pub fn matches(&self, bindings: &Bindings<'_>) -> Result<bool, EvaluationError> {
        let values: Vec<_> = bindings
            .0
            .iter()
            .map(|(name, json)| (*name, variable(json)))
            .collect();
        self.matches_values(&values)
    }

    fn matches_values(
        &self,
        values: &[(&'static str, Value<'_>)],
    ) -> Result<bool, EvaluationError> {
        match self.0.evaluate(values) {
            Ok(Value::Bool(matches)) => Ok(matches),
            Ok(_) => Err(self.0.failure(Fault::Failed("no such overload".to_owned()))),
            Err(fault) => Err(self.0.failure(fault)),
        }
    }
}

/// A compiled expression of any type.
#[derive(Debug, Clone)]
struct Expression(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    source: String,
    expr: Expr,
    /// The name of its type.
    output: String,
}

impl Expression {
    fn compile(source: &str, variables: Variables) -> Result<Self, CompileError> {
        let invalid = |problems: Vec<Problem>| CompileError::Invalid {
            source_text: problem::shown(source),
            problems: problem::display(source, problems),
        };
        let mut expr = parser::parse(source).map_err(|problem| invalid(vec![problem]))?;
        let checked = check::check(&mut expr, variables).map_err(invalid)?;
        if let Some(problem) = checked.constant_failure {
            return Err(CompileError::Constant { problem });
        }
        let output = checked.output;
        Ok(Self(Arc::new(Compiled {
            source: source.to_owned(),
            expr,
            output,
        })))
    }

    fn evaluate<'a>(&'a self, variables: &[(&'static str, Value<'a>)]) -> Outcome<Value<'a>> {
        Evaluator::new(variables.to_vec()).evaluate(&self.0.expr)
    }

    fn failure(&self, fault: Fault) -> EvaluationError {
        let source_text = problem::shown(&self.0.source);
        match fault {
            Fault::Failed(problem) => EvaluationError::Failed {
                source_text,
                problem,
            },
            Fault::Exceeded(limit) => EvaluationError::Exceeded { source_text, limit },
        }
    }
}

/// What a variable stands for: nothing is an empty map.
fn variable(json: &serde_json::Value) -> Value<'_> {
    match Value::from_json(json) {
        Value::Null => Value::empty_map(),
        value => value,
    }
}
