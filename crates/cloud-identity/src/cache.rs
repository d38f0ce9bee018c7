//! Credentials of clouds, kept as long as they are good for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use registry_client::{Fingerprint, Flights};
use tokio::time::Instant;

use crate::cloud::Wanted;
use crate::credential::Credential;
use crate::error::IdentityError;
use crate::settings::Settings;

/// What a cloud gave.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub(crate) credential: Credential,
    /// How long they are good for.
    pub(crate) lifetime: Duration,
}

/// What became of one request for credentials: `gotk_token_cache_events_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheEvent {
    /// They were there: `cache_hit`.
    Hit,
    /// They were fetched: `cache_miss`.
    Miss,
}

/// What the cache did since the process started, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheNumbers {
    /// Credentials that are kept now: `gotk_token_cached_items`.
    pub items: u64,
    /// Requests that got credentials: `gotk_token_cache_requests_total` with the status `success`.
    pub successes: u64,
    /// Requests that got none: `gotk_token_cache_requests_total` with the status `failure`.
    pub failures: u64,
    /// Credentials dropped for newer ones of others: `gotk_token_cache_evictions_total`.
    pub evictions: u64,
}

/// What credentials are kept under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey {
    pub(crate) wanted: Wanted,
    pub(crate) proxy: Option<Fingerprint>,
}

/// The least recently used credentials go first.
#[derive(Debug)]
pub(crate) struct Cache {
    size: usize,
    longest: Duration,
    kept: Mutex<Kept>,
    flights: Flights<CacheKey, Result<Fetched, IdentityError>>,
    successes: AtomicU64,
    failures: AtomicU64,
    evictions: AtomicU64,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<CacheKey, Entry>,
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    credential: Credential,
    ends: Instant,
    last_use: u64,
}

impl Cache {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            size: settings.token_cache_max_size,
            longest: settings.longest_kept(),
            kept: Mutex::default(),
            flights: Flights::default(),
            successes: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
        }
    }

    /// The credentials of `key`: kept ones, those that another caller fetches right now, or those of `fetch`.
    pub(crate) async fn get<F>(
        &self,
        key: CacheKey,
        end: Instant,
        fetch: impl FnOnce() -> F,
    ) -> (CacheEvent, Result<Credential, IdentityError>)
    where
        F: Future<Output = Result<Fetched, IdentityError>> + Send + 'static,
    {
        if let Some(credentials) = self.kept.lock().get(&key, Instant::now()) {
            self.successes.fetch_add(1, Ordering::Relaxed);
            return (CacheEvent::Hit, Ok(credentials));
        }
        let flight = self.flights.join(key.clone(), end, |_| fetch());
        let result = flight.await.map(|fetched| {
            let credentials = fetched.credential.clone();
            self.keep(key, fetched, Instant::now());
            credentials
        });
        let counter = if result.is_ok() {
            &self.successes
        } else {
            &self.failures
        };
        counter.fetch_add(1, Ordering::Relaxed);
        (CacheEvent::Miss, result)
    }

    pub(crate) fn numbers(&self) -> CacheNumbers {
        let now = Instant::now();
        let kept = self.kept.lock();
        let items = kept.entries.values().filter(|entry| entry.ends > now);
        CacheNumbers {
            items: items.count() as u64,
            successes: self.successes.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            evictions: self.evictions.load(Ordering::Relaxed),
        }
    }

    /// Credentials are used for four fifths of their life, so that none ends on the way.
    fn keep(&self, key: CacheKey, fetched: Fetched, now: Instant) {
        let usable = (fetched.lifetime * 4 / 5).min(self.longest);
        if self.size == 0 || usable.is_zero() {
            return;
        }
        let mut kept = self.kept.lock();
        if kept.entries.contains_key(&key) {
            // Another caller of the same flight was here.
            return;
        }
        kept.entries.retain(|_, entry| entry.ends > now);
        while kept.entries.len() >= self.size && kept.drop_oldest() {
            self.evictions.fetch_add(1, Ordering::Relaxed);
        }
        let entry = Entry {
            credential: fetched.credential,
            ends: now + usable,
            last_use: kept.tick(),
        };
        kept.entries.insert(key, entry);
    }
}

impl Kept {
    fn get(&mut self, key: &CacheKey, now: Instant) -> Option<Credential> {
        let tick = self.tick();
        let entry = self.entries.get_mut(key)?;
        if entry.ends <= now {
            self.entries.remove(key);
            return None;
        }
        entry.last_use = tick;
        Some(entry.credential.clone())
    }

    /// Whether there was one.
    fn drop_oldest(&mut self) -> bool {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.last_use);
        let Some(key) = oldest.map(|(key, _)| key.clone()) else {
            return false;
        };
        self.entries.remove(&key).is_some()
    }

    fn tick(&mut self) -> u64 {
        self.uses += 1;
        self.uses
    }
}

#[cfg(test)]
mod tests;
