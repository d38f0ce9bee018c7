//! How Repin proves who it is: the keys of a Secret, and what they mean for a URL.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use crate::tls::{ClientCertificate, Tls};
use crate::url::{RemoteUrl, Scheme, UserInfo};

/// What is shown to the server. `Debug` shows the kind alone: user names hold tokens, too.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Nothing.
    #[default]
    Anonymous,
    /// HTTP basic authentication, sent with the first request, also over plain HTTP.
    Basic {
        /// The user; empty: the URL's.
        username: String,
        /// The password; empty: the URL's.
        password: SecretString,
    },
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// A key for SSH. The user is the URL's, `git` by default.
    Ssh(SshIdentity),
}

/// A private key, and the host keys that are trusted.
#[derive(Clone, Debug)]
pub struct SshIdentity {
    /// OpenSSH, PEM (PKCS#1, SEC1) or PKCS#8.
    pub private_key: SecretString,
    /// Where the key is encrypted.
    pub passphrase: Option<SecretString>,
    /// The text of a known_hosts file.
    pub known_hosts: String,
}

/// Credentials that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// A key that SSH needs is missing (Flux's text).
    #[error("invalid 'ssh' auth option: '{0}' is required")]
    SshKeyMissing(&'static str),
    /// A password without a user (Flux's text).
    #[error("invalid '{scheme}' auth option: 'password' requires 'username' to be set")]
    PasswordWithoutUsername {
        /// The URL's scheme.
        scheme: &'static str,
    },
    /// Two ways at once (Flux's text).
    #[error("basic auth and bearer token cannot be set at the same time")]
    BasicAndBearer,
    /// A value is not text.
    #[error("the value of '{0}' is not UTF-8 text")]
    NotText(&'static str),
    /// A value cannot be sent in an HTTP header.
    #[error("the value of '{0}' holds characters that an HTTP header cannot carry")]
    NotAHeader(&'static str),
    /// A client certificate without its key, or a key without its certificate.
    #[error("contains '{present}' but missing '{missing}'")]
    HalfPair {
        /// The key of the Secret that is there.
        present: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// A client certificate that cannot be used.
    #[error("failed to parse TLS certificate and key: {rule}")]
    Certificate {
        /// What is wrong with them.
        rule: &'static str,
    },
    /// The credentials are of a kind that the URL's scheme has no use for.
    #[error("{found} credentials cannot be used with a URL of the scheme '{scheme}'")]
    WrongScheme {
        /// What was given: "SSH", "HTTP".
        found: &'static str,
        /// The URL's scheme.
        scheme: &'static str,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
            Self::Ssh(_) => "Ssh(..)",
        })
    }
}

impl Credentials {
    /// Reads the Secret of a GitRepository: the credentials, and what goes for TLS.
    ///
    /// The keys are Flux's: `username` and `password` (the URL's user info stands in for one that is missing) or `bearerToken` (which hides the other two), `ca.crt`
    /// or `caFile`, `tls.crt` and `tls.key` for HTTP(S); `identity`, `known_hosts` and `password` for SSH.
    pub fn from_secret(
        url: &str,
        data: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(Self, Tls), CredentialsError> {
        if url.starts_with("ssh://") {
            return Ok((Self::Ssh(ssh_identity(data)?), Tls::default()));
        }
        Ok((http_credentials(data)?, tls(data)?))
    }

    /// Fills the gaps from the URL's user info, and checks that the kind suits the URL.
    pub(crate) fn for_url(self, url: &RemoteUrl, info: UserInfo) -> Result<Self, CredentialsError> {
        match (self, url.scheme()) {
            (Self::Ssh(identity), Scheme::Ssh) => Ok(Self::Ssh(identity)),
            (Self::Anonymous, Scheme::Ssh) => Err(CredentialsError::SshKeyMissing("identity")),
            (_, Scheme::Ssh) => Err(CredentialsError::WrongScheme {
                found: "HTTP",
                scheme: "ssh",
            }),
            (Self::Ssh(_), scheme) => Err(CredentialsError::WrongScheme {
                found: "SSH",
                scheme: scheme.as_str(),
            }),
            (Self::Bearer(_), _) if info.user.is_some() || info.password.is_some() => {
                Err(CredentialsError::BasicAndBearer)
            }
            (Self::Bearer(token), _) => Ok(Self::Bearer(token)),
            (Self::Anonymous, scheme) => {
                basic(scheme, String::new(), SecretString::default(), info)
            }
            (Self::Basic { username, password }, scheme) => basic(scheme, username, password, info),
        }
    }
}

/// Each field that is empty comes from the URL.
fn basic(
    scheme: Scheme,
    username: String,
    password: SecretString,
    info: UserInfo,
) -> Result<Credentials, CredentialsError> {
    let username = if username.is_empty() {
        info.user.unwrap_or_default()
    } else {
        username
    };
    let password = if password.expose_secret().is_empty() {
        info.password.unwrap_or_default()
    } else {
        password
    };
    match (username.is_empty(), password.expose_secret().is_empty()) {
        (true, true) => Ok(Credentials::Anonymous),
        (true, false) => Err(CredentialsError::PasswordWithoutUsername {
            scheme: scheme.as_str(),
        }),
        (false, _) => Ok(Credentials::Basic { username, password }),
    }
}

fn http_credentials(data: &BTreeMap<String, Vec<u8>>) -> Result<Credentials, CredentialsError> {
    if let Some(token) = text(data, "bearerToken")? {
        return Ok(Credentials::Bearer(token.into()));
    }
    match (text(data, "username")?, text(data, "password")?) {
        (None, None) => Ok(Credentials::Anonymous),
        (username, password) => Ok(Credentials::Basic {
            username: username.unwrap_or_default(),
            password: password.unwrap_or_default().into(),
        }),
    }
}

fn tls(data: &BTreeMap<String, Vec<u8>>) -> Result<Tls, CredentialsError> {
    const PAIR: [&str; 2] = ["tls.crt", "tls.key"];
    let given = |key: &str| data.get(key).filter(|value| !value.is_empty());
    let half = |present, missing| Err(CredentialsError::HalfPair { present, missing });
    let client_certificate = match PAIR.map(given) {
        [Some(certificate), Some(key)] => Some(ClientCertificate::from_pem(certificate, key)?),
        [Some(_), None] => return half(PAIR[0], PAIR[1]),
        [None, Some(_)] => return half(PAIR[1], PAIR[0]),
        [None, None] => None,
    };
    Ok(Tls {
        ca_bundle: given("ca.crt").or_else(|| given("caFile")).cloned(),
        client_certificate,
    })
}

fn ssh_identity(data: &BTreeMap<String, Vec<u8>>) -> Result<SshIdentity, CredentialsError> {
    Ok(SshIdentity {
        private_key: text(data, "identity")?
            .ok_or(CredentialsError::SshKeyMissing("identity"))?
            .into(),
        known_hosts: text(data, "known_hosts")?
            .ok_or(CredentialsError::SshKeyMissing("known_hosts"))?,
        passphrase: text(data, "password")?.map(SecretString::from),
    })
}

/// A value as text, `None` where it is missing or empty.
fn text(
    data: &BTreeMap<String, Vec<u8>>,
    key: &'static str,
) -> Result<Option<String>, CredentialsError> {
    let Some(value) = data.get(key).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    String::from_utf8(value.clone())
        .map(Some)
        .map_err(|_| CredentialsError::NotText(key))
}

#[cfg(test)]
mod tests;
