//! Private clouds of Azure, described by a file.

use serde::Deserialize;

use crate::cloud::file;
use crate::cloud::problem::Problem;
use crate::environment::Environment as Variables;

/// The variable that names the file.
const VARIABLE: &str = "AZURE_ENVIRONMENT_FILEPATH";

/// What a token for the registries of the public clouds is for.
const SCOPE: &str = "https://containerregistry.azure.net/.default";

/// What the file says, as far as registries go; the keys are those of Azure's own tools.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Environment {
    #[serde(default, rename = "containerRegistryDNSSuffix")]
    registry_suffix: Option<String>,
    #[serde(default, rename = "resourceManagerEndpoint")]
    resource_manager: Option<String>,
    #[serde(default, rename = "tokenAudience")]
    token_audience: Option<String>,
    #[serde(skip)]
    is_private: bool,
}

impl Environment {
    /// Without the variable, Azure's public clouds.
    pub(crate) fn load(variables: &Variables) -> Result<Self, Problem> {
        let Some(path) = variables.get(VARIABLE) else {
            return Ok(Self::default());
        };
        let bytes = file::read(path).map_err(|error| wrong(error.to_string()))?;
        let environment: Self =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            is_private: true,
            ..environment
        })
    }

    /// How hosts of registries end in a private cloud.
    pub(crate) fn registry_suffix(&self) -> Option<&str> {
        self.registry_suffix
            .as_deref()
            .filter(|suffix| !suffix.trim_start_matches('.').is_empty())
    }

    /// What a token for a registry is for: in a private cloud its resource manager (Flux), and it has to name that one's
    /// audience, too.
    pub(super) fn scope(&self) -> Result<String, Problem> {
        if !self.is_private {
            return Ok(SCOPE.to_owned());
        }
        match (&self.resource_manager, &self.token_audience) {
            (Some(resource_manager), Some(audience))
                if !resource_manager.is_empty() && !audience.is_empty() =>
            {
                Ok(format!("{resource_manager}/.default"))
            }
            _ => Err(wrong(
                "resourceManagerEndpoint and tokenAudience must be set in the environment file"
                    .to_owned(),
            )),
        }
    }
}

fn wrong(detail: String) -> Problem {
    Problem::Variable {
        variable: VARIABLE.to_owned(),
        detail,
    }
}
