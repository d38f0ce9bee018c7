//! The Secrets of Kubernetes that hold registry credentials and certificates, as Flux reads them.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::access::Access;
use crate::certificate::{ClientCertificate, authorities};
use crate::keyring::{Keyring, KeyringError};
use crate::proxy::Proxy;

/// The type of a Secret with a Docker configuration, and its key.
const DOCKER_CONFIG_JSON: (&str, &str) = ("kubernetes.io/dockerconfigjson", ".dockerconfigjson");

/// The type of a Secret with the entries alone, and its key.
const DOCKERCFG: (&str, &str) = ("kubernetes.io/dockercfg", ".dockercfg");

/// The key of a CA bundle: today's and the former.
const AUTHORITY: [&str; 2] = ["ca.crt", "caFile"];

/// The key of a client certificate.
const CERTIFICATE: [&str; 2] = ["tls.crt", "certFile"];

/// The key of the client certificate's private key.
const PRIVATE_KEY: [&str; 2] = ["tls.key", "keyFile"];

/// A Secret that is not what its use asks for. The text never holds a value of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SecretError {
    /// A pull secret without the key that its type has.
    #[error("the key {key:?} of its type is missing")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A pull secret whose configuration cannot be used.
    #[error(transparent)]
    DockerConfig(#[from] KeyringError),
    /// A certificate Secret without any certificate.
    #[error("must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'")]
    NoCertificates,
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
    ParseCertificate {
        /// What is wrong with them.
        rule: &'static str,
    },
    /// A CA bundle that is none.
    #[error("failed to parse CA certificate")]
    ParseAuthority,
    /// A proxy Secret without the address.
    #[error("key '{key}' not found")]
    NoProxy {
        /// The missing key.
        key: &'static str,
    },
    /// A proxy Secret whose address says nothing.
    #[error("proxy address is empty")]
    EmptyProxy,
    /// A proxy whose address is too long.
    #[error("proxy URL exceeds maximum length of {limit} characters")]
    LongProxy {
        /// The longest that is taken.
        limit: usize,
    },
    /// A proxy whose address is no URL. The text does not repeat it, since it may hold a password.
    #[error("failed to parse proxy address: expected scheme://host:port")]
    ParseProxy,
    /// A proxy of a kind that is not supported.
    #[error("proxy URL must use one of the supported schemes ({schemes}), got '{scheme}'")]
    ProxyScheme {
        /// Those that are.
        schemes: String,
        /// The one of the address.
        scheme: String,
    },
}

impl SecretError {
    /// The text with the Secret's `namespace/name` in front, in Flux's words where Flux has some.
    pub fn in_secret(&self, secret: &str) -> String {
        match self {
            Self::NoCertificates | Self::HalfPair { .. } => format!("secret '{secret}' {self}"),
            Self::MissingKey { .. }
            | Self::DockerConfig(_)
            | Self::ParseCertificate { .. }
            | Self::ParseAuthority
            | Self::NoProxy { .. }
            | Self::EmptyProxy
            | Self::LongProxy { .. }
            | Self::ParseProxy
            | Self::ProxyScheme { .. } => format!("secret '{secret}': {self}"),
        }
    }
}

