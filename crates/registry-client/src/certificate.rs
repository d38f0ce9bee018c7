//! The certificate that a registry may ask its clients for.

use std::fmt;

use reqwest::{Certificate, Identity};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::access::Fingerprint;
use crate::secret::SecretError;

/// A certificate with its private key, checked to belong together. `Debug` shows neither.
#[derive(Clone)]
pub struct ClientCertificate {
    identity: Identity,
    fingerprint: Fingerprint,
}

impl ClientCertificate {
    /// A chain of certificates, the client's own first, and its private key (PKCS #8, PKCS #1 or SEC 1), both PEM.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, SecretError> {
        check_pair(certificates, key)?;
        let pem = [certificates, b"\n", key].concat();
        let identity = Identity::from_pem(&pem).map_err(|_| unusable("it is no valid PEM"))?;
        Ok(Self {
            identity,
            fingerprint: Fingerprint::of(&[certificates, key]),
        })
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity.clone()
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(..)")
    }
}

/// Fails when the key is not that of the first certificate. No text of a parser is passed on: it may quote the key.
fn check_pair(certificates: &[u8], key: &[u8]) -> Result<(), SecretError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
    let chain = chain.map_err(|_| unusable("the certificate is no valid PEM"))?;
    if chain.is_empty() {
        return Err(unusable("there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| unusable("the key is no PEM of a private key"))?;
    let pair = CertifiedKey::from_der(chain, key, &ring::default_provider());
    pair.map(drop).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => unusable("private key does not match certificate"),
        _ => unusable("their form is not supported"),
    })
}

fn unusable(rule: &'static str) -> SecretError {
    SecretError::ParseCertificate { rule }
}

/// The certificates of a CA bundle.
pub(crate) fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, SecretError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(SecretError::ParseAuthority),
    }
}
