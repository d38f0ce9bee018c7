//! What a caller brings along: credentials, trust, time.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image_ref::ImageName;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::certificate::ClientCertificate;
use crate::proxy::Proxy;

/// How to reach a registry, and as whom.
///
/// Build it with `..Access::default()`, so that a setting added later does not break the caller. Calls share
/// connections, tokens and results only where everything but `timeout` is the same.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who asks.
    pub credentials: Credentials,
    /// Allows plain HTTP where the registry does not answer to HTTPS.
    pub insecure: bool,
    /// PEM certificates trusted beside those of the system.
    pub ca_bundle: Option<Vec<u8>>,
    /// Shown to registries that ask their clients for a certificate.
    pub client_certificate: Option<ClientCertificate>,
    /// What all requests go through; without one, the proxies of the environment count.
    pub proxy: Option<Proxy>,
    /// The longest time one call may take, waits and retries included.
    pub timeout: Duration,
}

impl Default for Access {
    /// Anonymous, TLS with the system's roots, 60 seconds.
    fn default() -> Self {
        Self {
            credentials: Credentials::Anonymous,
            insecure: false,
            ca_bundle: None,
            client_certificate: None,
            proxy: None,
            timeout: Duration::from_secs(60),
        }
    }
}

impl Access {
    /// What tells this caller's list of an image apart from those of others.
    pub fn list_key(&self, image: &ImageName) -> ListKey {
        let mut parts = self.ways();
        parts.push(self.credentials.fingerprint());
        let mut bytes: Vec<&[u8]> = parts.iter().map(|part| part.0.as_slice()).collect();
        let image = image.canonical();
        bytes.push(image.as_bytes());
        ListKey(Fingerprint::of(&bytes))
    }

    /// How the registry is reached, whoever asks.
    fn ways(&self) -> Vec<Fingerprint> {
        let Self {
            credentials: _,
            insecure,
            ca_bundle,
            client_certificate,
            proxy,
            timeout: _,
        } = self;
        let none = || Fingerprint::of(&[]);
        vec![
            Fingerprint::of(&[&[u8::from(*insecure)]]),
            ca_bundle
                .as_ref()
                .map_or_else(none, |pem| Fingerprint::of(&[pem])),
            client_certificate
                .as_ref()
                .map_or_else(none, ClientCertificate::fingerprint),
            proxy.as_ref().map_or_else(none, Proxy::fingerprint),
        ]
    }
}

/// Equal where two callers get the same list: the same image, reached in the same way as the same user. It holds no
/// secret and cannot be turned back into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListKey(Fingerprint);

impl ListKey {
    /// The key of a caller whose credentials are not known yet, only whose they will be.
    #[must_use]
    pub fn as_identity(self, identity: Fingerprint) -> Self {
        Self(Fingerprint::of(&[&self.0.0, &identity.0]))
    }
}

/// Who asks. `Debug` shows the kind and never a secret.
///
/// Credentials of a cloud provider are exchanged for one of these before a call.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// A user; sent to the registry or to its token server as Basic. Without a name or without a
    /// password nothing is sent.
    Basic {
        /// The user's name.
        username: String,
        /// The user's password or access token.
        password: SecretString,
    },
    /// A refresh token, exchanged for a bearer token at the registry's token server.
    IdentityToken(SecretString),
    /// A bearer token, sent as it is.
    RegistryToken(SecretString),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Basic { username, .. } => f
                .debug_struct("Basic")
                .field("username", username)
                .finish_non_exhaustive(),
            Self::IdentityToken(_) => f.write_str("IdentityToken(..)"),
            Self::RegistryToken(_) => f.write_str("RegistryToken(..)"),
        }
    }
}

impl Credentials {
    /// Whether a request made with them is a request without credentials.
    pub fn is_anonymous(&self) -> bool {
        match self {
            Self::Anonymous => true,
            Self::Basic { username, password } => {
                username.is_empty() || password.expose_secret().is_empty()
            }
            Self::IdentityToken(token) | Self::RegistryToken(token) => {
                token.expose_secret().is_empty()
            }
        }
    }

    /// Tells two credentials apart without keeping them.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Anonymous => Fingerprint::of(&[b"anonymous"]),
            Self::Basic { username, password } => {
                let password = password.expose_secret();
                Fingerprint::of(&[b"basic", username.as_bytes(), password.as_bytes()])
            }
            Self::IdentityToken(token) => {
                Fingerprint::of(&[b"identity", token.expose_secret().as_bytes()])
            }
            Self::RegistryToken(token) => {
                Fingerprint::of(&[b"registry", token.expose_secret().as_bytes()])
            }
        }
    }

    /// The Basic value, when there is a name and a password.
    pub(crate) fn basic(&self) -> Option<(String, &SecretString)> {
        match self {
            Self::Basic { username, password } if !self.is_anonymous() => {
                let pair = format!("{username}:{}", password.expose_secret());
                Some((STANDARD.encode(pair), password))
            }
            _ => None,
        }
    }
}

/// Tells values apart without keeping them: a SHA-256 over some byte strings, each with its length. `Debug` does not
/// show it, since what a weak password became could be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

impl Fingerprint {
    /// Of these byte strings in this order.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(username: &str, password: &str) -> Credentials {
        Credentials::Basic {
            username: username.to_owned(),
            password: password.into(),
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let all = [
            basic("robot", "hunter2"),
            Credentials::IdentityToken("hunter2".into()),
            Credentials::RegistryToken("hunter2".into()),
        ];
        for credentials in all {
            let access = Access {
                credentials,
                ..Access::default()
            };
            assert!(!format!("{access:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_name_without_a_password_is_nobody() {
        assert!(basic("robot", "").is_anonymous());
        assert!(basic("", "hunter2").is_anonymous());
        assert!(basic("robot", "").basic().is_none());
        assert_eq!(basic("a", "b").basic().unwrap().0, "YTpi");
    }

    #[test]
    fn fingerprints_differ_where_the_credentials_do() {
        let same = basic("robot", "hunter2").fingerprint();
        assert_eq!(same, basic("robot", "hunter2").fingerprint());
        for other in [
            basic("rob", "othunter2"),
            Credentials::Anonymous,
            Credentials::RegistryToken("hunter2".into()),
        ] {
            assert_ne!(same, other.fingerprint());
        }
    }
}
