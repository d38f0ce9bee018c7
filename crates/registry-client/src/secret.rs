//! The Secrets of Kubernetes that hold registry credentials and certificates, as Flux reads them.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::access::Access;
use crate::keyring::{Keyring, KeyringError};

/// The type of a Secret with a Docker configuration, and its key.
const DOCKER_CONFIG_JSON: (&str, &str) = ("kubernetes.io/dockerconfigjson", ".dockerconfigjson");

/// The type of a Secret with the entries alone, and its key.
const DOCKERCFG: (&str, &str) = ("kubernetes.io/dockercfg", ".dockercfg");

/// Names of the CA bundle, of a client certificate and of its key: today's and the former.
const CERTIFICATES: [[&str; 3]; 2] = [
    ["ca.crt", "tls.crt", "tls.key"],
    ["caFile", "certFile", "keyFile"],
];

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
    /// A client certificate, which only some registries behind a proxy ask for.
    #[error(
        "contains 'tls.crt' or 'tls.key': client certificates are not supported, use 'ca.crt' alone"
    )]
    ClientCertificate,
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

impl Access {
    /// Trusts the CA of a certificate Secret: `ca.crt`, or `caFile` as it was called before.
    pub fn set_certificates(
        &mut self,
        values: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(), SecretError> {
        let given = |key: &str| values.get(key).filter(|value| !value.is_empty());
        let [today, former] = CERTIFICATES.map(|names| names.map(given));
        let [ca, certificate, key] = if today.iter().any(Option::is_some) {
            today
        } else {
            former
        };
        if certificate.is_some() || key.is_some() {
            return Err(SecretError::ClientCertificate);
        }
        self.ca_bundle = Some(ca.ok_or(SecretError::NoCertificates)?.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use image_ref::ImageName;

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

    #[test]
    fn a_ca_is_trusted_by_either_name() {
        for (pairs, expected) in [
            (&[("ca.crt", "new"), ("caFile", "old")][..], Ok(Some("new"))),
            (&[("caFile", "old")], Ok(Some("old"))),
            (&[("caFile", "old"), ("ca.crt", "")], Ok(Some("old"))),
            (&[], Err(SecretError::NoCertificates)),
            (&[("other", "x")], Err(SecretError::NoCertificates)),
            (
                &[("tls.crt", "x"), ("tls.key", "y")],
                Err(SecretError::ClientCertificate),
            ),
            (
                &[("ca.crt", "x"), ("tls.key", "y")],
                Err(SecretError::ClientCertificate),
            ),
        ] {
            let mut access = Access::default();
            let result = access.set_certificates(&values(pairs));
            let found = result.map(|()| access.ca_bundle);
            let expected = expected.map(|ca| ca.map(|ca| ca.as_bytes().to_vec()));
            assert_eq!(found, expected, "{pairs:?}");
        }
    }
}
