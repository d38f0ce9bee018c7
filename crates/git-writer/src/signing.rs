//! The key that signs an automation's commits, with Flux's texts.

use api::image::v1::{ImageUpdateAutomation, SigningKey, SigningKeyType};
use git_remote::{Signer, SignerError};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use secrecy::SecretString;

use crate::changes::Name;

/// Why there is no key. No text holds a part of it.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The Secret does not exist; the end of the text is the API server's.
    #[error("could not find signing key secret '{secret}': secrets \"{name}\" not found")]
    Find {
        /// The Secret, `namespace/name`.
        secret: String,
        /// Its name.
        name: String,
    },
    /// The Secret cannot be read.
    #[error("could not find signing key secret '{secret}': {problem}")]
    Read {
        /// The Secret, `namespace/name`.
        secret: String,
        /// Why.
        problem: String,
    },
    /// The Secret lacks its entry.
    #[error("signing key secret '{secret}' does not contain {article} '{entry}' key")]
    Entry {
        /// The Secret, `namespace/name`.
        secret: String,
        /// `a` or `an`.
        article: &'static str,
        /// The entry.
        entry: &'static str,
    },
    /// The key cannot sign.
    #[error("{}", source.in_secret(secret))]
    Key {
        /// The Secret, `namespace/name`.
        secret: String,
        /// What is wrong with it.
        source: SignerError,
    },
}

/// The Secret with the key: in the namespace of the automation.
pub(crate) fn secret_of(automation: &ImageUpdateAutomation) -> Option<(Name, SigningKey)> {
    let git = automation.spec.git.as_ref()?;
    let key = git.commit.signing_key.clone()?;
    let namespace = automation.namespace().unwrap_or_default();
    Some(((namespace, key.secret_ref.name.clone()), key))
}

/// Makes the signer that a Secret holds. Decrypting a key takes its time: to be called where that blocks nobody.
pub fn signer(key: &SigningKey, secret: &Secret) -> Result<Signer, SigningError> {
    let name = || {
        let namespace = secret.namespace().unwrap_or_default();
        format!("{namespace}/{}", secret.name_any())
    };
    let value = |entry: &str| secret.data.as_ref()?.get(entry).map(|value| &*value.0);
    let passphrase = |entry: &str| {
        let text = value(entry).and_then(|text| String::from_utf8(text.to_vec()).ok());
        text.map(SecretString::from)
    };
    let needed = |article, entry| {
        value(entry).ok_or_else(|| SigningError::Entry {
            secret: name(),
            article,
            entry,
        })
    };
    let signer = match key.key_type.unwrap_or_default() {
        SigningKeyType::Gpg => {
            Signer::openpgp(needed("a", "git.asc")?, passphrase("passphrase").as_ref())
        }
        SigningKeyType::Ssh => {
            Signer::ssh(needed("an", "identity")?, passphrase("password").as_ref())
        }
    };
    signer.map_err(|source| SigningError::Key {
        secret: name(),
        source,
    })
}
