//! What a caller brings along: credentials, trust, time.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// How to reach a registry, and as whom.
///
/// Build it with `..Access::default()`, so that a setting added later (a proxy, a client certificate)
/// does not break the caller.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who asks.
    pub credentials: Credentials,
    /// Allows plain HTTP where the registry does not answer to HTTPS.
    pub insecure: bool,
    /// PEM certificates trusted beside those of the system.
    pub ca_bundle: Option<Vec<u8>>,
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
            timeout: Duration::from_secs(60),
        }
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

/// A SHA-256 over some byte strings, each with its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
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
