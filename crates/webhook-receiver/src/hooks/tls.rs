//! TLS for hooks, with a certificate from files that are read again when they change.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(10);
/// The largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate and what leads to its root, PEM.
    pub(crate) certificate: PathBuf,
    /// Its private key, PEM.
    pub(crate) key: PathBuf,
}

/// Why there is no certificate to serve with. The text names files, never what is in them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file cannot be read.
    #[error("read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is larger than any certificate.
    #[error("{}: expected at most {LARGEST} bytes, found {length}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
    },
    /// The first file holds no certificate.
    #[error("{}: expected certificates in PEM: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The second file holds no private key.
    #[error("{}: expected a private key in PEM: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The library cannot do TLS.
    #[error("TLS: {0}")]
    Versions(#[source] rustls::Error),
    /// Certificate and key cannot be used together.
    #[error("{} and {} do not make a usable pair: {source}", files.certificate.display(), files.key.display())]
    Pair {
        /// The files.
        files: TlsFiles,
        /// What is wrong with them.
        source: rustls::Error,
    },
}

/// Agrees on keys with clients. Clones share the certificate.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    files: TlsFiles,
}

/// The certificate in use.
#[derive(Debug)]
struct Current {
    pair: RwLock<Arc<CertifiedKey>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.pair.read()))
    }
}

impl Tls {
    /// Reads the files.
    pub(crate) async fn new(files: TlsFiles) -> Result<Self, TlsError> {
        let pair = RwLock::new(Arc::new(read(&files).await?));
        let current = Arc::new(Current { pair });
        let resolver = Arc::clone(&current) as Arc<dyn ResolvesServerCert>;
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Versions)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            current,
            files,
        })
    }

    /// Agrees on keys with a client. Needs a deadline.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Reads the files again and again, for ever. Files that cannot be used leave the certificate as it is.
    pub(crate) async fn keep_fresh(&self) {
        let mut told = None;
        loop {
            sleep(INTERVAL).await;
            self.refresh(&mut told).await;
        }
    }

    /// Reads the files once. What is wrong with them is `told` once.
    async fn refresh(&self, told: &mut Option<String>) {
        match read(&self.files).await {
            Ok(pair) => {
                self.take(pair);
                *told = None;
            }
            Err(error) => {
                let error = error.to_string();
                if told.as_ref() != Some(&error) {
                    tracing::error!(error, "the certificate of hooks is served as it was");
                    *told = Some(error);
                }
            }
        }
    }

    fn take(&self, pair: CertifiedKey) {
        let mut current = self.current.pair.write();
        if current.cert != pair.cert {
            *current = Arc::new(pair);
            tracing::info!("a new certificate of hooks is served");
        }
    }
}

async fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let certificate = text(&files.certificate).await?;
    let key = text(&files.key).await?;
    let chain = CertificateDer::pem_slice_iter(&certificate)
        .collect::<Result<Vec<_>, _>>()
        .and_then(|chain| match chain {
            chain if chain.is_empty() => Err(pem::Error::NoItemsFound),
            chain => Ok(chain),
        })
        .map_err(|source| TlsError::Certificate {
            path: files.certificate.clone(),
            source,
        })?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|source| TlsError::Key {
        path: files.key.clone(),
        source,
    })?;
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(|source| TlsError::Pair {
        files: files.clone(),
        source,
    })
}

async fn text(path: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |source| TlsError::Read {
        path: path.to_owned(),
        source,
    };
    let length = tokio::fs::metadata(path).await.map_err(failed)?.len();
    if length > LARGEST {
        return Err(TlsError::TooLarge {
            path: path.to_owned(),
            length,
        });
    }
    tokio::fs::read(path).await.map_err(failed)
}

#[cfg(test)]
mod tests;
