//! From the references of an object to the credentials behind them: its Secrets, else those of the surroundings.

mod registries;
mod repositories;

use api::image::v1::ImageUpdateAutomation;
use git_remote::Signer;
use git_writer::SigningError;
use kube::ResourceExt as _;
use registry_access::IdentityError;

use crate::environment::{self, EnvironmentError};
use crate::objects::Store;

pub(crate) use self::registries::{Reach, Registries, missing_secrets};
pub(crate) use self::repositories::{Repositories, has_secret};

/// Why the credentials of an object cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    /// The credentials of the surroundings would go through a proxy of the objects.
    #[error(
        "GitRepository '{source_name}': the credentials of the environment are not sent through the proxy of \
         spec.proxySecretRef: add the Secret of spec.secretRef to the objects, or remove the field where the \
         repository is reached without"
    )]
    GitProxy {
        /// The GitRepository, `namespace/name`.
        source_name: String,
    },
    /// What an image repository refers to is not what its use asks for.
    #[error("ImageRepository '{repository}': failed to configure authentication options")]
    Registry {
        /// The image repository, `namespace/name`.
        repository: String,
        /// What is wrong.
        source: registry_access::AccessError,
    },
    /// The provider of an image repository gives no credentials to the surroundings.
    #[error("ImageRepository '{repository}': no credentials for its registry")]
    Identity {
        /// The image repository, `namespace/name`.
        repository: String,
        /// Why.
        source: IdentityError,
    },
    /// The credentials of the surroundings would go through a proxy of the objects, where it could read them.
    #[error(
        "ImageRepository '{repository}': the credentials of the environment are not sent through the proxy of \
         spec.proxySecretRef where it could read them: add a pull secret to the objects, \
         or remove spec.insecure and the CA of spec.certSecretRef"
    )]
    ProxyReads {
        /// The image repository, `namespace/name`.
        repository: String,
    },
    /// What a GitRepository refers to is not what its use asks for.
    #[error("GitRepository '{source_name}'")]
    Git {
        /// The GitRepository, `namespace/name`.
        source_name: String,
        /// What is wrong.
        source: git_access::AccessError,
    },
    /// The Git repository cannot be used.
    #[error("GitRepository '{source_name}'")]
    Remote {
        /// The GitRepository, `namespace/name`.
        source_name: String,
        /// What is wrong with it.
        source: git_remote::Error,
    },
    /// SSH needs a key, and there is none.
    #[error(
        "GitRepository '{source_name}': no SSH key: add its Secret to the objects, \
         or set REPIN_SSH_KEY_FILE and REPIN_KNOWN_HOSTS_FILE"
    )]
    NoSshKey {
        /// The GitRepository, `namespace/name`.
        source_name: String,
    },
    /// The credentials of the surroundings would go to whoever the objects name.
    #[error(
        "GitRepository '{source_name}': its Secret is not among the objects, and the credentials of the environment \
         are not sent to several hosts ({hosts}): add the Secret, or pass the objects of one host only"
    )]
    SeveralHosts {
        /// The GitRepository, `namespace/name`.
        source_name: String,
        /// The hosts that the GitRepositories name.
        hosts: String,
    },
    /// The automation signs, but there is no key.
    #[error(
        "ImageUpdateAutomation '{automation}' signs its commits, but Secret '{secret}' is not among the objects: \
         add it, or set REPIN_SIGNING_KEY_FILE"
    )]
    NoSigningKey {
        /// The automation, `namespace/name`.
        automation: String,
        /// The Secret, `namespace/name`.
        secret: String,
    },
    /// The signing key cannot be used.
    #[error(transparent)]
    SigningKey(SigningError),
    /// The surroundings cannot be used.
    #[error(transparent)]
    Environment(EnvironmentError),
}

/// What signs the commits of an automation: the key of its Secret, else that of the surroundings.
pub(crate) fn signer(
    store: &Store,
    automation: &ImageUpdateAutomation,
) -> Result<Option<Signer>, AccessError> {
    let signing_key = automation
        .spec
        .git
        .as_ref()
        .and_then(|git| git.commit.signing_key.as_ref());
    let namespace = automation.namespace().unwrap_or_default();
    let secret = signing_key
        .and_then(|key| Some((key, store.secrets.get(&namespace, &key.secret_ref.name)?)));
    if let Some((key, secret)) = secret {
        return git_writer::signer(key, secret)
            .map(Some)
            .map_err(AccessError::SigningKey);
    }
    let signer = environment::signer().map_err(AccessError::Environment)?;
    match signing_key {
        Some(key) if signer.is_none() => Err(AccessError::NoSigningKey {
            automation: full_name(automation),
            secret: format!("{namespace}/{}", key.secret_ref.name),
        }),
        _ => Ok(signer),
    }
}

/// `namespace/name`.
pub(crate) fn full_name(object: &impl kube::ResourceExt) -> String {
    format!(
        "{}/{}",
        object.namespace().unwrap_or_default(),
        object.name_any()
    )
}
