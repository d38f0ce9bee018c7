//! A bound on connections. Where it is reached, a new one takes the place of the one that has kept the server waiting for
//! longest, so that clients that send slowly, or nothing, keep nobody out.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long to wait for a place before another connection is asked to go.
const PATIENCE: Duration = Duration::from_millis(100);
/// What [`Place::turn`] is while a hook is being handled: nobody takes the place of such a connection.
const BUSY: u64 = u64::MAX;

/// The connections that are open. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    open: Arc<Mutex<HashMap<u64, Arc<Place>>>>,
    turns: Arc<AtomicU64>,
}

/// What is known of one connection.
#[derive(Debug)]
pub(crate) struct Place {
    /// Which turn it was when the server began to wait for the client.
    turn: AtomicU64,
    turns: Arc<AtomicU64>,
    /// Whether the client is sending the head of a request, or nothing.
    in_head: AtomicBool,
    /// Whether a request was answered since [`Self::begins_anew`] was asked.
    answered: AtomicBool,
    /// Whether the last answer came before the request was read to its end.
    unread: AtomicBool,
    /// Cancelled when another connection takes the place.
    pub(crate) taken: CancellationToken,
}

/// A connection that is open until this value is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) place: Arc<Place>,
    connections: Connections,
    id: u64,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// Room for `most` connections.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most)),
            open: Arc::default(),
            turns: Arc::default(),
        }
    }

    /// Waits for a place; where all are taken by hooks that are being handled, until one of those is done.
    pub(crate) async fn admit(&self) -> Admitted {
        let mut permit = Arc::clone(&self.places).try_acquire_owned().ok();
        loop {
            if let Some(permit) = permit {
                return self.open(permit);
            }
            self.evict();
            let free = Arc::clone(&self.places).acquire_owned();
            permit = timeout(PATIENCE, free).await.ok().and_then(Result::ok);
        }
    }

    fn open(&self, permit: OwnedSemaphorePermit) -> Admitted {
        let id = self.turns.fetch_add(1, Ordering::Relaxed);
        let place = Arc::new(Place {
            turn: AtomicU64::new(id),
            turns: Arc::clone(&self.turns),
            in_head: AtomicBool::new(true),
            answered: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            taken: CancellationToken::new(),
        });
        self.open.lock().insert(id, Arc::clone(&place));
        Admitted {
            place,
            connections: self.clone(),
            id,
            _permit: permit,
        }
    }

    /// Asks the connection to go that has kept the server waiting for longest.
    fn evict(&self) {
        let mut open = self.open.lock();
        let longest = open
            .iter()
            .map(|(id, place)| (place.turn.load(Ordering::Relaxed), *id))
            .filter(|(turn, _)| *turn != BUSY)
            .min();
        if let Some(place) = longest.and_then(|(_, id)| open.remove(&id)) {
            place.taken.cancel();
        }
    }
}

impl Place {
    /// The head of a request has come.
    pub(crate) fn has_head(&self) {
        self.in_head.store(false, Ordering::Relaxed);
    }

    /// Whether the client is sending the head of a request, or nothing.
    pub(crate) fn is_in_head(&self) -> bool {
        self.in_head.load(Ordering::Relaxed)
    }

    /// Whether what comes now is of another request than what came when this was asked before.
    pub(crate) fn begins_anew(&self) -> bool {
        self.answered.swap(false, Ordering::Relaxed)
    }

    /// A hook is being handled, from now until [`Self::waits`].
    pub(crate) fn works(&self) {
        self.turn.store(BUSY, Ordering::Relaxed);
    }

    /// The request is answered: from now on the client is waited for.
    pub(crate) fn waits(&self) {
        self.in_head.store(true, Ordering::Relaxed);
        self.answered.store(true, Ordering::Relaxed);
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        self.turn.store(turn, Ordering::Relaxed);
    }

    /// The request was answered before it was read to its end.
    pub(crate) fn leaves_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Whether the client may still be sending what nobody reads.
    pub(crate) fn is_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.connections.open.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn a_new_connection_takes_the_place_of_the_one_that_waits_for_longest() {
        let connections = Connections::new(3);
        let (first, second) = (connections.admit().await, connections.admit().await);
        let third = connections.admit().await;
        first.place.waits();
        third.place.works();
        let mut fourth = Box::pin(connections.admit());
        assert!(poll!(&mut fourth).is_pending());
        let taken = |admitted: &Admitted| admitted.place.taken.is_cancelled();
        assert_eq!([&first, &second, &third].map(taken), [false, true, false]);
        drop(second);
        fourth.await;
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_takes_the_place_of_a_hook_that_is_being_handled() {
        let connections = Connections::new(1);
        let only = connections.admit().await;
        only.place.works();
        let mut next = Box::pin(connections.admit());
        assert!(timeout(10 * PATIENCE, &mut next).await.is_err());
        assert!(!only.place.taken.is_cancelled());
        only.place.waits();
        assert!(timeout(10 * PATIENCE, &mut next).await.is_err());
        assert!(only.place.taken.is_cancelled());
        drop(only);
        next.await;
        assert_eq!(connections.places.available_permits(), 1);
        assert!(connections.open.lock().is_empty());
    }
}
