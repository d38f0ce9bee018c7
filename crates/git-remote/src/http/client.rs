//! The HTTP clients of a remote.

use std::{
    io::{self, Read as _},
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{
    Certificate,
    blocking::{Client, ClientBuilder, Response},
    header::CONTENT_TYPE,
    redirect::Policy,
};

use crate::{
    error::Error,
    fault::{Fault, Faults},
    proxy::{Protocol, Proxy},
    remote::Options,
    tls::ClientCertificate,
    url::RemoteUrl,
};

/// How long making a connection may take, however long the operation may.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// The most bytes of an error's body that are read.
const MAX_ERROR_BODY: u64 = 4096;

/// The clients of one remote, made when they are first needed. Clones share them and their connections.
///
/// Plain HTTP has a client of its own, which loads no certificates: that takes time, and fails where the
/// system has none.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    certificates: Arc<[Certificate]>,
    client_certificate: Option<ClientCertificate>,
    proxy: Option<Proxy>,
    plain: Arc<OnceLock<Client>>,
    tls: Arc<OnceLock<Client>>,
}

impl Clients {
    /// Clients for these options; their timeout is that of each request.
    pub(crate) fn new(url: &RemoteUrl, options: &Options) -> Result<Self, Error> {
        let ca_bundle = options.tls.ca_bundle.as_deref();
        let error = |source| Error::CaBundle {
            remote: url.to_string(),
            source,
        };
        let certificates = match ca_bundle {
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(|cause| error(cause.into()))?,
            None => Vec::new(),
        };
        if ca_bundle.is_some() && certificates.is_empty() {
            return Err(error("it holds no certificate".into()));
        }
        Ok(Self {
            certificates: certificates.into(),
            client_certificate: options.tls.client_certificate.clone(),
            proxy: options.proxy.clone(),
            plain: Arc::default(),
            tls: Arc::default(),
        })
    }

    /// The client for URLs of this scheme.
    pub(crate) fn for_scheme(&self, scheme: &str, faults: &Faults) -> io::Result<Client> {
        let tls = scheme == "https" || self.proxy_speaks_tls();
        let made = if tls { &self.tls } else { &self.plain };
        if let Some(client) = made.get() {
            return Ok(client.clone());
        }
        let client = self.build(tls).map_err(|error| {
            let problem = faults.innermost(&error);
            faults.raise(Fault::Tls {
                problem,
                source: error.into(),
            })
        })?;
        Ok(made.get_or_init(|| client).clone())
    }

    fn proxy_speaks_tls(&self) -> bool {
        let proxy = self.proxy.as_ref();
        proxy.is_some_and(|proxy| proxy.protocol() == Protocol::Https)
    }

    /// Without a proxy of one's own, those of the environment count, as reqwest reads it.
    fn build(&self, tls: bool) -> reqwest::Result<Client> {
        install_provider();
        let mut builder = ClientBuilder::new()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .tcp_nodelay(true);
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.for_http()?);
        }
        let certificates = self.certificates.iter().cloned();
        if tls {
            if let Some(certificate) = &self.client_certificate {
                builder = builder.identity(certificate.identity());
            }
            builder.tls_certs_merge(certificates)
        } else {
            builder.tls_certs_only(certificates)
        }
        .build()
    }
}

/// The HTTP client panics without a provider of cryptography.
pub(crate) fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // It fails only where another thread was faster, and then there is a provider.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
    }
}

/// What the body of an error says, if it is text for people.
pub(crate) fn detail(response: Response, faults: &Faults) -> String {
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    if !kind.starts_with("text/plain") && !kind.starts_with("application/json") {
        return String::new();
    }
    let mut body = Vec::new();
    match response.take(MAX_ERROR_BODY).read_to_end(&mut body) {
        Ok(_) => faults.sanitise(&String::from_utf8_lossy(&body)),
        Err(_) => String::new(),
    }
}
