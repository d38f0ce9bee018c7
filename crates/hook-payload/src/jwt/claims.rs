//! What a token says.

use serde_json::{Map, Value};

use super::JwtError;

/// The claims of a token.
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// A claim that is a text; empty where it is missing.
    pub(crate) fn text(&self, claim: &'static str) -> Result<&str, JwtError> {
        match self.0.get(claim) {
            None | Some(Value::Null) => Ok(""),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(JwtError::Claim {
                claim,
                expected: "a text",
            }),
        }
    }

    /// A claim that is a time, in seconds since 1970.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "fractions of a second do not count, and what is out of range becomes the nearest time"
    )]
    pub(super) fn seconds(&self, claim: &'static str) -> Result<Option<i64>, JwtError> {
        match self.0.get(claim) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => {
                let fraction = || number.as_f64().unwrap_or_default() as i64;
                Ok(Some(number.as_i64().unwrap_or_else(fraction)))
            }
            Some(_) => Err(JwtError::Claim {
                claim,
                expected: "a number",
            }),
        }
    }

    /// Whether the token is for this audience: `aud` is one text or a list of them.
    pub(super) fn is_for(&self, audience: &str) -> bool {
        match self.0.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(audience)),
            _ => false,
        }
    }

    /// Whether a claim is there and true.
    pub(crate) fn is_true(&self, claim: &str) -> bool {
        self.0.get(claim) == Some(&Value::Bool(true))
    }

    /// All of them.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}
