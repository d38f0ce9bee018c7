//! Equal work that callers share while it is under way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use parking_lot::Mutex;
use tokio::time::Instant;

/// When the last of those who wait gives up. Joining a flight can only move it back.
#[derive(Clone, Debug)]
pub struct Deadline(Arc<Mutex<Instant>>);

impl Deadline {
    pub(crate) fn new(end: Instant) -> Self {
        Self(Arc::new(Mutex::new(end)))
    }

    /// When that is, as far as it is known now.
    pub fn end(&self) -> Instant {
        *self.0.lock()
    }

    fn extend(&self, end: Instant) {
        let mut current = self.0.lock();
        *current = end.max(*current);
    }
}

/// Work in progress by key. The work belongs to those who wait for it: it goes on when one of them is
/// dropped, whoever started it, and ends when all are.
#[derive(Debug)]
pub struct Flights<K, T: Clone> {
    flying: Mutex<HashMap<K, Flight<T>>>,
}

#[derive(Debug)]
struct Flight<T: Clone> {
    work: WeakShared<BoxFuture<'static, T>>,
    began: Instant,
    deadline: Deadline,
}

impl<T: Clone> Flight<T> {
    /// The work, when somebody still waits for it.
    fn join(&self) -> Option<Shared<BoxFuture<'static, T>>> {
        let work = self.work.upgrade()?;
        work.peek().is_none().then_some(work)
    }
}

impl<K, T: Clone> Default for Flights<K, T> {
    fn default() -> Self {
        Self {
            flying: Mutex::default(),
        }
    }
}

impl<K: Clone + Eq + Hash, T: Clone + Send + Sync + 'static> Flights<K, T> {
    /// The result of the flight of `key`: one that is under way, or the one that `start` makes.
    /// `deadline` is when this caller gives up; the flight lives by the latest of all of them.
    pub async fn join<F>(&self, key: K, deadline: Instant, start: impl FnOnce(Deadline) -> F) -> T
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.join_since(None, key, deadline, start).await
    }

    /// The same, where a flight that began before `since` does not do, for its result may not tell what was true then.
    /// Those who wait for it still get that result; who comes later joins the new flight.
    pub async fn join_since<F>(
        &self,
        since: Option<Instant>,
        key: K,
        deadline: Instant,
        start: impl FnOnce(Deadline) -> F,
    ) -> T
    where
        F: Future<Output = T> + Send + 'static,
    {
        // Declared first, so that it is dropped after the work.
        let _landing = Landing {
            flights: self,
            key: key.clone(),
        };
        let work = {
            let mut flying = self.flying.lock();
            let fits = |flight: &&Flight<T>| since.is_none_or(|since| flight.began >= since);
            let under_way = flying
                .get(&key)
                .filter(fits)
                .and_then(|flight| Some((flight.join()?, &flight.deadline)));
            match under_way {
                Some((work, shared)) => {
                    shared.extend(deadline);
                    work
                }
                None => launch(&mut flying, key, deadline, start),
            }
        };
        work.await
    }
}

fn launch<K: Eq + Hash, T: Clone + Send + Sync + 'static, F>(
    flying: &mut HashMap<K, Flight<T>>,
    key: K,
    deadline: Instant,
    start: impl FnOnce(Deadline) -> F,
) -> Shared<BoxFuture<'static, T>>
where
    F: Future<Output = T> + Send + 'static,
{
    let deadline = Deadline::new(deadline);
    let work = start(deadline.clone()).boxed().shared();
    if let Some(weak) = work.downgrade() {
        let flight = Flight {
            work: weak,
            began: Instant::now(),
            deadline,
        };
        flying.insert(key, flight);
    }
    work
}

/// Forgets a flight that nobody waits for any more.
struct Landing<'a, K: Eq + Hash, T: Clone> {
    flights: &'a Flights<K, T>,
    key: K,
}

