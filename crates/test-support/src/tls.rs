//! A certificate authority for one test, and the server certificates it signs.
//!
//! ```
//! let authority = test_support::tls::Authority::new();
//! let server = authority.server(&["localhost", "127.0.0.1"]);
//! assert!(authority.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
//! assert!(server.key_pem.contains("PRIVATE KEY"));
//! ```

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Makes ring the crypto provider of this process; later calls change nothing.
///
/// `reqwest` panics without a provider, so every test that builds a client calls this first.
pub fn install_provider() {
    // An error says that another test of this process was first: the provider is the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// A certificate authority that exists for one test.
pub struct Authority {
    certificate: Certificate,
    ca_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate for some names, with its private key.
#[derive(Clone)]
pub struct ServerIdentity {
    /// The certificate, PEM.
    pub cert_pem: String,
    /// The private key, PKCS #8 PEM.
    pub key_pem: String,
    certificate: CertificateDer<'static>,
    key: Arc<PrivateKeyDer<'static>>,
}

impl Authority {
    /// An authority with a fresh key and certificate.
    #[expect(
        clippy::new_without_default,
        reason = "a fresh key pair is no default value"
    )]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("ring generates a P-256 key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names to refuse");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        let certificate = params
            .self_signed(&key)
            .expect("the parameters above can be signed");
        Self {
            ca_pem: certificate.pem(),
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// The authority's own certificate, PEM: what a client has to trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A client that trusts this authority and nobody else.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots
            .add(self.certificate.der().clone())
            .expect("the authority's own certificate is valid");
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }

    /// A certificate for these host names and IP addresses. It serves a client as well: `server(&["robot"])`.
    pub fn server(&self, names: &[&str]) -> ServerIdentity {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let key = KeyPair::generate().expect("ring generates a P-256 key");
        let params = CertificateParams::new(names).expect("the names are ASCII");
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("the authority can sign");
        ServerIdentity {
            cert_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            certificate: certificate.der().clone(),
            key: Arc::new(PrivateKeyDer::Pkcs8(key.serialize_der().into())),
        }
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity").finish_non_exhaustive()
    }
}

impl ServerIdentity {
    /// A rustls configuration that presents this certificate and offers these ALPN protocols
    /// (`h2`, `http/1.1`; none is fine too).
    pub fn rustls_config(&self, alpn: &[&str]) -> Arc<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .expect("key and certificate belong together");
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

impl ServerIdentity {
    /// The same for a server that demands a certificate of `clients` from whoever connects.
    pub fn rustls_config_for(&self, clients: &Authority, alpn: &[&str]) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots
            .add(clients.certificate.der().clone())
            .expect("the authority's own certificate is valid");
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider())
            .build()
            .expect("there is a root");
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions")
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .expect("key and certificate belong together");
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Accepts TLS connections for `axum::serve`; failed handshakes are dropped and counted by nobody.
#[derive(Debug)]
pub struct TlsListener {
    address: SocketAddr,
    connections: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Listens on `listener` with this certificate. Handshakes run beside each other, so that one
    /// client that never finishes its own does not keep the others waiting.
    pub fn new(listener: TcpListener, config: Arc<ServerConfig>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, connections) = mpsc::channel(16);
        drop(tokio::spawn(accept_loop(
            listener,
            TlsAcceptor::from(config),
            sender,
        )));
        Ok(Self {
            address,
            connections,
        })
    }
}

/// Runs until the receiving side is gone.
async fn accept_loop(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = sender.closed() => return,
        };
        let Ok((stream, peer)) = accepted else {
            continue;
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        drop(tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                // The server may have been dropped in the meantime.
                drop(sender.send((stream, peer)).await);
            }
        }));
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}
