//! A repository on a server, and what it takes to speak to it.

use std::{sync::Arc, time::Duration};

use crate::{
    credentials::Credentials,
    error::Error,
    http::{Clients, Pool},
    proxy::Proxy,
    push::{PushReport, PushRequest, PushSession},
    session::Session,
    ssh::SshAlgorithms,
    tls::Tls,
    url::{RemoteUrl, Scheme},
};

/// A repository on a server. Cheap to clone; clones share their HTTP connections.
#[derive(Clone, Debug)]
pub struct Remote {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    url: RemoteUrl,
    /// For SSH.
    user: Option<String>,
    credentials: Credentials,
    clients: Clients,
    options: Options,
}

/// How to speak to a remote. The default: the system's certificate authorities, the proxies of the environment for HTTP and
/// HTTPS, 60 s, the default [`Limits`].
#[derive(Clone, Debug)]
pub struct Options {
    /// For HTTPS.
    pub tls: Tls,
    /// What everything goes through.
    pub proxy: Option<Proxy>,
    /// For SSH.
    pub ssh: SshAlgorithms,
    /// The HTTP connections that are shared with other remotes.
    pub pool: Pool,
    /// On whose behalf. What is fetched for one scope is never used for another, even if the URLs are the same: whoever chooses
    /// a proxy and the authorities to trust decides what a server says.
    pub scope: String,
    /// How long each call on a [`Remote`] or a [`Session`] may take in all.
    pub timeout: Duration,
    /// Bounds of what a server may send.
    pub limits: Limits,
}

/// Bounds of what a server may send, and of what is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the pack of one commit with its trees, as it comes and of each object when unpacked, and of one push.
    pub pack_bytes: u64,
    /// Bytes of one answer with blobs, as it comes over the wire. Nothing of it is held but what is kept.
    pub batch_bytes: u64,
    /// Bytes of one blob; larger ones are reported, not fetched.
    pub blob_bytes: u64,
    /// References listed by one call.
    pub refs: usize,
    /// Bytes of a server's report about a push, its messages included.
    pub report_bytes: u64,
}

impl Remote {
    /// A remote at `url`, whose user info fills the gaps of `credentials`. Connects to nothing yet.
    pub fn new(url: &str, credentials: Credentials, options: Options) -> Result<Self, Error> {
        let (url, info) = RemoteUrl::parse(url)?;
        // Over HTTP it may be a token, and is a part of the credentials.
        let user = info.user.clone().filter(|_| url.scheme() == Scheme::Ssh);
        let credentials = credentials
            .for_url(&url, info)
            .map_err(|source| Error::Credentials {
                remote: url.to_string(),
                source,
            })?;
        let clients = options.pool.clients(&url, &options)?;
        Ok(Self {
            inner: Arc::new(Inner {
                url,
                user,
                credentials,
                clients,
                options,
            }),
        })
    }

    /// Where it is.
    pub fn url(&self) -> &RemoteUrl {
        &self.inner.url
    }

    /// What remotes that share a repository of a [`Cache`](crate::Cache) have in common, and no others: scope and URL.
    pub fn key(&self) -> String {
        let (scope, url) = (&self.inner.options.scope, &self.inner.url);
        if scope.is_empty() {
            return url.to_string();
        }
        // A URL has no space, so that two keys are equal only where both parts are.
        format!("{url} {scope}")
    }

    /// Opens a session for reading: connects, authenticates, and reads the server's capabilities.
    pub fn connect(&self) -> Result<Session, Error> {
        Session::open(self)
    }

    /// Pushes a commit. Each reference is compared with what it must point to, before anything is sent and
    /// again by the server; one that differs is [`Error::Moved`]. The server's refusals are in the report.
    ///
    /// After [`Error::UnknownOutcome`] the references have to be read to learn what happened.
    pub fn push(&self, request: &PushRequest<'_>) -> Result<PushReport, Error> {
        self.open_push()?.send(request)
    }

    /// Opens a connection to push over: connects, authenticates, and reads where the references are.
    pub fn open_push(&self) -> Result<PushSession, Error> {
        PushSession::open(self)
    }

    pub(crate) fn options(&self) -> &Options {
        &self.inner.options
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.inner.clients
    }

    /// The user for SSH.
    pub(crate) fn user(&self) -> &str {
        self.inner.user.as_deref().unwrap_or("git")
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tls: Tls::default(),
            proxy: None,
            ssh: SshAlgorithms::default(),
            pool: Pool::default(),
            scope: String::new(),
            timeout: Duration::from_secs(60),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pack_bytes: 512 << 20,
            batch_bytes: 2 << 30,
            blob_bytes: 50 << 20,
            refs: 500_000,
            report_bytes: 1 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_the_place_of_the_user_is_not_shown() {
        let url = "https://t0ken@host/a";
        let remote = Remote::new(url, Credentials::Anonymous, Options::default()).unwrap();
        let shown = format!("{remote:?}");
        assert!(!shown.contains("t0ken"), "{shown}");
    }
}
