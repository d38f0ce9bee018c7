//! Which calls came, and how they were answered.

use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::watch;

use super::call::{Call, Calls};

/// How long [`Log::until`] waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// One call as the proxy saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it asked for.
    pub call: Call,
    /// What the client sent; empty until all of it came.
    pub body: Bytes,
    /// Whether it was passed on to the API server.
    pub passed_on: bool,
    /// The status that the API server gave, or the rule that stood in its place; 502 where the API server gave none.
    /// None as long as nobody knows.
    pub status: Option<u16>,
}

/// Where in the log a call is noted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    log: usize,
    index: usize,
}

/// The calls so far.
#[derive(Debug, Default)]
pub(super) struct Log(watch::Sender<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// How often the log was started anew: answers to calls of an earlier log are not noted.
    log: usize,
    seen: Vec<Seen>,
}

impl Log {
    pub(super) fn note(&self, call: &Call) -> Entry {
        let mut entry = Entry { log: 0, index: 0 };
        self.0.send_modify(|entries| {
            entry.log = entries.log;
            entry.index = entries.seen.len();
            entries.seen.push(Seen {
                call: call.clone(),
                body: Bytes::new(),
                passed_on: false,
                status: None,
            });
        });
        entry
    }

    pub(super) fn sent(&self, entry: Entry, body: &Bytes) {
        self.change(entry, |seen| seen.body = body.clone());
    }

    pub(super) fn passed_on(&self, entry: Entry) {
        self.change(entry, |seen| seen.passed_on = true);
    }

    pub(super) fn answered(&self, entry: Entry, status: u16) {
        self.change(entry, |seen| seen.status = Some(status));
    }

    fn change(&self, entry: Entry, change: impl FnOnce(&mut Seen)) {
        self.0.send_modify(|entries| {
            if entries.log == entry.log
                && let Some(seen) = entries.seen.get_mut(entry.index)
            {
                change(seen);
            }
        });
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.0.borrow().seen.clone()
    }

    pub(super) fn count(&self, picked: impl Fn(&Seen) -> bool) -> usize {
        self.0
            .borrow()
            .seen
            .iter()
            .filter(|seen| picked(seen))
            .count()
    }

    pub(super) async fn until(&self, calls: &Calls, count: usize) {
        let mut entries = self.0.subscribe();
        let came = |entries: &Entries| {
            let matching = entries.seen.iter().filter(|seen| calls.cover(&seen.call));
            matching.count() >= count
        };
        let wait = tokio::time::timeout(PATIENCE, entries.wait_for(came));
        assert!(
            wait.await.is_ok(),
            "{count} calls like {calls:?} never came: {:?}",
            self.seen()
        );
    }

    pub(super) fn forget(&self) {
        self.0.send_modify(|entries| {
            entries.log += 1;
            entries.seen.clear();
        });
    }
}
