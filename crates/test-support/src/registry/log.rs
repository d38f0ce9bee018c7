//! Which requests came, how many were open at once, and the answers a test holds back.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, Uri};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::fault::Endpoint;

/// One request as the registry saw it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it asked for.
    pub endpoint: Endpoint,
    /// `GET`, `HEAD`, …
    pub method: Method,
    /// The path without the query.
    pub path: String,
    /// The query, without the question mark.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
}

impl Request {
    pub(super) fn new(endpoint: Endpoint, method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        Self {
            endpoint,
            method: method.clone(),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers: headers.clone(),
        }
    }

    /// The value of a header, empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// The log, and the place where requests wait.
#[derive(Debug, Default)]
pub(super) struct Gate {
    requests: Mutex<Vec<Request>>,
    closed: Arc<watch::Sender<Option<Endpoint>>>,
    open: watch::Sender<Open>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Open {
    now: usize,
    peak: usize,
    held: usize,
}

/// Keeps the answers of an endpoint back for as long as it lives.
#[derive(Debug)]
pub struct Hold {
    closed: Arc<watch::Sender<Option<Endpoint>>>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.closed.send_replace(None);
    }
}

/// Counts a request as open for as long as it lives.
#[derive(Debug)]
pub(super) struct Visit<'a>(&'a Gate);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| open.now -= 1);
    }
}

impl Gate {
    pub(super) fn enter(&self, request: Request) -> Visit<'_> {
        self.requests.lock().push(request);
        self.open.send_modify(|open| {
            open.now += 1;
            open.peak = open.peak.max(open.now);
        });
        Visit(self)
    }

    pub(super) async fn wait(&self, endpoint: Endpoint) {
        let mut closed = self.closed.subscribe();
        let is_open = |closed: &Option<Endpoint>| !closed.is_some_and(|held| held.covers(endpoint));
        if is_open(&closed.borrow()) {
            return;
        }
        let held = Held::new(self);
        // The sender lives in `self`.
        drop(closed.wait_for(is_open).await);
        drop(held);
    }

    pub(super) fn hold(&self, endpoint: Endpoint) -> Hold {
        self.closed.send_replace(Some(endpoint));
        Hold {
            closed: Arc::clone(&self.closed),
        }
    }

    pub(super) async fn reached(&self, count: usize) {
        let mut open = self.open.subscribe();
        // The sender lives in `self`.
        drop(open.wait_for(|open| open.held >= count).await);
    }

    pub(super) fn peak(&self) -> usize {
        self.open.borrow().peak
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().clone()
    }

    pub(super) fn forget(&self) {
        self.requests.lock().clear();
    }

    pub(super) fn count(&self, endpoint: Endpoint) -> usize {
        let requests = self.requests.lock();
        requests
            .iter()
            .filter(|request| endpoint.covers(request.endpoint))
            .count()
    }
}

/// Counts a request as held back, also when its client goes away.
struct Held<'a>(&'a Gate);

impl<'a> Held<'a> {
    fn new(gate: &'a Gate) -> Self {
        gate.open.send_modify(|open| open.held += 1);
        Self(gate)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| open.held -= 1);
    }
}
