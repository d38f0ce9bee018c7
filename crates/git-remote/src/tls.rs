//! Whom a connection over TLS trusts, and the certificate that it shows.

use std::fmt;

use reqwest::Identity;
use sha2::{Digest as _, Sha256};

use crate::credentials::CredentialsError;

/// What a connection over TLS takes besides the system's certificate authorities.
#[derive(Clone, Default)]
pub struct Tls {
    /// PEM certificates, trusted in addition to the system's.
    pub ca_bundle: Option<Vec<u8>>,
    /// Shown to servers that ask their clients for a certificate.
    pub client_certificate: Option<ClientCertificate>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("has_ca_bundle", &self.ca_bundle.is_some())
            .field("client_certificate", &self.client_certificate)
            .finish()
    }
}

/// A certificate with its private key, checked to belong together. `Debug` shows neither.
#[derive(Clone)]
pub struct ClientCertificate {
    identity: Identity,
    digest: [u8; 32],
}

impl ClientCertificate {
    /// A chain of certificates, the client's own first, and its private key (PKCS #8, PKCS #1 or SEC 1), both PEM.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, CredentialsError> {
        let pem = [certificates, b"\n", key].concat();
        let identity = Identity::from_pem(&pem)
            .map_err(|_| unusable("expected a certificate and a private key, both PEM"))?;
        check(identity.clone())?;
        Ok(Self {
            identity,
            digest: Sha256::digest(&pem).into(),
        })
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity.clone()
    }

    /// Tells two certificates apart.
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(..)")
    }
}

/// Fails where no client can be made with it: the HTTP client looks at both halves. No text of it is passed on: it may
/// quote the key.
fn check(identity: Identity) -> Result<(), CredentialsError> {
    crate::http::install_provider();
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .identity(identity)
        .build();
    client.map(drop).map_err(|_| {
        unusable("the key does not belong to the certificate, or their form is not supported")
    })
}

fn unusable(rule: &'static str) -> CredentialsError {
    CredentialsError::Certificate { rule }
}
