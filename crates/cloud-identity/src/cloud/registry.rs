//! Which registries belong to which cloud.

use std::sync::LazyLock;

use image_ref::ImageName;
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

/// Regions of Amazon. One becomes part of the names of Amazon's own services: hosts of its customers' buckets look like
/// registries in the region `s3`.
const REGION: &str = r"^[a-z]+(-[a-z]+)+-[0-9]+$";

static ECR_HOST: LazyLock<Regex> = LazyLock::new(|| pattern(ECR));
static REGION_NAME: LazyLock<Regex> = LazyLock::new(|| pattern(REGION));
static ACR_HOST: LazyLock<Regex> = LazyLock::new(|| pattern(ACR));
static GAR_HOST: LazyLock<Regex> = LazyLock::new(|| pattern(GAR));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns above are valid")
}

/// A registry of a cloud, as far as its credentials depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Registry {
    /// A private one of Amazon, by its region, such as `us-east-1`.
    Ecr {
        /// Its region.
        region: String,
    },
    /// The public one of Amazon.
    EcrPublic,
    /// One of Azure, by its host.
    Acr {
        /// Its host.
        host: String,
    },
    /// Any of Google's.
    Gar,
}

impl Registry {
    /// The registry of an image. A host that is more than a name, or that might be spoken to in plain HTTP, belongs to
    /// no cloud.
    pub(crate) fn of(
        cloud: Cloud,
        image: &ImageName,
        azure: &Environment,
    ) -> Result<Self, IdentityError> {
        let host = image.registry();
        let (name, pattern, found) = match cloud {
            Cloud::Aws => ("AWS", ECR, ecr(host)),
            Cloud::Azure => ("Azure", ACR, acr(host, azure)),
            Cloud::Gcp => ("GCP", GAR, gar(host)),
        };
        let found = found.filter(|_| is_plain_name(host) && !image.speaks_http_by_default());
        found.ok_or_else(|| IdentityError::ForeignRegistry {
            cloud: name,
            host: host.to_owned(),
            pattern,
        })
    }

    /// The region of a registry of Amazon.
    pub(crate) fn region(&self) -> Option<&str> {
        match self {
            Self::Ecr { region } => Some(region),
            Self::EcrPublic => Some(PUBLIC_ECR_REGION),
            Self::Acr { .. } | Self::Gar => None,
        }
    }
}

/// Whether this is the name of a region of Amazon.
pub(super) fn is_region(name: &str) -> bool {
    REGION_NAME.is_match(name)
}

fn ecr(host: &str) -> Option<Registry> {
    if host == PUBLIC_ECR {
        return Some(Registry::EcrPublic);
    }
    let region = &ECR_HOST.captures(host)?[2];
    is_region(region).then(|| Registry::Ecr {
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

fn is_plain_name(host: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    host.bytes().all(fits)
}

fn gar(host: &str) -> Option<Registry> {
    GAR_HOST.is_match(host).then_some(Registry::Gar)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(cloud: Cloud, host: &str) -> Result<Registry, String> {
        let image = ImageName::parse(&format!("{host}/app")).map_err(|error| error.to_string())?;
        let registry = Registry::of(cloud, &image, &Environment::default());
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
                "012345678901.dkr.ecr.us-isof-south-1.csp.hci.ic.gov",
                "us-isof-south-1",
            ),
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
            "012345678901.dkr.ecr.us-east-1;x.amazonaws.com",
            "012345678901.dkr.ecr..amazonaws.com",
            // Buckets of anybody, and beside them one that is called `sts`.
            "012345678901.dkr.ecr.s3.amazonaws.com",
            "012345678901.dkr.ecr.s3-us-west-2.amazonaws.com",
            "012345678901.dkr.ecr.compute-1.amazonaws.com",
            // It would be spoken to in plain HTTP.
            "127.0.0.1.dkr.ecr.us-east-1.amazonaws.com",
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
            "a.azurecr.io:8443",
            "evil.com;.azurecr.io",
            "evil\u{ff0f}.azurecr.io",
            "127.0.0.1.azurecr.io",
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
        for host in [
            "evilgcr.io",
            "gcr.io.evil.com",
            "docker.pkg.dev",
            "gcr.io:8443",
            "127.0.0.1.gcr.io",
            "127.0.0.1-docker.pkg.dev",
        ] {
            let text = format!("invalid GCP registry: '{host}'. must match {GAR}");
            assert_eq!(parse(Cloud::Gcp, host), Err(text));
        }
    }
}
