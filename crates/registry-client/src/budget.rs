//! What one registry host has to bear from this process, all callers together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::flight::Deadline;
use crate::headers;

/// Above this many hosts, those without any work are forgotten.
const MANY_HOSTS: usize = 1024;

/// The budgets of all hosts.
#[derive(Debug)]
pub(crate) struct Budgets {
    concurrency: usize,
    hosts: Mutex<HashMap<String, Arc<Budget>>>,
}

impl Budgets {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self {
            concurrency: concurrency.clamp(1, Semaphore::MAX_PERMITS),
            hosts: Mutex::default(),
        }
    }

    pub(crate) fn of(&self, host: &str) -> Arc<Budget> {
        let mut hosts = self.hosts.lock();
        if let Some(budget) = hosts.get(host) {
            return Arc::clone(budget);
        }
        if hosts.len() >= MANY_HOSTS {
            hosts.retain(|_, budget| Arc::strong_count(budget) > 1 || budget.pause().is_some());
        }
        let budget = Arc::new(Budget::new(self.concurrency));
        hosts.insert(host.to_owned(), Arc::clone(&budget));
        budget
    }
}

/// How many requests may be open at one host, and since when it wants none.
#[derive(Debug)]
pub(crate) struct Budget {
    permits: Semaphore,
    paused_until: Mutex<Option<Instant>>,
}

/// The host wants no request for longer than the caller has time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) retry_after: Duration,
}

impl Budget {
    fn new(concurrency: usize) -> Self {
        Self {
            permits: Semaphore::new(concurrency),
            paused_until: Mutex::default(),
        }
    }

    /// Waits until the host takes one more request.
    pub(crate) async fn turn(&self, deadline: &Deadline) -> Result<SemaphorePermit<'_>, Exhausted> {
        loop {
            self.wait_out(deadline).await?;
            let permit = self.permits.acquire().await;
            let permit = permit.expect("nothing closes the semaphore");
            // Another request may have been told to stop while this one queued.
            if self.pause().is_none() {
                return Ok(permit);
            }
        }
    }

    async fn wait_out(&self, deadline: &Deadline) -> Result<(), Exhausted> {
        while let Some(until) = self.pause() {
            if until > deadline.end() {
                let retry_after = until.saturating_duration_since(Instant::now());
                return Err(Exhausted { retry_after });
            }
            tokio::time::sleep_until(until).await;
        }
        Ok(())
    }

    /// The end of the present pause.
    fn pause(&self) -> Option<Instant> {
        self.paused_until
            .lock()
            .filter(|&until| until > Instant::now())
    }

    /// Obeys what an answer says about further requests.
    pub(crate) fn observe(&self, status: StatusCode, headers: &HeaderMap) {
        if let Some(pause) = pause_after(status, headers, SystemTime::now()) {
            let until = Instant::now() + pause;
            let mut current = self.paused_until.lock();
            *current = Some(current.map_or(until, |old| old.max(until)));
        }
    }

    /// How long the host still wants no request.
    pub(crate) fn paused_for(&self) -> Option<Duration> {
        let until = self.pause()?;
        Some(until.saturating_duration_since(Instant::now()))
    }
}

/// The pause that an answer asks for. `Retry-After` goes before the rate limit, and counts on refusals
/// only; a rate limit counts when nothing is left of it.
fn pause_after(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let refused = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    let value = |name: &str| headers.get(name)?.to_str().ok();
    let retry_after = value(RETRY_AFTER.as_str())
        .filter(|_| refused)
        .and_then(|value| headers::retry_after(value, now));
    retry_after.or_else(|| {
        let limit = headers::rate_limit(&value, now)?;
        (limit.remaining == 0).then_some(limit.renewed_in)
    })
}

#[cfg(test)]
mod tests;
