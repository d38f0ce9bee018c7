//! What can go wrong, in Flux's words where Flux has some.

use api::reasons;
use cloud_identity::{FeatureGateDisabled, GitHubAppError, GitUrlError, IdentityError, ReadError};
use git_remote::CredentialsError;
use registry_client::SecretError;

use crate::target::TargetError;

/// Why a repository cannot be reached for an automation. The texts are Flux's; names are `namespace/name`. None holds a
/// value of a Secret, a token, or the user info of a URL.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The GitRepository is in another namespace, and that is forbidden.
    #[error(
        "can't access 'GitRepository/{namespace}/{name}', cross-namespace references have been blocked"
    )]
    CrossNamespace {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The GitRepository does not exist; the end of the text is the API server's.
    #[error(
        "referenced git repository does not exist: gitrepositories.source.toolkit.fluxcd.io \"{name}\" not found"
    )]
    FindSource {
        /// Its name.
        name: String,
    },
    /// Automation and GitRepository do not say what to read or where to push.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The Secret of the proxy does not exist.
    #[error("secret '{secret}' not found")]
    FindProxySecret {
        /// The Secret.
        secret: String,
    },
    /// The Secret of the proxy cannot be read.
    #[error("failed to get secret '{secret}': {source}")]
    ReadProxySecret {
        /// The Secret.
        secret: String,
        /// Why.
        source: ReadError,
    },
    /// The Secret of the proxy describes none.
    #[error("{}", source.in_secret(secret))]
    UseProxySecret {
        /// The Secret.
        secret: String,
        /// What is wrong with it.
        source: SecretError,
    },
    /// The Secret with the credentials does not exist; the end of the text is the API server's.
    #[error("failed to get auth secret '{secret}': secrets \"{name}\" not found")]
    FindSecret {
        /// The Secret.
        secret: String,
        /// Its name.
        name: String,
    },
    /// The Secret with the credentials cannot be read.
    #[error("failed to get auth secret '{secret}': {source}")]
    ReadSecret {
        /// The Secret.
        secret: String,
        /// Why.
        source: ReadError,
    },
    /// The URL of the GitRepository cannot be used.
    #[error("failed to parse URL '{url}': {problem}")]
    Url {
        /// The URL, with `***` in the place of what may be user info.
        url: String,
        /// Why not.
        problem: String,
    },
    /// The Secret does not hold what the URL asks for.
    #[error("failed to configure authentication options: {source}")]
    UseSecret {
        /// The Secret, where there is one.
        secret: Option<String>,
        /// What is wrong.
        source: CredentialsError,
    },
    /// A bearer token in the Secret, and a user in the URL. Flux finds this at the checkout.
    #[error("failed to checkout source: {0}")]
    TwoWays(CredentialsError),
    /// The certificates of the Secret cannot be used.
    #[error("failed to configure authentication options: {problem}")]
    Remote {
        /// The Secret, where there is one.
        secret: Option<String>,
        /// Why not.
        problem: String,
    },
    /// The provider `github` without the data of an app.
    #[error(
        "secretRef with github app data must be specified when provider is set to github: invalid source configuration"
    )]
    NoApp {
        /// The Secret, where there is one.
        secret: Option<String>,
    },
    /// The data of a GitHub App for another provider.
    #[error(
        "secretRef '{secret}' has github app data but provider is not set to github: invalid source configuration"
    )]
    UnexpectedApp {
        /// The Secret.
        secret: String,
    },
    /// The GitRepository wants an identity of its own, and the gate is off.
    #[error(transparent)]
    GateDisabled(FeatureGateDisabled),
    /// The data of the GitHub App cannot be used.
    #[error("failed to configure authentication options: {source}")]
    App {
        /// The Secret, where there is one.
        secret: Option<String>,
        /// What is wrong.
        source: GitHubAppError,
    },
    /// The URL is not one of the provider's servers.
    #[error("failed to configure authentication options: {0}")]
    Server(GitUrlError),
    /// A cloud, or GitHub, gives no credentials.
    #[error("failed to configure authentication options: {0}")]
    Identity(IdentityError),
}

/// What Flux puts before the text of most of these errors.
const PREFIX: &str = "failed configuring source manager: ";

impl AccessError {
    pub(crate) fn of_remote(error: git_remote::Error, secret: Option<String>) -> Self {
        match error {
            git_remote::Error::Credentials {
                source: source @ CredentialsError::BasicAndBearer,
                ..
            } => Self::TwoWays(source),
            git_remote::Error::Credentials { source, .. } => Self::UseSecret { secret, source },
            other => Self::Remote {
                secret,
                problem: other.to_string(),
            },
        }
    }

    /// The reason of the condition that the error stands for.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::CrossNamespace { .. } => reasons::ACCESS_DENIED,
            Self::GateDisabled(_) => reasons::FEATURE_GATE_DISABLED,
            Self::Target(TargetError::NoGit) | Self::NoApp { .. } | Self::UnexpectedApp { .. } => {
                reasons::INVALID_SOURCE_CONFIGURATION
            }
            Self::TwoWays(_) => reasons::GIT_OPERATION_FAILED,
            _ => reasons::SOURCE_MANAGER_FAILED,
        }
    }

    /// Whether only a change of the objects helps: the automation is Stalled with [`reason()`](Self::reason). Else it is not
    /// Ready, with that reason, and another try later may succeed.
    pub fn is_stalled(&self) -> bool {
        !matches!(
            self.reason(),
            reasons::SOURCE_MANAGER_FAILED | reasons::GIT_OPERATION_FAILED
        )
    }

    /// The message of the condition: the text, after `failed configuring source manager: ` where the reason is
    /// `SourceManagerFailed`.
    pub fn message(&self) -> String {
        match self.reason() {
            reasons::SOURCE_MANAGER_FAILED => format!("{PREFIX}{self}"),
            _ => self.to_string(),
        }
    }
}
