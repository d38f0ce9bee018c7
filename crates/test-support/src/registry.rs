//! An OCI registry in process: tags, manifests, credentials, faults and a log of every request.
//!
//! It answers `/v2/`, `/v2/<repository>/tags/list` with pages and `Link`, `HEAD` and `GET` of
//! manifests, and `/token`. A repository whose name ends in `-<count>` needs no seeding: it has that
//! many tags, `1.0.0`, `1.0.1` … `1.0.99`, `1.1.0`, …, computed and never stored.
//!
//! Tests can hold its answers back, see how many requests are open at once, and have it fail in every
//! way a registry can: see [`Effect`].

mod auth;
mod fault;
mod log;
mod serve;
mod store;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use parking_lot::Mutex;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::auth::{Auth, TokenAuth};
pub use self::fault::{Effect, Endpoint};
pub use self::log::{Hold, Request};
pub(crate) use self::store::digest;

use self::auth::Tokens;
use self::fault::Faults;
use self::log::Gate;
use self::store::Store;
use crate::tls::{Authority, ServerIdentity, TlsListener};

/// A running registry; it stops accepting connections when it is dropped.
#[derive(Debug)]
pub struct Registry {
    /// Where it listens: a free port of 127.0.0.1.
    pub addr: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

/// How `Link` names the next page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// A path on the same host, as most registries do.
    #[default]
    Relative,
    /// A complete URL.
    Absolute,
}

/// What the request handlers share.
#[derive(Debug)]
struct State {
    base: String,
    settings: Mutex<Settings>,
    store: Mutex<Store>,
    faults: Mutex<Faults>,
    tokens: Mutex<Tokens>,
    gate: Gate,
}

/// What a test may change while the registry runs.
#[derive(Clone, Debug)]
struct Settings {
    auth: Auth,
    page_size: usize,
    links: Links,
    digest_header: bool,
}

impl Registry {
    /// A registry that speaks plain HTTP and lets everybody in.
    pub async fn start() -> Self {
        let listener = bind().await;
        let addr = listener.local_addr().expect("the socket is bound");
        let state = State::new(format!("http://{addr}"));
        let app = router(&state);
        let server = tokio::spawn(async move {
            // `axum::serve` never returns by itself.
            drop(axum::serve(listener, app).await);
        });
        Self {
            addr,
            state,
            server,
        }
    }

    /// A registry that speaks HTTPS with this certificate, HTTP/2 included.
    pub async fn start_tls(identity: &ServerIdentity) -> Self {
        Self::start_with(identity.rustls_config(&["h2", "http/1.1"])).await
    }

    /// The same, for clients with a certificate of `clients` only.
    pub async fn start_mutual_tls(identity: &ServerIdentity, clients: &Authority) -> Self {
        Self::start_with(identity.rustls_config_for(clients, &["h2", "http/1.1"])).await
    }

    async fn start_with(config: Arc<ServerConfig>) -> Self {
        let listener = bind().await;
        let addr = listener.local_addr().expect("the socket is bound");
        let listener = TlsListener::new(listener, config).expect("the socket is bound");
        let state = State::new(format!("https://{addr}"));
        let app = router(&state);
        let server = tokio::spawn(async move {
            // `axum::serve` never returns by itself.
            drop(axum::serve(listener, app).await);
        });
        Self {
            addr,
            state,
            server,
        }
    }

    /// `127.0.0.1:<port>`, as it stands in an image name.
    pub fn host(&self) -> String {
        self.addr.to_string()
    }

    /// `http://127.0.0.1:<port>` or `https://…`.
    pub fn base_url(&self) -> &str {
        &self.state.base
    }

    /// The image name of `repository` on this registry.
    pub fn image(&self, repository: &str) -> String {
        format!("{}/{repository}", self.addr)
    }

    /// Gives `repository` exactly these tags.
    pub fn set_tags<I>(&self, repository: &str, tags: I)
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.state.store.lock().set(repository, tags);
    }

    /// Adds or moves one tag, as a push does: the digest of a tag changes with every push.
    /// Returns the digest.
    pub fn push_tag(&self, repository: &str, tag: &str) -> String {
        self.state.store.lock().push(repository, tag)
    }

    /// The digest that `tag` has now.
    pub fn digest(&self, repository: &str, tag: &str) -> String {
        self.state.store.lock().manifest(repository, tag).digest
    }

    /// Asks for credentials from now on.
    pub fn set_auth(&self, auth: Auth) {
        self.state.settings.lock().auth = auth;
    }

    /// Makes every token given out so far worthless.
    pub fn revoke_tokens(&self) {
        self.state.tokens.lock().revoke();
    }

    /// Limits a page to `size` tags, whatever the client asks for. The default is 1,000.
    pub fn set_page_size(&self, size: usize) {
        self.state.settings.lock().page_size = size;
    }

    /// How the next page is named.
    pub fn set_links(&self, links: Links) {
        self.state.settings.lock().links = links;
    }

    /// Whether manifests carry `Docker-Content-Digest`. The default is yes.
    pub fn set_digest_header(&self, present: bool) {
        self.state.settings.lock().digest_header = present;
    }

    /// Answers the next `times` requests to `endpoint` with `effect`. Faults of one endpoint are used up
    /// in the order in which they were added.
    pub fn fail(&self, endpoint: Endpoint, times: usize, effect: Effect) {
        self.state.faults.lock().add(endpoint, Some(times), effect);
    }

    /// Answers every request to `endpoint` with `effect`.
    pub fn fail_always(&self, endpoint: Endpoint, effect: Effect) {
        self.state.faults.lock().add(endpoint, None, effect);
    }

    /// Forgets all faults.
    pub fn heal(&self) {
        self.state.faults.lock().clear();
    }

    /// Holds back every answer of `endpoint` until the returned value is dropped.
    pub fn hold(&self, endpoint: Endpoint) -> Hold {
        self.state.gate.hold(endpoint)
    }

    /// Resolves once `count` requests are held back at the same time.
    /// Panics when that takes more than ten seconds.
    pub async fn until_held(&self, count: usize) {
        let reached = tokio::time::timeout(Duration::from_secs(10), self.state.gate.reached(count));
        assert!(
            reached.await.is_ok(),
            "{count} requests are never open at once"
        );
    }

    /// The highest number of requests that were open at the same time.
    pub fn peak(&self) -> usize {
        self.state.gate.peak()
    }

    /// Every request so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.state.gate.requests()
    }

    /// Starts the log anew.
    pub fn forget_requests(&self) {
        self.state.gate.forget();
    }

    /// How many requests `endpoint` has had.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.state.gate.count(endpoint)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl State {
    fn new(base: String) -> Arc<Self> {
        Arc::new(Self {
            base,
            settings: Mutex::new(Settings {
                auth: Auth::Open,
                page_size: 1000,
                links: Links::Relative,
                digest_header: true,
            }),
            store: Mutex::default(),
            faults: Mutex::default(),
            tokens: Mutex::default(),
            gate: Gate::default(),
        })
    }
}

async fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0")
        .await
        .expect("127.0.0.1 has a free port")
}

fn router(state: &Arc<State>) -> Router {
    Router::new()
        .fallback(any(serve::handle))
        .with_state(Arc::clone(state))
}

#[cfg(test)]
mod tests;
