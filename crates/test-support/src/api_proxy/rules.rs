//! Which calls fail, and how; and the calls that a test holds.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::call::{Call, Calls};

/// How long [`Hold::reached`] waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// What becomes of a call.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The proxy answers with this status in the API server's place; the call never reaches it.
    Status(u16),
    /// 429 with this `Retry-After`, in seconds.
    TooManyRequests(u32),
    /// The right answer, so much later.
    Delay(Duration),
    /// The connection breaks before the call reaches the API server.
    LoseCall,
    /// The API server does its work, and then the connection breaks.
    LoseAnswer,
    /// No answer at all; the API server never hears of the call.
    Hang,
}

/// Where a [`Hold`] stops a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before the API server hears of it. When the client goes away while the call is held, it never does.
    Before,
    /// The API server has done its work; the client knows nothing of it yet.
    After,
}

/// Rules, oldest first.
#[derive(Debug, Default)]
pub(super) struct Rules {
    faults: Vec<Fault>,
    holds: Vec<Held>,
    healed: CancellationToken,
    next_hold: usize,
}

#[derive(Debug)]
struct Fault {
    calls: Calls,
    left: Option<usize>,
    effect: Effect,
}

#[derive(Clone, Debug)]
struct Held {
    id: usize,
    calls: Calls,
    point: Point,
    /// How many more calls pass before one is held.
    passing: usize,
    gate: Arc<Gate>,
}

/// Where held calls wait.
#[derive(Debug, Default)]
struct Gate {
    waiting: watch::Sender<usize>,
    open: CancellationToken,
}

/// What meets one call.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    hold: Option<(Point, Arc<Gate>)>,
    pub(super) effect: Option<Effect>,
    /// Ends the waiting of a call that hangs.
    pub(super) healed: CancellationToken,
}

impl Verdict {
    /// Waits while a hold stops the call at this point.
    pub(super) async fn stop_at(&self, point: Point) {
        if let Some((wanted, gate)) = &self.hold
            && *wanted == point
        {
            gate.pass().await;
        }
    }
}

impl Rules {
    pub(super) fn add(&mut self, calls: Calls, left: Option<usize>, effect: Effect) {
        self.faults.push(Fault {
            calls,
            left,
            effect,
        });
    }

    pub(super) fn heal(&mut self) {
        self.faults.clear();
        std::mem::take(&mut self.healed).cancel();
    }

    /// Uses up one fault and one step of a hold for this call.
    pub(super) fn judge(&mut self, call: &Call) -> Verdict {
        Verdict {
            hold: self.hold_for(call),
            effect: self.effect_for(call),
            healed: self.healed.clone(),
        }
    }

    fn effect_for(&mut self, call: &Call) -> Option<Effect> {
        let fault = self
            .faults
            .iter_mut()
            .find(|fault| fault.calls.cover(call) && fault.left.is_none_or(|left| left > 0))?;
        if let Some(left) = &mut fault.left {
            *left -= 1;
        }
        Some(fault.effect.clone())
    }

    fn hold_for(&mut self, call: &Call) -> Option<(Point, Arc<Gate>)> {
        let held = self.holds.iter_mut().find(|held| held.calls.cover(call))?;
        if held.passing > 0 {
            held.passing -= 1;
            return None;
        }
        Some((held.point, Arc::clone(&held.gate)))
    }
}

/// Stops calls for as long as it lives; see [`ApiProxy::hold()`](super::ApiProxy::hold).
#[derive(Debug)]
pub struct Hold {
    rules: Arc<Mutex<Rules>>,
    id: usize,
    gate: Arc<Gate>,
}

impl Hold {
    pub(super) fn new(rules: &Arc<Mutex<Rules>>, calls: Calls, point: Point) -> Self {
        let gate = Arc::<Gate>::default();
        let mut locked = rules.lock();
        let id = locked.next_hold;
        locked.next_hold += 1;
        locked.holds.push(Held {
            id,
            calls,
            point,
            passing: 0,
            gate: Arc::clone(&gate),
        });
        drop(locked);
        Self {
            rules: Arc::clone(rules),
            id,
            gate,
        }
    }

    /// Lets so many of the calls pass first.
    #[must_use]
    pub fn after(self, passing: usize) -> Self {
        let mut rules = self.rules.lock();
        if let Some(held) = rules.holds.iter_mut().find(|held| held.id == self.id) {
            held.passing = passing;
        }
        drop(rules);
        self
    }

    /// Resolves once a call is held. Panics when that takes more than thirty seconds.
    pub async fn reached(&self) {
        self.until(|held| held > 0, "the call to hold never came")
            .await;
    }

    /// Resolves once no call is held any more because the clients went away. Panics when that takes more than thirty
    /// seconds.
    pub async fn abandoned(&self) {
        self.until(|held| held == 0, "the client of a held call never left")
            .await;
    }

    async fn until(&self, wanted: fn(usize) -> bool, otherwise: &str) {
        let mut waiting = self.gate.waiting.subscribe();
        let wait = tokio::time::timeout(PATIENCE, waiting.wait_for(|held| wanted(*held)));
        assert!(wait.await.is_ok(), "{otherwise}");
    }

    /// How many calls are held at this moment. A call whose client went away is no longer held.
    pub fn held(&self) -> usize {
        *self.gate.waiting.borrow()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.rules.lock().holds.retain(|held| held.id != self.id);
        self.gate.open.cancel();
    }
}

impl Gate {
    /// Waits until the hold is gone.
    async fn pass(&self) {
        let waiting = Waiting::new(self);
        self.open.cancelled().await;
        drop(waiting);
    }
}

/// Counts a call as held, also when its client goes away.
struct Waiting<'a>(&'a Gate);

impl<'a> Waiting<'a> {
    fn new(gate: &'a Gate) -> Self {
        gate.waiting.send_modify(|waiting| *waiting += 1);
        Self(gate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}
