//! What the spec of a Receiver says beyond its form: filters, OIDC providers, and fields that go together.
//!
//! The schema says some of it, too; here it is said of every object, as Flux does, whatever schema the API server has.

mod provider;

use api::notification::v1::{ReceiverSpec, ReceiverType, ResourceKind, ResourceReference};
use api::reasons;
use hook_payload::filter::{CompileError, Filter, Variables};

pub(crate) use self::provider::{InvalidProvider, Provider};

/// The expressions of a Receiver, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Expressions {
    resource_filter: Option<Filter>,
    /// One for each of `spec.resources`.
    filters: Vec<Option<Filter>>,
    providers: Vec<Provider>,
}

/// Why nothing helps a Receiver but another spec; the words are Flux's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Invalid {
    /// `spec.resourceFilter` cannot be compiled.
    #[error("invalid resourceFilter expression: {0}")]
    ResourceFilter(#[source] CompileError),
    /// The filter of one of `spec.resources` cannot be compiled.
    #[error(
        "invalid filter expression for resources[{index}] (kind={kind:?}, name={name:?}): {source}"
    )]
    Filter {
        /// Which one, from zero.
        index: usize,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
        /// What is wrong.
        source: CompileError,
    },
    /// Fields contradict each other.
    #[error("{0}")]
    Fields(&'static str),
    /// One of `spec.oidcProviders` cannot be used.
    #[error("oidcProviders[{index}]{source}")]
    Provider {
        /// Which one, from zero.
        index: usize,
        /// What is wrong.
        source: InvalidProvider,
    },
}

impl Invalid {
    /// The reason of Ready and Stalled.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::ResourceFilter(_) | Self::Filter { .. } => reasons::INVALID_CEL_EXPRESSION,
            Self::Fields(_) => reasons::VALIDATION_FAILED,
            Self::Provider { source, .. } => source.reason(),
        }
    }
}

impl Expressions {
    /// Checks a spec and compiles what it says. The first thing that is wrong counts, in Flux's order: filters, fields,
    /// providers, and the expressions of providers.
    pub(crate) fn compile(spec: &ReceiverSpec) -> Result<Self, Invalid> {
        let variables = if spec.receiver_type == ReceiverType::GenericOidc {
            Variables::OIDC_HOOK
        } else {
            Variables::HOOK
        };
        let resource_filter = spec.resource_filter.as_deref();
        let resource_filter = resource_filter
            .map(|source| Filter::compile(source, variables))
            .transpose()
            .map_err(Invalid::ResourceFilter)?;
        let resources = spec.resources.iter().enumerate();
        let filters = resources
            .map(|(index, resource)| filter(index, resource, variables))
            .collect::<Result<_, _>>()?;
        fields(spec)?;
        let providers = provider::compile(&spec.oidc_providers)
            .map_err(|(index, source)| Invalid::Provider { index, source })?;
        Ok(Self {
            resource_filter,
            filters,
            providers,
        })
    }

    /// `spec.resourceFilter`: which objects a hook is about, of all resources.
    pub(crate) fn resource_filter(&self) -> Option<&Filter> {
        self.resource_filter.as_ref()
    }

    /// `spec.resources[index].filter`: which objects a hook is about, of this resource.
    pub(crate) fn filter(&self, index: usize) -> Option<&Filter> {
        self.filters.get(index)?.as_ref()
    }

    /// Whether anything is filtered, so that the body of a hook is read.
    pub(crate) fn has_filters(&self) -> bool {
        self.resource_filter.is_some() || self.filters.iter().any(Option::is_some)
    }

    /// The provider whose `issuerURL` is this, byte for byte.
    pub(crate) fn provider(&self, issuer: &str) -> Option<&Provider> {
        self.providers
            .iter()
            .find(|provider| provider.issuer() == issuer)
    }
}

fn filter(
    index: usize,
    resource: &ResourceReference,
    variables: Variables,
) -> Result<Option<Filter>, Invalid> {
    let Some(source) = resource.filter.as_deref() else {
        return Ok(None);
    };
    let compiled = Filter::compile(source, variables);
    compiled.map(Some).map_err(|source| Invalid::Filter {
        index,
        kind: kind_name(resource.kind),
        name: resource.name.clone(),
        source,
    })
}

/// A kind as manifests write it.
fn kind_name(kind: ResourceKind) -> String {
    let name = serde_json::to_value(kind).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str);
    name.unwrap_or_default().to_owned()
}

/// The rules of the schema about fields that go together.
fn fields(spec: &ReceiverSpec) -> Result<(), Invalid> {
    let oidc = spec.receiver_type == ReceiverType::GenericOidc;
    let problem = match (oidc, spec.oidc_providers.is_empty(), &spec.secret_ref) {
        (true, true, _) => "generic-oidc receiver requires at least one oidcProvider",
        (false, false, _) => "oidcProviders can only be set when type is generic-oidc",
        (true, false, Some(_)) => "secretRef cannot be set when type is generic-oidc",
        (false, true, None) => "secretRef is required when type is not generic-oidc",
        (true, false, None) | (false, true, Some(_)) => return Ok(()),
    };
    Err(Invalid::Fields(problem))
}

#[cfg(test)]
mod tests;
