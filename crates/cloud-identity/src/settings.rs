//! What a process decides about identities.

use std::time::Duration;

use crate::environment::Environment;
use crate::gate::OBJECT_LEVEL_WORKLOAD_IDENTITY;

/// The longest that credentials of a cloud are kept, whatever the settings say (Flux).
const LONGEST_KEPT: Duration = Duration::from_secs(60 * 60);

/// How cloud identities are used, with Flux's flags behind it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--default-service-account`: whose identity an object with a cloud provider has that names no ServiceAccount.
    /// It never counts for pull secrets. Needs `object_level_identity`.
    pub default_service_account: Option<String>,
    /// The feature gate `ObjectLevelWorkloadIdentity`.
    pub object_level_identity: bool,
    /// `--token-cache-max-size`: how many credentials are kept; 0 keeps none. The default is 100.
    pub token_cache_max_size: usize,
    /// `--token-cache-max-duration`: how long they are kept at most. The default is one hour, and more counts as that.
    pub token_cache_max_duration: Duration,
    /// Who the process itself is, and where the services of the clouds are. The default is the environment of the
    /// process. Endpoints come from here and never from an object:
    /// `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL_ECR`, `AWS_ENDPOINT_URL_ECR_PUBLIC`,
    /// `AWS_EC2_METADATA_SERVICE_ENDPOINT`, `AZURE_AUTHORITY_HOST`, `AZURE_POD_IDENTITY_AUTHORITY_HOST`,
    /// `GCE_METADATA_HOST`, `CLOUDSDK_API_ENDPOINT_OVERRIDES_STS`, `CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS`.
    pub environment: Environment,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_service_account: None,
            object_level_identity: false,
            token_cache_max_size: 100,
            token_cache_max_duration: LONGEST_KEPT,
            environment: Environment::of_process(),
        }
    }
}

/// Settings that contradict each other. The text is Flux's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A default ServiceAccount without the feature gate.
    #[error(
        "cannot set default service accounts when the feature gate {OBJECT_LEVEL_WORKLOAD_IDENTITY} is not enabled"
    )]
    DefaultServiceAccount,
}

impl Settings {
    /// The settings that flags give; the rest comes from the environment of the process.
    pub fn new(
        default_service_account: Option<&str>,
        object_level_identity: bool,
        (token_cache_max_size, token_cache_max_duration): (u32, Duration),
    ) -> Self {
        Self {
            default_service_account: default_service_account.map(str::to_owned),
            object_level_identity,
            token_cache_max_size: usize::try_from(token_cache_max_size).unwrap_or(usize::MAX),
            token_cache_max_duration,
            ..Self::default()
        }
    }

    /// Fails on a default ServiceAccount without the feature gate.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.default_service_account().is_some() && !self.object_level_identity {
            return Err(SettingsError::DefaultServiceAccount);
        }
        Ok(())
    }

    /// The default ServiceAccount; the flag's default is the empty text.
    pub fn default_service_account(&self) -> Option<&str> {
        self.default_service_account
            .as_deref()
            .filter(|name| !name.is_empty())
    }

    /// How long credentials are kept at most.
    pub(crate) fn longest_kept(&self) -> Duration {
        self.token_cache_max_duration.min(LONGEST_KEPT)
    }
}
