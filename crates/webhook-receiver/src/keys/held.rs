//! Keys for as long as they count.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{FetchError, IssuerKeys};

/// Keys count for this long, however short a time their server says: Flux's clients fetch them for every hook.
const FLOOR: Duration = Duration::from_secs(60);
/// And for this long at most: a key that was taken back is not accepted for longer.
const CEILING: Duration = Duration::from_secs(3600);
/// How soon keys are fetched again that could not be fetched, or lacked the one of a token.
const PAUSE: Duration = Duration::from_secs(5);

/// Keys of one issuer as they were fetched. Who needs others than those at hand waits while they are.
#[derive(Debug, Default)]
pub(super) struct Held {
    state: Mutex<State>,
    /// Held by the one who fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The keys that came last, and when.
    fresh: Option<(Instant, Fresh)>,
    /// When keys were asked for last, and what went wrong.
    tried: Option<(Instant, Result<(), FetchError>)>,
}

/// Keys as they came.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) keys: Arc<IssuerKeys>,
    /// How long they count, as their server says.
    pub(super) lifetime: Option<Duration>,
}

impl Held {
    /// The keys, fetched where those at hand do not count any more or lack the `wanted` one. A fetch that fails takes nothing
    /// from those at hand.
    pub(super) async fn get<F>(
        &self,
        wanted: Option<&str>,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<IssuerKeys>, FetchError>
    where
        F: Future<Output = Result<Fresh, FetchError>>,
    {
        // Tokens of keys that do not exist hold up nobody else.
        if let Some(keys) = self.serves(wanted) {
            return Ok(keys);
        }
        let _fetching = self.fetching.lock().await;
        if let Some(keys) = self.serves(wanted) {
            return Ok(keys);
        }
        if !self.has_just_tried() {
            let result = fetch().await;
            self.state.lock().fetched(result);
        }
        self.state.lock().newest()
    }

    fn serves(&self, wanted: Option<&str>) -> Option<Arc<IssuerKeys>> {
        self.state.lock().serves(wanted)
    }

    fn has_just_tried(&self) -> bool {
        self.state.lock().has_just_tried()
    }
}

impl State {
    /// The keys at hand, where they count and hold the `wanted` one.
    fn serves(&self, wanted: Option<&str>) -> Option<Arc<IssuerKeys>> {
        let (at, fresh) = self.fresh.as_ref()?;
        let counts = fresh.lifetime.unwrap_or(FLOOR).clamp(FLOOR, CEILING);
        let serves = at.elapsed() < counts && fresh.keys.set.has(wanted);
        serves.then(|| Arc::clone(&fresh.keys))
    }

    fn has_just_tried(&self) -> bool {
        self.tried
            .as_ref()
            .is_some_and(|(at, _)| at.elapsed() < PAUSE)
    }

    fn fetched(&mut self, result: Result<Fresh, FetchError>) {
        let now = Instant::now();
        let tried = result.map(|fresh| self.fresh = Some((now, fresh)));
        self.tried = Some((now, tried));
    }

    /// What the last fetch came to.
    fn newest(&self) -> Result<Arc<IssuerKeys>, FetchError> {
        if let Some((_, Err(error))) = &self.tried {
            return Err(error.clone());
        }
        let keys = self
            .fresh
            .as_ref()
            .map(|(_, fresh)| Arc::clone(&fresh.keys));
        Ok(keys.unwrap_or_default())
    }
}
