//! Which registries belong to which cloud.

use std::sync::LazyLock;

use regex::Regex;

use super::Cloud;
use super::azure::Environment;
use crate::error::IdentityError;

/// Hosts of private ECR registries: Flux's pattern, but for the whole host and without its loose ends, so that no
/// host of somebody else gets their credentials.
const ECR: &str = r"^([0-9+]*).dkr[.-]ecr(?:-fips)?\.([^/.]*)\.(amazonaws\.com(?:\.cn)?|amazonaws\.eu|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov|on\.aws)$";

/// The host of public ECR.
const PUBLIC_ECR: &str = "public.ecr.aws";

/// Where the tokens of public ECR come from.
const PUBLIC_ECR_REGION: &str = "us-east-1";

/// Hosts of Azure Container Registry.
const ACR: &str = r"^.+\.(azurecr\.io|azurecr\.cn|azurecr\.de|azurecr\.us)$";

/// Hosts of Artifact Registry and Container Registry.
const GAR: &str = r"^(((.+\.)?gcr\.io)|(.+-docker\.pkg\.dev)|(docker\.s3nsregistry\.fr))$";

static ECR_HOST: LazyLock<Regex> = LazyLock::new(|| pattern(ECR));
static ACR_HOST: LazyLock<Regex> = LazyLock::new(|| pattern(ACR));
static GAR_HOST: LazyLock<Regex> = LazyLock::new(|| pattern(GAR));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns above are valid")
}

/// A registry of a cloud, as far as its credentials depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Registry {
    /// A private one of Amazon, by its region: lower-case letters, digits and dashes.
    Ecr { region: String },
    /// The public one of Amazon.
    EcrPublic,
    /// One of Azure, by its host.
    Acr { host: String },
    /// Any of Google's.
    Gar,
}

impl Registry {
    /// The registry at `host` (with its port, if it has one).
    pub(crate) fn parse(
        cloud: Cloud,
        host: &str,
        azure: &Environment,
    ) -> Result<Self, IdentityError> {
        let foreign = |cloud, pattern| IdentityError::ForeignRegistry {
            cloud,
            host: host.to_owned(),
            pattern,
        };
        match cloud {
            Cloud::Aws => ecr(host).ok_or_else(|| foreign("AWS", ECR)),
            Cloud::Azure => acr(host, azure).ok_or_else(|| foreign("Azure", ACR)),
            Cloud::Gcp => gar(host).ok_or_else(|| foreign("GCP", GAR)),
        }
    }
}

impl Registry {
    /// The region of a registry of Amazon.
    pub(crate) fn region(&self) -> Option<&str> {
        match self {
            Self::Ecr { region } => Some(region),
            Self::EcrPublic => Some(PUBLIC_ECR_REGION),
            Self::Acr { .. } | Self::Gar => None,
        }
    }
}

fn ecr(host: &str) -> Option<Registry> {
    if host == PUBLIC_ECR {
        return Some(Registry::EcrPublic);
    }
    let region = &ECR_HOST.captures(host)?[2];
    // It becomes part of another host's name.
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_region = !region.is_empty() && region.chars().all(fits);
    is_region.then(|| Registry::Ecr {
        region: region.to_owned(),
    })
}

fn acr(host: &str, azure: &Environment) -> Option<Registry> {
    let of_private_cloud = azure.registry_suffix().is_some_and(|suffix| {
        let name = host.strip_suffix(suffix.trim_start_matches('.'));
        name.is_some_and(|name| name.len() > 1 && name.ends_with('.'))
    });
    (of_private_cloud || ACR_HOST.is_match(host)).then(|| Registry::Acr {
        host: host.to_owned(),
    })
}

fn gar(host: &str) -> Option<Registry> {
    GAR_HOST.is_match(host).then_some(Registry::Gar)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(cloud: Cloud, host: &str) -> Result<Registry, String> {
        let registry = Registry::parse(cloud, host, &Environment::default());
        registry.map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_of_amazon() {
        for (host, region) in [
            ("012345678901.dkr.ecr.us-east-1.amazonaws.com", "us-east-1"),
            (
                "012345678901.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
                "us-gov-west-1",
            ),
            (
                "012345678901.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
            ),
            ("012345678901.dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
            (
                "012345678901.dkr.ecr.eusc-de-east-1.amazonaws.eu",
                "eusc-de-east-1",
            ),
        ] {
            let region = region.to_owned();
            assert_eq!(
                parse(Cloud::Aws, host),
                Ok(Registry::Ecr { region }),
                "{host}"
            );
        }
        assert_eq!(parse(Cloud::Aws, "public.ecr.aws"), Ok(Registry::EcrPublic));
        for host in [
            "ghcr.io",
            "public.ecr.aws.evil.com",
            // A host that begins or ends like one of Amazon's is none of them.
            "012345678901.dkr.ecr.us-east-1.amazonaws.com.evil.com",
            "evil.com.012345678901.dkr.ecr.us-east-1.amazonaws.com",
            "012345678901.dkr.ecr.us-east-1.amazonaws.com.nc",
            "012345678901.dkr.ecr.us-east-1.amazonaws.com:8443",
            "012345678901.dkr.ecr.evil@x.amazonaws.com",
            "012345678901.dkr.ecr..amazonaws.com",
        ] {
            let text = format!("invalid AWS registry: '{host}'. must match {ECR}");
            assert_eq!(parse(Cloud::Aws, host), Err(text));
        }
    }

    #[test]
    fn hosts_of_azure() {
        for host in [
            "a.azurecr.io",
            "a.azurecr.cn",
            "a.azurecr.de",
            "a.azurecr.us",
        ] {
            let registry = Registry::Acr {
                host: host.to_owned(),
            };
            assert_eq!(parse(Cloud::Azure, host), Ok(registry));
        }
        for host in [
            "azurecr.io",
            ".azurecr.io",
            "a.azurecr.com",
            "a.azurecr.io.evil.com",
        ] {
            let text = format!("invalid Azure registry: '{host}'. must match {ACR}");
            assert_eq!(parse(Cloud::Azure, host), Err(text));
        }
    }

    #[test]
    fn hosts_of_google() {
        for host in [
            "gcr.io",
            "eu.gcr.io",
            "europe-docker.pkg.dev",
            "docker.s3nsregistry.fr",
        ] {
            assert_eq!(parse(Cloud::Gcp, host), Ok(Registry::Gar));
        }
        for host in ["evilgcr.io", "gcr.io.evil.com", "docker.pkg.dev"] {
            let text = format!("invalid GCP registry: '{host}'. must match {GAR}");
            assert_eq!(parse(Cloud::Gcp, host), Err(text));
        }
    }
}
