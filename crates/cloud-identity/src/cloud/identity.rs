//! Who a ServiceAccount is in a cloud: its annotations.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use k8s_openapi::api::core::v1::ServiceAccount;
use regex::Regex;

use super::Cloud;

const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";
const TENANT_ID: &str = "azure.workload.identity/tenant-id";
const CLIENT_ID: &str = "azure.workload.identity/client-id";
const GCP_ACCOUNT: &str = "iam.gke.io/gcp-service-account";
const GCP_PROVIDER: &str = "gcp.auth.fluxcd.io/workload-identity-provider";

const ROLE_ARN_PATTERN: &str = r"^arn:aws[\w-]*:iam::[0-9]{1,30}:role/.{1,200}$";
const GCP_ACCOUNT_PATTERN: &str =
    r"^[a-zA-Z0-9-]{1,100}@[a-zA-Z0-9-]{1,100}\.iam\.gserviceaccount\.com$";
const GCP_PROVIDER_PATTERN: &str =
    r"^projects/\d{1,30}/locations/global/workloadIdentityPools/[^/]{1,100}/providers/[^/]{1,100}$";
/// Tenants and clients of Azure become part of a URL.
const AZURE_ID_PATTERN: &str = r"^[a-zA-Z0-9.-]{1,200}$";

static ROLE_ARN_RULE: LazyLock<Regex> = LazyLock::new(|| rule(ROLE_ARN_PATTERN));
static GCP_ACCOUNT_RULE: LazyLock<Regex> = LazyLock::new(|| rule(GCP_ACCOUNT_PATTERN));
static GCP_PROVIDER_RULE: LazyLock<Regex> = LazyLock::new(|| rule(GCP_PROVIDER_PATTERN));
static AZURE_ID_RULE: LazyLock<Regex> = LazyLock::new(|| rule(AZURE_ID_PATTERN));

fn rule(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns above are valid")
}

/// Who a ServiceAccount is in its cloud.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A role of AWS.
    Aws {
        /// Its ARN.
        role: String,
    },
    /// A client of Azure.
    Azure {
        /// Its tenant.
        tenant: String,
        /// Its id.
        client: String,
    },
    /// An identity of Google Cloud.
    Gcp {
        /// The service account of Google Cloud to act as; without one, the identity itself has the rights.
        email: Option<String>,
        /// `projects/…/providers/…`; without one, that of the GKE cluster.
        provider: Option<String>,
    },
}

/// Why the annotations of a ServiceAccount name no identity. The texts are Flux's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnnotationError {
    /// The role of AWS is missing or none.
    #[error("invalid AWS role ARN: '{value}'. must match {ROLE_ARN_PATTERN}")]
    RoleArn {
        /// The value.
        value: String,
    },
    /// A required annotation of Azure is missing.
    #[error("azure {what} is not set in the service account annotation {annotation}")]
    Missing {
        /// `tenant ID` or `client ID`.
        what: &'static str,
        /// The annotation.
        annotation: &'static str,
    },
    /// An annotation that does not have the right form.
    #[error("invalid {annotation} annotation: '{value}'. must match {pattern}")]
    Invalid {
        /// The annotation.
        annotation: &'static str,
        /// Its value.
        value: String,
        /// The form.
        pattern: &'static str,
    },
}

impl Identity {
    /// Of a ServiceAccount's annotations.
    pub(crate) fn of(cloud: Cloud, account: &ServiceAccount) -> Result<Self, AnnotationError> {
        let none = BTreeMap::new();
        let annotations = account.metadata.annotations.as_ref().unwrap_or(&none);
        let value = |name: &str| annotations.get(name).map_or("", String::as_str);
        match cloud {
            Cloud::Aws => aws(value(ROLE_ARN)),
            Cloud::Azure => azure(value(TENANT_ID), value(CLIENT_ID)),
            Cloud::Gcp => gcp(value(GCP_ACCOUNT), value(GCP_PROVIDER)),
        }
    }
}

fn aws(role: &str) -> Result<Identity, AnnotationError> {
    if !ROLE_ARN_RULE.is_match(role) {
        return Err(AnnotationError::RoleArn {
            value: role.to_owned(),
        });
    }
    Ok(Identity::Aws {
        role: role.to_owned(),
    })
}

fn azure(tenant: &str, client: &str) -> Result<Identity, AnnotationError> {
    let checked = |what, annotation, value: &str| {
        if value.is_empty() {
            return Err(AnnotationError::Missing { what, annotation });
        }
        if AZURE_ID_RULE.is_match(value) {
            return Ok(value.to_owned());
        }
        Err(AnnotationError::Invalid {
            annotation,
            value: value.to_owned(),
            pattern: AZURE_ID_PATTERN,
        })
    };
    Ok(Identity::Azure {
        tenant: checked("tenant ID", TENANT_ID, tenant)?,
        client: checked("client ID", CLIENT_ID, client)?,
    })
}

fn gcp(email: &str, provider: &str) -> Result<Identity, AnnotationError> {
    let checked = |annotation, value: &str, rule: &Regex, pattern| match value {
        "" => Ok(None),
        value if rule.is_match(value) => Ok(Some(value.to_owned())),
        value => Err(AnnotationError::Invalid {
            annotation,
            value: value.to_owned(),
            pattern,
        }),
    };
    Ok(Identity::Gcp {
        provider: checked(
            GCP_PROVIDER,
            provider,
            &GCP_PROVIDER_RULE,
            GCP_PROVIDER_PATTERN,
        )?,
        email: checked(GCP_ACCOUNT, email, &GCP_ACCOUNT_RULE, GCP_ACCOUNT_PATTERN)?,
    })
}

#[cfg(test)]
mod tests;
