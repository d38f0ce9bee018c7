//! The certificates that all replicas share, and how they lie in the Secret.

use std::collections::BTreeMap;
use std::time::SystemTime;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};

use super::certificate::{Certificate, Defect};

/// On the Secret: since when the certificates are these.
const SINCE: &str = "repin.dev/since";
/// The keys of the certificate that is served: authority, certificate, private key.
const CURRENT: [&str; 3] = ["ca.crt", "tls.crt", "tls.key"];
/// Those of the one that will be.
const NEXT: [&str; 3] = ["next-ca.crt", "next-tls.crt", "next-tls.key"];
/// The authority of the one that was.
const RETIRED: &str = "retired-ca.crt";

/// What is served, what will be, and whom to trust for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bundle {
    /// What is served.
    pub(super) current: Certificate,
    /// What will be served once every API server trusts it.
    pub(super) next: Option<Certificate>,
    /// The authority of what was served before, PEM: a replica may not know yet.
    pub(super) retired: Option<String>,
    /// Since when all this is so; none where the Secret does not tell.
    pub(super) since: Option<Timestamp>,
}

impl Bundle {
    /// Reads what a Secret holds; an error where what it holds cannot be served at this time.
    ///
    /// What is damaged of the rest counts for nothing.
    pub(super) fn read(
        secret: &Secret,
        name: &ServerName<'_>,
        now: SystemTime,
    ) -> Result<Self, Defect> {
        let data = secret.data.as_ref();
        let text = |key: &'static str| {
            let bytes = data.and_then(|data| data.get(key));
            let text = bytes.and_then(|bytes| str::from_utf8(&bytes.0).ok());
            text.map(ToOwned::to_owned).ok_or(Defect::Missing(key))
        };
        let certificate = |[authority, chain, key]: [&'static str; 3]| {
            let certificate = Certificate {
                authority: text(authority)?,
                chain: text(chain)?,
                key: text(key)?,
            };
            certificate.verify(name, now)?;
            Ok(certificate)
        };
        let current = certificate(CURRENT)?;
        let next: Result<Certificate, Defect> = certificate(NEXT);
        let since = secret.metadata.annotations.as_ref();
        let since = since.and_then(|annotations| annotations.get(SINCE)?.parse().ok());
        Ok(Self {
            current,
            next: next.ok(),
            retired: text(RETIRED).ok().filter(|pem| is_certificate(pem)),
            since,
        })
    }

    /// Makes a Secret hold this and nothing else.
    pub(super) fn write(&self, secret: &mut Secret) {
        let mut data = BTreeMap::new();
        let mut put = |key: &str, text: &str| {
            data.insert(key.to_owned(), ByteString(text.as_bytes().to_vec()));
        };
        for (keys, certificate) in [(CURRENT, Some(&self.current)), (NEXT, self.next.as_ref())] {
            let Some(certificate) = certificate else {
                continue;
            };
            let texts = [&certificate.authority, &certificate.chain, &certificate.key];
            keys.iter()
                .zip(texts)
                .for_each(|(key, text)| put(key, text));
        }
        if let Some(retired) = &self.retired {
            put(RETIRED, retired);
        }
        secret.data = Some(data);
        let annotations = secret.metadata.annotations.get_or_insert_default();
        match self.since {
            Some(since) => annotations.insert(SINCE.to_owned(), since.to_string()),
            None => annotations.remove(SINCE),
        };
    }

    /// The authorities that API servers are to trust, PEM, that of what is served first.
    pub(super) fn authorities(&self) -> String {
        let next = self.next.as_ref().map(|next| next.authority.as_str());
        [
            Some(self.current.authority.as_str()),
            next,
            self.retired.as_deref(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// API servers refuse a definition whose authorities are anything else.
fn is_certificate(pem: &str) -> bool {
    let der = CertificateDer::from_pem_slice(pem.as_bytes());
    der.is_ok_and(|der| rustls::RootCertStore::empty().add(der).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle() -> (Bundle, ServerName<'static>, SystemTime) {
        let (name, now) = (ServerName::try_from("a").unwrap(), SystemTime::now());
        let make = || Certificate::make(&name, now).unwrap();
        let bundle = Bundle {
            current: make(),
            next: Some(make()),
            retired: Some(make().authority),
            since: "2021-04-22T12:00:00Z".parse().ok(),
        };
        (bundle, name, now)
    }

    #[test]
    fn a_secret_holds_all_of_it_and_nothing_else() {
        let (bundle, name, now) = bundle();
        let mut secret = Secret {
            data: Some([("other".to_owned(), ByteString::default())].into()),
            ..Secret::default()
        };
        bundle.write(&mut secret);
        assert_eq!(Bundle::read(&secret, &name, now).unwrap(), bundle);
        let keys: Vec<_> = secret.data.as_ref().unwrap().keys().collect();
        let expected = [
            "ca.crt",
            "next-ca.crt",
            "next-tls.crt",
            "next-tls.key",
            "retired-ca.crt",
            "tls.crt",
            "tls.key",
        ];
        assert_eq!(keys, expected);

        let least = Bundle {
            next: None,
            retired: None,
            since: None,
            ..bundle
        };
        least.write(&mut secret);
        assert_eq!(Bundle::read(&secret, &name, now).unwrap(), least);
        assert_eq!(least.authorities(), least.current.authority);
    }

    #[test]
    fn damage_to_what_is_served_is_told_and_other_damage_forgotten() {
        let (bundle, name, now) = bundle();
        let mut whole = Secret::default();
        bundle.write(&mut whole);
        for key in ["ca.crt", "tls.crt", "tls.key"] {
            for damage in [None, Some("nonsense"), Some("")] {
                let mut secret = whole.clone();
                let data = secret.data.as_mut().unwrap();
                match damage {
                    Some(text) => data.insert(key.to_owned(), ByteString(text.into())),
                    None => data.remove(key),
                };
                let defect = Bundle::read(&secret, &name, now).unwrap_err();
                assert!(defect.to_string().starts_with(key), "{defect}");
            }
        }
        for (key, lost) in [("next-tls.key", "next"), ("retired-ca.crt", "retired")] {
            let mut secret = whole.clone();
            let data = secret.data.as_mut().unwrap();
            data.insert(key.to_owned(), ByteString(b"nonsense".to_vec()));
            let read = Bundle::read(&secret, &name, now).unwrap();
            assert_eq!(
                (read.next.is_none(), read.retired.is_none()),
                (lost == "next", lost == "retired")
            );
        }
        assert!(Bundle::read(&Secret::default(), &name, now).is_err());
    }
}
