//! HTTP clients, one per way to reach registries, so that connections stay open between calls.

use std::collections::HashMap;

use parking_lot::Mutex;
use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::crypto::CryptoProvider;

use crate::access::{Access, Fingerprint};
use crate::certificate::{ClientCertificate, authorities};
use crate::error::Problem;
use crate::options::Options;
use crate::proxy::Proxy;
use crate::secret::SecretError;

/// Above this many ways, the clients are built anew: each holds all roots of the system.
const MANY_CLIENTS: usize = 64;

/// What tells two clients, and what they learned, apart: nothing is shared between different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Way {
    ca: Option<Fingerprint>,
    client_certificate: Option<Fingerprint>,
    proxy: Option<Fingerprint>,
    /// Past the proxies of the environment.
    direct: bool,
}

impl Way {
    /// How a caller reaches a registry. A registry on this machine is reached without the proxies of the
    /// environment; a proxy of the caller always counts.
    pub(crate) fn new(access: &Access, is_loopback: bool) -> Self {
        let proxy = access.proxy.as_ref().map(Proxy::fingerprint);
        Self {
            ca: access.ca_bundle.as_ref().map(|pem| Fingerprint::of(&[pem])),
            client_certificate: access
                .client_certificate
                .as_ref()
                .map(ClientCertificate::fingerprint),
            direct: is_loopback && proxy.is_none(),
            proxy,
        }
    }
}

/// All clients of a [`Client`](crate::Client).
#[derive(Debug)]
pub(crate) struct Transports {
    options: Options,
    clients: Mutex<HashMap<Way, Client>>,
}

impl Transports {
    /// Fails where reqwest would panic: without a crypto provider. Clients are built when they are needed,
    /// since each reads all roots of the system.
    pub(crate) fn new(options: Options) -> Result<Self, Problem> {
        if CryptoProvider::get_default().is_none() {
            let detail = "the process has installed no rustls crypto provider".to_owned();
            return Err(Problem::Setup { detail });
        }
        Ok(Self {
            options,
            clients: Mutex::default(),
        })
    }

    /// The client for `way`, which is that of `access`.
    pub(crate) fn client(&self, way: Way, access: &Access) -> Result<Client, Problem> {
        // Held while a client is built, so that a thousand first callers build one.
        let mut clients = self.clients.lock();
        if let Some(client) = clients.get(&way) {
            return Ok(client.clone());
        }
        if clients.len() >= MANY_CLIENTS {
            clients.clear();
        }
        let client = self.build(way, access)?;
        clients.insert(way, client.clone());
        Ok(client)
    }

    fn build(&self, way: Way, access: &Access) -> Result<Client, Problem> {
        let mut builder = Client::builder()
            .user_agent(self.options.user_agent.as_str())
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.read_timeout)
            .pool_max_idle_per_host(self.options.concurrency)
            .referer(false)
            // The exchange follows them itself: it knows what a request carries.
            .redirect(Policy::none());
        if let Some(pem) = &access.ca_bundle {
            let authorities = authorities(pem).map_err(|error| unusable(&error))?;
            builder = builder.tls_certs_merge(authorities);
        }
        if let Some(certificate) = &access.client_certificate {
            builder = builder.identity(certificate.identity());
        }
        if let Some(proxy) = &access.proxy {
            builder = builder.proxy(proxy.for_http().map_err(|error| unusable(&error))?);
        } else if way.direct {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| setup(&error))
    }
}

fn unusable(error: &SecretError) -> Problem {
    Problem::Setup {
        detail: error.to_string(),
    }
}

fn setup(error: &reqwest::Error) -> Problem {
    let mut source: &dyn std::error::Error = error;
    while let Some(next) = source.source() {
        source = next;
    }
    Problem::Setup {
        detail: source.to_string(),
    }
}
