//! A certificate of the conversion, with the authority that signed it and nothing else.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{RootCertStore, ServerConfig};

/// How long a certificate is valid.
const LIFE: Duration = Duration::from_secs(90 * 24 * 3600);
/// How far back its validity begins: the clocks of API servers may be late by so much.
const BACKDATED: Duration = Duration::from_secs(24 * 3600);

/// A certificate for the conversion, its private key, and the authority that API servers have to trust for it.
///
/// The authority's own key is gone once the certificate is signed: a new certificate comes with a new authority.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The authority, PEM.
    pub(super) authority: String,
    /// The certificate, PEM.
    pub(super) chain: String,
    /// Its private key, PKCS #8 in PEM.
    pub(super) key: String,
}

/// The certificate without its key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("chain", &self.chain)
            .finish_non_exhaustive()
    }
}

/// Why a certificate does not serve.
#[derive(Debug, thiserror::Error)]
pub(super) enum Defect {
    /// It is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// It is not PEM.
    #[error("{what}: {source}")]
    Pem {
        /// The key of the Secret.
        what: &'static str,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// The authority cannot be trusted by anybody.
    #[error("ca.crt: {0}")]
    Authority(#[source] rustls::Error),
    /// No verifier can be made of it.
    #[error("ca.crt: {0}")]
    Verifier(#[source] rustls::client::VerifierBuilderError),
    /// A client would refuse it: another authority, another name, another time.
    #[error("tls.crt: {0}")]
    Untrusted(#[source] rustls::Error),
    /// Key and certificate do not belong together.
    #[error("tls.key: {0}")]
    Key(#[source] rustls::Error),
}

impl Certificate {
    /// A new certificate for `name`, valid from the day before `now` on.
    pub(super) fn make(name: &ServerName<'_>, now: SystemTime) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        lasting(&mut params, "webhook-receiver conversion authority", now);
        let authority = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);

        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![name.to_str().into_owned()])?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        lasting(&mut params, "webhook-receiver conversion", now);
        Ok(Self {
            authority,
            chain: params.signed_by(&key, &issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Says why a client that looks for `name` at this time would refuse it, and where it cannot be served at all.
    pub(super) fn verify(&self, name: &ServerName<'_>, at: SystemTime) -> Result<(), Defect> {
        drop(self.server_config()?);
        let mut roots = RootCertStore::empty();
        let [authority, chain] = [("ca.crt", &self.authority), ("tls.crt", &self.chain)]
            .map(|(what, pem)| certificate(what, pem));
        roots.add(authority?).map_err(Defect::Authority)?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(Defect::Verifier)?;
        let since_epoch = at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let at = UnixTime::since_unix_epoch(since_epoch);
        let trusted = verifier.verify_server_cert(&chain?, &[], name, &[], at);
        trusted.map(drop).map_err(Defect::Untrusted)
    }

    /// What serves it, over HTTP/2 and HTTP/1.1.
    pub(super) fn server_config(&self) -> Result<Arc<ServerConfig>, Defect> {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes());
        let key = key.map_err(|source| Defect::Pem {
            what: "tls.key",
            source,
        })?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(Defect::Key)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate("tls.crt", &self.chain)?], key)
            .map_err(Defect::Key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// What authority and certificate have in common.
fn lasting(params: &mut CertificateParams, name: &str, now: SystemTime) {
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + LIFE).into();
}

fn certificate(what: &'static str, pem: &str) -> Result<CertificateDer<'static>, Defect> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|source| Defect::Pem { what, source })
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn name(text: &str) -> ServerName<'static> {
        ServerName::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_certificate_serves_its_name_for_its_life() {
        let now = SystemTime::now();
        for text in ["webhook-receiver-conversion.flux-system.svc", "127.0.0.1"] {
            let certificate = Certificate::make(&name(text), now).unwrap();
            for at in [now - DAY / 2, now, now + 89 * DAY] {
                certificate.verify(&name(text), at).unwrap();
            }
            for (other, at) in [
                (text, now + 91 * DAY),
                (text, now - 2 * DAY),
                ("example.com", now),
            ] {
                let refused = certificate.verify(&name(other), at);
                assert!(matches!(refused, Err(Defect::Untrusted(_))), "{refused:?}");
            }
        }
    }

    #[test]
    fn parts_of_others_do_not_serve() {
        type Change = fn(&mut Certificate, &Certificate);
        let (host, now) = (name("a"), SystemTime::now());
        let one = Certificate::make(&host, now).unwrap();
        let two = Certificate::make(&host, now).unwrap();
        let mixed = |change: Change| {
            let mut mixed = one.clone();
            change(&mut mixed, &two);
            mixed.verify(&host, now).unwrap_err().to_string()
        };
        let table: [(Change, &str); 5] = [
            (
                |mixed, two| mixed.authority.clone_from(&two.authority),
                "tls.crt: ",
            ),
            (|mixed, two| mixed.key.clone_from(&two.key), "tls.key: "),
            (|mixed, _| mixed.key.clear(), "tls.key: "),
            (|mixed, _| mixed.chain.truncate(80), "tls.crt: "),
            (
                |mixed, _| mixed.authority = "nonsense".to_owned(),
                "ca.crt: ",
            ),
        ];
        for (change, beginning) in table {
            let message = mixed(change);
            assert!(message.starts_with(beginning), "{message}");
        }
    }

    #[test]
    fn no_key_is_shown() {
        let certificate = Certificate::make(&name("a"), SystemTime::now()).unwrap();
        assert!(!format!("{certificate:?}").contains("PRIVATE"));
    }
}