impl Keyring {
    /// Adds the entries of a pull secret: `kind` is the Secret's type, `values` its data, decoded. A Secret of
    /// another type contributes nothing, as in Flux.
    pub fn add_secret(
        &mut self,
        kind: &str,
        values: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(), SecretError> {
        let value = |key| values.get(key).ok_or(SecretError::MissingKey { key });
        if kind == DOCKER_CONFIG_JSON.0 {
            self.add_docker_config_json(value(DOCKER_CONFIG_JSON.1)?)?;
        } else if kind == DOCKERCFG.0 {
            self.add_dockercfg(value(DOCKERCFG.1)?)?;
        }
        Ok(())
    }
}

impl Proxy {
    /// That of a proxy Secret: `address`, and `username` and `password`. A password counts only beside a user name.
    pub fn from_secret(values: &BTreeMap<String, Vec<u8>>) -> Result<Self, SecretError> {
        let text = |key| values.get(key).map(|value| String::from_utf8_lossy(value));
        let address = text("address").ok_or(SecretError::NoProxy { key: "address" })?;
        let proxy = Self::new(&address)?;
        Ok(match text("username") {
            Some(username) => {
                let password = text("password").unwrap_or_default();
                proxy.with_user(&username, password.into_owned().into())
            }
            None => proxy,
        })
    }
}

impl Access {
    /// Takes over a certificate Secret: the CA `ca.crt`, the pair `tls.crt` and `tls.key`, or all three; each by its
    /// former name (`caFile`, `certFile`, `keyFile`) where today's is not there.
    pub fn set_certificates(
        &mut self,
        values: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(), SecretError> {
        let given = |names: [&str; 2]| {
            let value = names.iter().find_map(|&name| values.get(name));
            value.filter(|value| !value.is_empty())
        };
        let half = |[present, _]: [&'static str; 2], [missing, _]: [&'static str; 2]| {
            Err(SecretError::HalfPair { present, missing })
        };
        let authority = given(AUTHORITY);
        let pair = match (given(CERTIFICATE), given(PRIVATE_KEY)) {
            (Some(certificate), Some(key)) => Some(ClientCertificate::from_pem(certificate, key)?),
            (Some(_), None) => return half(CERTIFICATE, PRIVATE_KEY),
            (None, Some(_)) => return half(PRIVATE_KEY, CERTIFICATE),
            (None, None) if authority.is_none() => return Err(SecretError::NoCertificates),
            (None, None) => None,
        };
        if let Some(pem) = authority {
            authorities(pem)?;
        }
        self.ca_bundle = authority.cloned();
        self.client_certificate = pair;
        Ok(())
    }

    /// Takes over a proxy Secret, see [`Proxy::from_secret()`].
    pub fn set_proxy(&mut self, values: &BTreeMap<String, Vec<u8>>) -> Result<(), SecretError> {
        self.proxy = Some(Proxy::from_secret(values)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use image_ref::ImageName;
    use test_support::tls::Authority;

    use super::*;
    use crate::access::Credentials;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        let owned = |&(key, value): &(&str, &str)| (key.to_owned(), value.as_bytes().to_vec());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn pull_secrets_of_both_types_count_and_others_do_not() {
        let entries = r#"{"ghcr.io": {"username": "robot", "password": "hunter2"}}"#;
        let config = format!(r#"{{"auths": {entries}}}"#);
        let data = values(&[(".dockerconfigjson", &config), (".dockercfg", entries)]);
        for (kind, counts) in [
            ("kubernetes.io/dockerconfigjson", true),
            ("kubernetes.io/dockercfg", true),
            ("kubernetes.io/basic-auth", false),
            ("", false),
        ] {
            let mut keyring = Keyring::new();
            keyring.add_secret(kind, &data).unwrap();
            let found = keyring.find(&ImageName::parse("ghcr.io/org/app").unwrap());
            assert_eq!(matches!(found, Credentials::Basic { .. }), counts, "{kind}");
        }
    }

    #[test]
    fn a_pull_secret_without_its_key_is_an_error() {
        let error = Keyring::new()
            .add_secret(
                "kubernetes.io/dockercfg",
                &values(&[(".dockerconfigjson", "{}")]),
            )
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the key \".dockercfg\" of its type is missing"
        );
    }

    /// A CA, and a pair that it signed, all PEM.
    fn certificates() -> [String; 3] {
        let authority = Authority::new();
        let robot = authority.server(&["robot"]);
        [authority.ca_pem().to_owned(), robot.cert_pem, robot.key_pem]
    }

    #[test]
    fn certificates_are_taken_by_either_name() {
        let [ca, certificate, key] = certificates();
        let [ca, certificate, key] = [&ca, &certificate, &key].map(String::as_str);
        for (pairs, trusts, shows) in [
            (&[("ca.crt", ca), ("caFile", "old")][..], true, false),
            (&[("caFile", ca)], true, false),
            (&[("tls.crt", certificate), ("tls.key", key)], false, true),
            (&[("certFile", certificate), ("keyFile", key)], false, true),
            (&[("tls.crt", certificate), ("keyFile", key)], false, true),
            (
                &[("tls.crt", certificate), ("tls.key", key), ("caFile", ca)],
                true,
                true,
            ),
        ] {
            let mut access = Access::default();
            access.set_certificates(&values(pairs)).unwrap();
            assert_eq!(access.ca_bundle.is_some(), trusts);
            assert_eq!(access.client_certificate.is_some(), shows);
        }
    }

    #[test]
    fn certificates_that_cannot_be_used_are_named_in_flux_words() {
        let [ca, certificate, key] = certificates();
        let [_, _, other_key] = certificates();
        let none = "secret 'ns/tls' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'";
        let no_key = "secret 'ns/tls' contains 'tls.crt' but missing 'tls.key'";
        let no_certificate = "secret 'ns/tls' contains 'tls.key' but missing 'tls.crt'";
        for (pairs, expected) in [
            (&[][..], none),
            (&[("other", "x"), ("ca.crt", "")], none),
            // Today's name counts, even where it is empty.
            (&[("caFile", &ca), ("ca.crt", "")], none),
            (&[("tls.crt", &certificate)], no_key),
            (&[("certFile", &certificate), ("ca.crt", &ca)], no_key),
            (&[("tls.key", &key), ("ca.crt", &ca)], no_certificate),
            (
                &[("tls.crt", &certificate), ("tls.key", &other_key)],
                "secret 'ns/tls': failed to parse TLS certificate and key: private key does not match certificate",
            ),
            (
                &[("tls.crt", &key), ("tls.key", &key)],
                "secret 'ns/tls': failed to parse TLS certificate and key: there is no certificate in it",
            ),
            (
                &[("tls.crt", &certificate), ("tls.key", "hunter2")],
                "secret 'ns/tls': failed to parse TLS certificate and key: the key is no PEM of a private key",
            ),
            (
                &[("ca.crt", "hunter2")],
                "secret 'ns/tls': failed to parse CA certificate",
            ),
        ] {
            let pairs: Vec<(&str, &str)> = pairs.to_vec();
            let error = Access::default()
                .set_certificates(&values(&pairs))
                .unwrap_err();
            assert_eq!(error.in_secret("ns/tls"), expected);
        }
    }

    #[test]
    fn a_proxy_is_an_address_with_a_user() {
        for (pairs, shown) in [
            (
                &[("address", "http://proxy:3128")][..],
                "\"proxy\", port: Some(3128)",
            ),
            (
                &[("address", "https://proxy")],
                "\"https\", host: \"proxy\", port: Some(443)",
            ),
            (
                &[
                    ("address", "socks5://u:hunter2@[::1]:1080"),
                    ("password", "hunter2"),
                ],
                "\"[::1]\", port: Some(1080)",
            ),
            (
                &[
                    ("address", "http://proxy"),
                    ("username", "u"),
                    ("password", "hunter2"),
                ],
                "\"proxy\"",
            ),
        ] {
            let mut access = Access::default();
            access.set_proxy(&values(pairs)).unwrap();
            let text = format!("{access:?}");
            assert!(text.contains(shown), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_in_flux_words() {
        let long = format!("http://{}", "x".repeat(2042));
        let schemes = "proxy URL must use one of the supported schemes (http, https, socks5), got";
        for (pairs, expected) in [
            (&[][..], "key 'address' not found".to_owned()),
            (&[("username", "u")], "key 'address' not found".to_owned()),
            (&[("address", "")], "proxy address is empty".to_owned()),
            (
                &[("address", &long)],
                "proxy URL exceeds maximum length of 2048 characters".to_owned(),
            ),
            (
                &[("address", "ftp://u:hunter2@proxy")],
                format!("{schemes} 'ftp'"),
            ),
            (
                &[("address", "socks4://proxy")],
                format!("{schemes} 'socks4'"),
            ),
            (
                &[("address", "u:hunter2@proxy:3128/")],
                format!("{schemes} 'u'"),
            ),
            (
                &[("address", "http://u:hunter2@")],
                "failed to parse proxy address: expected scheme://host:port".to_owned(),
            ),
        ] {
            let error = Access::default().set_proxy(&values(pairs)).unwrap_err();
            assert_eq!(
                error.in_secret("ns/proxy"),
                format!("secret 'ns/proxy': {expected}")
            );
        }
    }
}
