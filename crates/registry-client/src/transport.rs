//! HTTP clients, one per set of trusted certificates, so that connections stay open between calls.

use std::collections::HashMap;

use parking_lot::Mutex;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client};
use rustls::crypto::CryptoProvider;

use crate::access::Fingerprint;
use crate::address::refuse_redirect;
use crate::error::Problem;
use crate::options::Options;

/// Above this many sets of certificates, the clients are built anew: each holds all roots of the system.
const MANY_CLIENTS: usize = 64;

/// What tells two clients apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    ca: Option<Fingerprint>,
    direct: bool,
}

/// All clients of a [`Client`](crate::Client).
#[derive(Debug)]
pub(crate) struct Transports {
    options: Options,
    clients: Mutex<HashMap<Key, Client>>,
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

    /// The client that trusts the system and `ca_bundle`. A `direct` one uses no proxy of the environment.
    pub(crate) fn client(
        &self,
        ca: Option<Fingerprint>,
        ca_bundle: Option<&[u8]>,
        direct: bool,
    ) -> Result<Client, Problem> {
        let key = Key { ca, direct };
        // Held while a client is built, so that a thousand first callers build one.
        let mut clients = self.clients.lock();
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        if clients.len() >= MANY_CLIENTS {
            clients.clear();
        }
        let client = self.build(ca_bundle, direct)?;
        clients.insert(key, client.clone());
        Ok(client)
    }

    fn build(&self, ca_bundle: Option<&[u8]>, direct: bool) -> Result<Client, Problem> {
        let mut builder = Client::builder()
            .user_agent(self.options.user_agent.as_str())
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.read_timeout)
            .pool_max_idle_per_host(self.options.concurrency)
            .referer(false)
            .redirect(Policy::custom(follow));
        if let Some(pem) = ca_bundle {
            builder = builder.tls_certs_merge(certificates(pem)?);
        }
        if direct {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| setup(&error))
    }
}

/// Carries the reason through reqwest, whose error it becomes the source of.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct RedirectRefused(pub(crate) String);

fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    match refuse_redirect(attempt.previous(), attempt.url()) {
        None => attempt.follow(),
        Some(refusal) => attempt.error(RedirectRefused(refusal)),
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, Problem> {
    let certificates = Certificate::from_pem_bundle(pem).map_err(|error| setup(&error))?;
    if certificates.is_empty() {
        let detail = "the CA bundle holds no certificate".to_owned();
        return Err(Problem::Setup { detail });
    }
    Ok(certificates)
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