impl<K: Eq + Hash, T: Clone> Drop for Landing<'_, K, T> {
    fn drop(&mut self) {
        let mut flying = self.flights.flying.lock();
        if flying
            .get(&self.key)
            .is_some_and(|flight| flight.join().is_none())
        {
            flying.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::*;

    /// A flight that counts its starts and ends when told.
    #[derive(Clone, Default)]
    struct Airport {
        flights: Arc<Flights<&'static str, usize>>,
        starts: Arc<AtomicUsize>,
        land: Arc<Notify>,
    }

    impl Airport {
        async fn fly(self, key: &'static str) -> usize {
            self.fly_since(key, None).await
        }

        async fn fly_since(self, key: &'static str, since: Option<Instant>) -> usize {
            let end = Instant::now() + Duration::from_secs(60);
            let (starts, land) = (Arc::clone(&self.starts), Arc::clone(&self.land));
            let start = |_| async move {
                let number = starts.fetch_add(1, Ordering::SeqCst) + 1;
                land.notified().await;
                number
            };
            self.flights.join_since(since, key, end, start).await
        }

        fn starts(&self) -> usize {
            self.starts.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn equal_keys_share_one_flight_and_different_ones_do_not() {
        let airport = Airport::default();
        let mut flights: Vec<_> = ["a", "a", "a", "b"]
            .into_iter()
            .map(|key| Box::pin(airport.clone().fly(key)))
            .collect();
        for flight in &mut flights {
            assert!(flight.as_mut().now_or_never().is_none());
        }
        assert_eq!(airport.starts(), 2);
        airport.land.notify_waiters();
        let mut results = Vec::new();
        for flight in flights {
            results.push(flight.await);
        }
        assert_eq!(results, [1, 1, 1, 2]);
        assert!(airport.flights.flying.lock().is_empty());
    }

    #[tokio::test]
    async fn a_flight_goes_on_without_the_one_who_started_it() {
        let airport = Airport::default();
        let mut leader = Box::pin(airport.clone().fly("a"));
        let mut follower = Box::pin(airport.clone().fly("a"));
        assert!(leader.as_mut().now_or_never().is_none());
        assert!(follower.as_mut().now_or_never().is_none());
        drop(leader);
        airport.land.notify_waiters();
        assert_eq!(follower.await, 1);
        assert_eq!(airport.starts(), 1);
    }

    #[tokio::test]
    async fn a_flight_ends_with_the_last_who_waits() {
        let airport = Airport::default();
        let mut first = Box::pin(airport.clone().fly("a"));
        assert!(first.as_mut().now_or_never().is_none());
        drop(first);
        assert!(airport.flights.flying.lock().is_empty());
        let mut second = Box::pin(airport.clone().fly("a"));
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(airport.starts(), 2);
        airport.land.notify_waiters();
        assert_eq!(second.await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flight_that_began_too_early_is_not_joined() {
        let airport = Airport::default();
        let mut old = Box::pin(airport.clone().fly("a"));
        assert!(old.as_mut().now_or_never().is_none());
        tokio::time::advance(Duration::from_secs(1)).await;
        let now = Some(Instant::now());
        let mut new = Box::pin(airport.clone().fly_since("a", now));
        let mut same = Box::pin(airport.clone().fly_since("a", now));
        let mut any = Box::pin(airport.clone().fly_since("a", None));
        for flight in [&mut new, &mut same, &mut any] {
            assert!(flight.as_mut().now_or_never().is_none());
        }
        assert_eq!(airport.starts(), 2);
        airport.land.notify_waiters();
        assert_eq!(old.await, 1, "nobody loses what was under way");
        assert_eq!((new.await, same.await, any.await), (2, 2, 2));
        assert!(airport.flights.flying.lock().is_empty());
    }

    #[tokio::test]
    async fn joining_moves_the_deadline_back_only() {
        let flights: Flights<&str, Instant> = Flights::default();
        let now = Instant::now();
        let end = |seconds| now + Duration::from_secs(seconds);
        let release = Arc::new(Notify::new());
        let start = |deadline: Deadline| {
            let release = Arc::clone(&release);
            async move {
                release.notified().await;
                deadline.end()
            }
        };
        let mut first = Box::pin(flights.join("a", end(10), start));
        assert!(first.as_mut().now_or_never().is_none());
        let mut later = Box::pin(flights.join("a", end(20), start));
        assert!(later.as_mut().now_or_never().is_none());
        let mut sooner = Box::pin(flights.join("a", end(5), start));
        assert!(sooner.as_mut().now_or_never().is_none());
        release.notify_waiters();
        assert_eq!(first.await, end(20));
    }
}
