//! What was requested of the server.

use std::sync::Arc;

use parking_lot::Mutex;

/// One request and its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header `Git-Protocol`, `version=2` for instance.
    pub protocol: Option<String>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The answer's status; none before there is an answer.
    pub status: Option<u16>,
    /// Bytes of the request's body that were received so far.
    pub up: u64,
    /// Bytes of the answer's body that were sent so far.
    pub down: u64,
}

/// Sums over exchanges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many requests there were.
    pub requests: usize,
    /// Bytes in request bodies.
    pub up: u64,
    /// Bytes in response bodies.
    pub down: u64,
}

#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Mutex<Vec<Arc<Entry>>>,
}

/// An exchange under way.
#[derive(Debug)]
pub(super) struct Entry {
    exchange: Mutex<Exchange>,
}

impl Entry {
    pub(super) fn sent(&self, bytes: usize) {
        self.exchange.lock().down += bytes as u64;
    }

    pub(super) fn received(&self, bytes: usize) {
        self.exchange.lock().up += bytes as u64;
    }

    pub(super) fn answered(&self, status: u16) {
        self.exchange.lock().status = Some(status);
    }
}

impl Log {
    pub(super) fn begin(&self, exchange: Exchange) -> Arc<Entry> {
        let entry = Arc::new(Entry {
            exchange: Mutex::new(exchange),
        });
        self.entries.lock().push(Arc::clone(&entry));
        entry
    }

    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        let entries = self.entries.lock();
        entries
            .iter()
            .map(|entry| entry.exchange.lock().clone())
            .collect()
    }

    pub(super) fn totals(&self) -> Totals {
        self.exchanges()
            .iter()
            .fold(Totals::default(), |totals, exchange| Totals {
                requests: totals.requests + 1,
                up: totals.up + exchange.up,
                down: totals.down + exchange.down,
            })
    }

    pub(super) fn forget(&self) {
        self.entries.lock().clear();
    }
}
