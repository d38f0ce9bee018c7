//! HTTP clients that remotes share.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::Clients;
use crate::error::Error;
use crate::remote::Options;
use crate::url::RemoteUrl;

/// Above this many ways to reach servers, the clients are made anew.
const MANY_WAYS: usize = 32;

/// The HTTP clients, and with them the open connections, of all remotes that are reached in the same way: with the same
/// certificates and the same proxy. Credentials are no part of a connection: they go with each request. Clones share
/// everything; the default is a pool of its own.
#[derive(Clone, Default)]
pub struct Pool {
    clients: Arc<Mutex<HashMap<[u8; 32], Clients>>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the keys: what a weak password became could be guessed.
        f.write_str("Pool(..)")
    }
}

impl Pool {
    /// The clients for these options.
    pub(crate) fn clients(&self, url: &RemoteUrl, options: &Options) -> Result<Clients, Error> {
        let way = way(options);
        if let Some(clients) = self.clients.lock().get(&way) {
            return Ok(clients.clone());
        }
        let clients = Clients::new(url, options)?;
        let mut kept = self.clients.lock();
        if kept.len() >= MANY_WAYS {
            kept.clear();
        }
        Ok(kept.entry(way).or_insert(clients).clone())
    }
}

/// Tells the ways to reach a server apart without keeping what is secret in them.
fn way(options: &Options) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |part: Option<&[u8]>| {
        hash.update([u8::from(part.is_some())]);
        let part = part.unwrap_or_default();
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    };
    add(options.tls.ca_bundle.as_deref());
    let certificate = options.tls.client_certificate.as_ref();
    add(certificate
        .map(crate::ClientCertificate::digest)
        .as_ref()
        .map(<[u8; 32]>::as_slice));
    for part in options.proxy.iter().flat_map(crate::Proxy::parts) {
        add(Some(part.as_bytes()));
    }
    hash.finalize().into()
}
