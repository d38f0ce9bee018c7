//! OpenID Connect providers of a Receiver: whose tokens are taken, and what they must say.

use std::collections::HashSet;

use api::notification::v1::{OidcProvider, OidcValidation, OidcVariable};
use api::reasons;
use hook_payload::filter::{ClaimRules, InvalidClaimRule, RefusedClaims};
use serde_json::Value;

/// One of `spec.oidcProviders`, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    issuer: String,
    audience: String,
    rules: ClaimRules,
}

/// Why a provider cannot be used; follows its index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidProvider {
    /// Something is missing that the schema asks for.
    #[error("{0}")]
    Fields(String),
    /// An expression cannot be compiled.
    #[error(" (issuerURL={issuer:?}): {source}")]
    Rule {
        /// `issuerURL`.
        issuer: String,
        /// Which one, and why.
        source: InvalidClaimRule,
    },
}

impl InvalidProvider {
    /// The reason of Ready and Stalled.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Fields(_) => reasons::VALIDATION_FAILED,
            Self::Rule { .. } => reasons::INVALID_CEL_EXPRESSION,
        }
    }
}

/// Checks and compiles all providers; an error names the one that it is about.
pub(super) fn compile(
    providers: &[OidcProvider],
) -> Result<Vec<Provider>, (usize, InvalidProvider)> {
    let mut seen = HashSet::new();
    for (index, provider) in providers.iter().enumerate() {
        let is_new = seen.insert(&provider.issuer_url);
        check(provider, is_new).map_err(|problem| (index, InvalidProvider::Fields(problem)))?;
    }
    let providers = providers.iter().enumerate();
    providers
        .map(|(index, provider)| Provider::compile(provider).map_err(|error| (index, error)))
        .collect()
}

/// What the schema asks for, in case that the API server has another one.
fn check(provider: &OidcProvider, is_new: bool) -> Result<(), String> {
    let issuer = &provider.issuer_url;
    if issuer.is_empty() {
        return Err(": issuerURL is required".to_owned());
    }
    if !issuer.starts_with("http://") && !issuer.starts_with("https://") {
        return Err(format!(
            ": issuerURL {issuer:?} must start with http:// or https://"
        ));
    }
    if !is_new {
        return Err(format!(": duplicate issuerURL {issuer:?}"));
    }
    members(provider).map_err(|problem| format!(" (issuerURL={issuer:?}): {problem}"))
}

fn members(provider: &OidcProvider) -> Result<(), String> {
    if provider.validations.is_empty() {
        let problem = "at least one validation is required; without validations any caller able to obtain a token from \
                       this issuer can trigger the Receiver";
        return Err(problem.to_owned());
    }
    for (index, OidcVariable { name, expression }) in provider.variables.iter().enumerate() {
        if name.is_empty() {
            return Err(format!("variables[{index}]: name is required"));
        }
        if expression.is_empty() {
            return Err(format!(
                "variables[{index}] (name={name:?}): expression is required"
            ));
        }
    }
    let validations = provider.validations.iter().enumerate();
    for (
        index,
        OidcValidation {
            expression,
            message,
        },
    ) in validations
    {
        for (field, text) in [("expression", expression), ("message", message)] {
            if text.is_empty() {
                return Err(format!("validations[{index}]: {field} is required"));
            }
        }
    }
    Ok(())
}

impl Provider {
    fn compile(provider: &OidcProvider) -> Result<Self, InvalidProvider> {
        let variables = provider.variables.iter();
        let variables = variables.map(|one| (one.name.as_str(), one.expression.as_str()));
        let validations = provider.validations.iter();
        let validations = validations.map(|one| (one.message.as_str(), one.expression.as_str()));
        let issuer = provider.issuer_url.clone();
        match ClaimRules::compile(variables, validations) {
            Ok(rules) => Ok(Self {
                issuer,
                audience: provider.audience.clone(),
                rules,
            }),
            Err(source) => Err(InvalidProvider::Rule { issuer, source }),
        }
    }

    /// The `issuerURL`.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom tokens have to be for.
    pub(crate) fn audience(&self) -> &str {
        &self.audience
    }

    /// Whether the claims of a token that was verified are those that the Receiver asks for.
    pub(crate) fn admits(&self, claims: &Value) -> Result<(), RefusedClaims> {
        self.rules.check(claims)
    }
}
