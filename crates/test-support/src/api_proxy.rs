//! A proxy between a controller and its API server that fails on demand.
//!
//! Everything that passes is parsed into a [`Call`] (verb, resource, name, subresource) and noted, so a test can
//! count what a controller wrote. Rules say which calls meet which [`Effect`]: an error status, a delay, silence, a
//! connection that breaks before or after the API server did its work. A [`Hold`] stops calls at a [`Point`] until
//! the test has looked, or has killed the controller.
//!
//! The controller speaks plain HTTP/1.1 to it and shows its own credentials, which pass through; the proxy itself
//! has none. Each watch has a connection of its own, as HTTP/1.1 wants it, and can be cut.

mod call;
mod connection;
mod forward;
mod log;
mod rules;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::call::{Call, Calls, Verb};
pub use self::log::Seen;
pub use self::rules::{Effect, Hold, Point};

use self::connection::{Connection, CuttableListener, Lines};
use self::log::Log;
use self::rules::Rules;
use crate::cluster::Cluster;

/// A running proxy. When it is dropped it listens no longer, and every connection breaks.
#[derive(Debug)]
pub struct ApiProxy {
    addr: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

/// What the request handlers share.
struct State {
    upstream: Client,
    rules: Arc<Mutex<Rules>>,
    log: Log,
    lines: Lines,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl ApiProxy {
    /// A proxy in front of the API server of this cluster.
    pub async fn in_front_of(cluster: &Cluster) -> Self {
        let kubeconfig = Kubeconfig::read_from(cluster.kubeconfig()).expect("a cluster has one");
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
        Self::start(&config.expect("the cluster was reached with it")).await
    }

    /// A proxy in front of the API server that this configuration names. Address and certificate authority are
    /// taken from it, credentials are not.
    pub async fn start(api_server: &Config) -> Self {
        crate::tls::install_provider();
        let mut upstream = api_server.clone();
        upstream.auth_info = AuthInfo::default();
        upstream.default_retry = false;
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("127.0.0.1 has a free port");
        let addr = listener.local_addr().expect("the socket is bound");
        let state = Arc::new(State {
            upstream: Client::try_from(upstream).expect("an address and a certificate authority"),
            rules: Arc::default(),
            log: Log::default(),
            lines: Lines::default(),
        });
        let app = Router::new()
            .fallback(any(forward::handle))
            .with_state(Arc::clone(&state))
            .into_make_service_with_connect_info::<Connection>();
        let listener = CuttableListener::new(listener, state.lines.clone());
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

    /// `http://127.0.0.1:<port>`: the `server` of a kubeconfig.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The next `times` of these calls meet `effect`. Where several rules fit a call, the oldest that is not used
    /// up decides.
    pub fn fail(&self, calls: Calls, times: usize, effect: Effect) {
        self.state.rules.lock().add(calls, Some(times), effect);
    }

    /// All of these calls meet `effect`, until [`heal()`](Self::heal).
    pub fn fail_always(&self, calls: Calls, effect: Effect) {
        self.state.rules.lock().add(calls, None, effect);
    }

    /// Stops these calls at `point` for as long as the returned value lives.
    pub fn hold(&self, calls: Calls, point: Point) -> Hold {
        Hold::new(&self.state.rules, calls, point)
    }

    /// Forgets what [`fail()`](Self::fail) and [`fail_always()`](Self::fail_always) said. Connections that an effect
    /// left without an answer break.
    pub fn heal(&self) {
        self.state.rules.lock().heal();
    }

    /// Breaks the connections of these watches, and of those that ended on a connection without another call since.
    pub fn cut_watches(&self, calls: &Calls) {
        self.state
            .lines
            .cut(|call| call.is_some_and(|call| call.verb == Verb::Watch && calls.cover(call)));
    }

    /// Breaks every connection.
    pub fn cut(&self) {
        self.state.lines.cut(|_| true);
    }

    /// Everything that passed so far, in the order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.log.seen()
    }

    /// How many of these calls came so far, whatever became of them.
    pub fn count(&self, calls: &Calls) -> usize {
        self.state.log.count(|seen| calls.cover(&seen.call))
    }

    /// Resolves once `count` of these calls came. Panics when that takes more than thirty seconds.
    pub async fn until_seen(&self, calls: &Calls, count: usize) {
        self.state.log.until(calls, count).await;
    }

    /// What was written so far, in the order of arrival: creates, updates, patches and deletes that the API server
    /// answered with success, whether the controller got the answer or not, and those whose answer is on its way:
    /// their effect can be seen before. Leases and Events are left out, and so is what only looks like a write:
    /// reviews and token requests.
    pub fn writes(&self) -> Vec<Seen> {
        let written = |seen: &Seen| {
            let accepted = seen.status.is_none_or(|code| code < 300);
            seen.call.is_write() && seen.passed_on && accepted
        };
        self.seen().into_iter().filter(written).collect()
    }

    /// Starts the log anew.
    pub fn forget(&self) {
        self.state.log.forget();
    }
}

impl Drop for ApiProxy {
    fn drop(&mut self) {
        self.server.abort();
        self.cut();
    }
}

#[cfg(test)]
mod tests;
