//! What a Receiver of type `generic-oidc` demands of the claims of a token.

use serde_json::Value as Json;

use super::value::{Map, Value};
use super::{CompileError, EvaluationError, Expression, Filter, Variables};

/// The compiled variables and validations of one OIDC provider.
#[derive(Debug, Clone)]
pub struct ClaimRules {
    variables: Vec<(String, Expression)>,
    validations: Vec<(String, Filter)>,
}

/// Which expression of an OIDC provider cannot be used. It follows upstream's
/// `oidcProviders[0] (issuerURL="…"): `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClaimRule {
    /// That of a variable, which is named as in the Receiver.
    #[error("invalid expression for variable {name:?}: {reason}")]
    Variable {
        /// The name.
        name: String,
        /// Why.
        reason: CompileError,
    },
    /// That of a validation, which is known by its message.
    #[error("invalid expression for validation {message:?}: {reason}")]
    Validation {
        /// The message.
        message: String,
        /// Why.
        reason: CompileError,
    },
}

/// Why the claims of a token are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedClaims {
    /// A variable has no value.
    #[error("failed to evaluate variable {name:?}: {reason}")]
    Variable {
        /// Its name.
        name: String,
        /// Why.
        reason: EvaluationError,
    },
    /// Whether a validation holds cannot be said.
    #[error("failed to evaluate validation: {reason}")]
    Validation {
        /// Why.
        reason: EvaluationError,
    },
    /// Validations do not hold.
    #[error("token validation failed: {}", messages.join("; "))]
    Invalid {
        /// Their messages, in the order of the Receiver.
        messages: Vec<String>,
    },
}

impl ClaimRules {
    /// Compiles the variables, as names and expressions, and the validations, as messages and expressions.
    /// Each sees the `claims` and, in `vars`, the variables before it.
    pub fn compile<'s>(
        variables: impl IntoIterator<Item = (&'s str, &'s str)>,
        validations: impl IntoIterator<Item = (&'s str, &'s str)>,
    ) -> Result<Self, InvalidClaimRule> {
        let variable = |(name, source): (&str, &str)| {
            let compiled = Expression::compile(source, Variables::PROVIDER);
            let name = name.to_owned();
            match compiled {
                Ok(compiled) => Ok((name, compiled)),
                Err(reason) => Err(InvalidClaimRule::Variable { name, reason }),
            }
        };
        let validation = |(message, source): (&str, &str)| {
            let compiled = Filter::compile(source, Variables::PROVIDER);
            let message = message.to_owned();
            match compiled {
                Ok(compiled) => Ok((message, compiled)),
                Err(reason) => Err(InvalidClaimRule::Validation { message, reason }),
            }
        };
        Ok(Self {
            variables: variables
                .into_iter()
                .map(variable)
                .collect::<Result<_, _>>()?,
            validations: validations
                .into_iter()
                .map(validation)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether the claims are what the validations demand. The variables are evaluated first; the first
    /// expression that fails ends it, the messages of the validations that do not hold are all told.
    pub fn check(&self, claims: &Json) -> Result<(), RefusedClaims> {
        let claims = super::variable(claims);
        let mut variables: Vec<(Value<'_>, Value<'_>)> = Vec::with_capacity(self.variables.len());
        for (name, expression) in &self.variables {
            let value = expression.evaluate(&bound(&claims, &variables));
            let value = value.map_err(|fault| RefusedClaims::Variable {
                name: name.clone(),
                reason: expression.failure(fault),
            })?;
            variables.retain(
                |(known, _)| !matches!(known, Value::String(known) if known.as_str() == name),
            );
            variables.push((Value::given(name), value));
        }
        let bound = bound(&claims, &variables);
        let mut messages = Vec::new();
        for (message, filter) in &self.validations {
            let holds = filter.matches_values(&bound);
            if !holds.map_err(|reason| RefusedClaims::Validation { reason })? {
                messages.push(message.clone());
            }
        }
        if messages.is_empty() {
            Ok(())
        } else {
            Err(RefusedClaims::Invalid { messages })
        }
    }
}

fn bound<'a>(
    claims: &Value<'a>,
    variables: &[(Value<'a>, Value<'a>)],
) -> [(&'static str, Value<'a>); 2] {
    let variables = Value::Map(Map::Made(variables.into()));
    [("claims", claims.clone()), ("vars", variables)]
}
