//! How long an object waits after a failed pass.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::time::Duration;

use parking_lot::Mutex;

/// The longest wait that a server can ask for.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The shortest wait after a failure.
const SHORTEST: Duration = Duration::from_millis(1);

/// The failures in a row of each object that is failing.
///
/// The delay doubles from the minimum to the maximum; up to a quarter of it is left to chance, so
/// that objects that failed together do not come back together. Nothing is kept for an object whose
/// last pass succeeded.
#[derive(Debug)]
pub(crate) struct Backoff<Key> {
    min: Duration,
    max: Duration,
    failures: Mutex<HashMap<Key, u32>>,
}

impl<Key: Eq + Hash> Backoff<Key> {
    /// Delays between `min` and `max`; a maximum below the minimum counts as the minimum, and a
    /// minimum of nothing, which would double to nothing, as [`SHORTEST`].
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        let min = min.max(SHORTEST);
        Self {
            min,
            max: max.max(min),
            failures: Mutex::default(),
        }
    }

    /// Notes one more failure, and says how long to wait.
    ///
    /// `retry_after` is what a server asked for: it is obeyed up to [`MAX_RETRY_AFTER`], and never
    /// makes the wait shorter than the minimum.
    pub(crate) fn failed(&self, key: Key, retry_after: Option<Duration>) -> Duration {
        let before = {
            let mut failures = self.failures.lock();
            let count = failures.entry(key).or_default();
            *count = count.saturating_add(1);
            *count - 1
        };
        let chance = RandomState::new().hash_one(before);
        match retry_after {
            Some(asked) => spread(asked.min(MAX_RETRY_AFTER).max(self.min), chance),
            None => self.delay(before, chance),
        }
    }

    /// Forgets the failures of an object that succeeded, or is gone.
    pub(crate) fn clear(&self, key: &Key) {
        self.failures.lock().remove(key);
    }

    /// How many objects are failing.
    pub(crate) fn len(&self) -> usize {
        self.failures.lock().len()
    }

    /// The delay after `before + 1` failures: doubled `before` times and spread upwards, at the
    /// maximum spread downwards.
    fn delay(&self, before: u32, chance: u64) -> Duration {
        let factor = 1_u32.checked_shl(before).unwrap_or(u32::MAX);
        let delay = spread(self.min.saturating_mul(factor), chance);
        if delay <= self.max {
            return delay;
        }
        let excess = spread(self.max, chance).saturating_sub(self.max);
        self.max.saturating_sub(excess).max(self.min)
    }
}

/// Adds up to a quarter.
fn spread(delay: Duration, chance: u64) -> Duration {
    let part = u32::try_from(chance % 256).unwrap_or_default();
    delay.saturating_add((delay / 4 / 256).saturating_mul(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: Duration = Duration::from_millis(750);
    const MAX: Duration = Duration::from_secs(900);

    #[test]
    fn delays_double_and_stay_within_their_bounds() {
        let backoff = Backoff::<&str>::new(MIN, MAX);
        for chance in [0, 17, 255, u64::MAX] {
            let mut base = MIN;
            for before in 0..40 {
                let delay = backoff.delay(before, chance);
                let quarter = base / 4;
                assert!(delay >= MIN && delay <= MAX, "{before}: {delay:?}");
                assert!(delay + quarter >= base, "{before}: {delay:?} < {base:?}");
                assert!(delay <= base + quarter, "{before}: {delay:?} > {base:?}");
                base = (base * 2).min(MAX);
            }
        }
        assert_eq!(backoff.delay(0, 0), MIN);
        assert_ne!(backoff.delay(40, 0), backoff.delay(40, 255));
    }

    #[test]
    fn a_success_starts_anew() {
        let backoff = Backoff::new(MIN, MAX);
        for _ in 0..5 {
            backoff.failed("a", None);
        }
        backoff.failed("b", None);
        assert!(backoff.failed("a", None) >= MIN * 32);
        assert_eq!(backoff.len(), 2);
        backoff.clear(&"a");
        assert_eq!(backoff.len(), 1);
        assert!(backoff.failed("a", None) < MIN * 2);
    }

    #[test]
    fn servers_are_obeyed_within_bounds() {
        let backoff = Backoff::new(MIN, MAX);
        let asked = Duration::from_secs(40);
        let delay = backoff.failed("a", Some(asked));
        assert!(delay >= asked && delay <= asked + asked / 4, "{delay:?}");
        assert!(backoff.failed("a", Some(Duration::ZERO)) >= MIN);
        assert!(backoff.failed("a", Some(Duration::MAX)) <= MAX_RETRY_AFTER + MAX_RETRY_AFTER / 4);
    }

    #[test]
    fn a_minimum_of_nothing_grows_all_the_same() {
        let backoff = Backoff::<&str>::new(Duration::ZERO, MAX);
        assert!(backoff.delay(12, 0) > Duration::from_secs(4));
    }

    #[test]
    fn a_maximum_below_the_minimum_is_the_minimum() {
        let backoff = Backoff::<&str>::new(MIN, Duration::ZERO);
        assert_eq!(backoff.delay(9, 200), MIN);
    }
}
