//! A watch that leaves a sick API server alone.

use std::fmt::Display;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use kube::runtime::watcher::Event;
use tokio::time::Instant;

use crate::backoff::Backoff;

/// The pause after a first error, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(800), Duration::from_secs(30));
/// How many watches may expire before anything changes until that counts as an error, too.
const EXPIRIES: u32 = 10;
/// How long no error comes until the next one counts as a first one again.
const STEADY: Duration = Duration::from_secs(30);

/// The events of a watch of `kind` without its errors: each is logged, and followed by a pause.
///
/// The pauses double while the watch fails. That a list begins says nothing: it begins again after
/// each error. A change that is seen, or half a minute without an error, makes the pauses short again. A watch that the
/// server `has_expired` is no failure, and the next list may not wait for long: the server ends all watches of a kind when
/// its definition changes. Its pause is the shortest one, unless every watch expires.
pub(super) fn steady<K, E>(
    kind: &'static str,
    watch: impl Stream<Item = Result<Event<K>, E>> + Send,
    has_expired: fn(&E) -> bool,
) -> impl Stream<Item = Event<K>> + Send
where
    K: Send,
    E: Display + Send,
{
    let state = (Box::pin(watch), Pace::new());
    stream::unfold(state, move |(mut watch, mut pace)| async move {
        loop {
            let error = match watch.next().await? {
                Ok(event) => {
                    pace.saw(&event);
                    return Some((event, (watch, pace)));
                }
                Err(error) => error,
            };
            if has_expired(&error) && pace.expired() {
                tracing::debug!(kind, "watch expired: {error}");
                tokio::time::sleep(PAUSES.0).await;
                continue;
            }
            let pause = pace.failed();
            tracing::warn!(
                kind,
                "watch interrupted, and goes on in {pause:.1?}: {error}"
            );
            tokio::time::sleep(pause).await;
        }
    })
}

/// How long to pause after the next error.
struct Pace {
    backoff: Backoff<()>,
    /// When the pause after the last error was over.
    resumed: Instant,
    /// How many watches have expired since the last change.
    expired: u32,
}

impl Pace {
    fn new() -> Self {
        let (min, max) = PAUSES;
        Self {
            backoff: Backoff::new(min, max),
            resumed: Instant::now(),
            expired: 0,
        }
    }

    fn saw<K>(&mut self, event: &Event<K>) {
        match event {
            Event::Apply(_) | Event::Delete(_) => {
                self.backoff.clear(&());
                self.expired = 0;
            }
            Event::Init | Event::InitApply(_) | Event::InitDone => {}
        }
    }

    /// Whether that is no error.
    fn expired(&mut self) -> bool {
        self.expired = self.expired.saturating_add(1);
        self.expired <= EXPIRIES
    }

    fn failed(&mut self) -> Duration {
        if self.resumed.elapsed() >= STEADY {
            self.backoff.clear(&());
        }
        let pause = self.backoff.failed((), None);
        self.resumed = Instant::now() + pause;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a watch says next.
    #[derive(Clone, Copy)]
    enum Says {
        Fails,
        Expires,
        BeginsAList,
        EndsAList,
        Changes,
        Deletes,
        /// Nothing for as long as it takes to be steady.
        Nothing,
    }

    /// The pauses that a watch makes after each of its errors, in seconds.
    async fn pauses(says: Vec<Says>) -> Vec<f64> {
        let start = Instant::now();
        let told = parking_lot::Mutex::new(Vec::new());
        let watch = stream::iter(says).filter_map(async |says| {
            let is_error = matches!(says, Says::Fails | Says::Expires);
            told.lock().push((start.elapsed(), is_error));
            let event = match says {
                Says::Fails => return Some(Err("refused")),
                Says::Expires => return Some(Err("expired")),
                Says::BeginsAList => Event::Init,
                Says::EndsAList => Event::InitDone,
                Says::Changes => Event::Apply(1),
                Says::Deletes => Event::Delete(1),
                Says::Nothing => {
                    tokio::time::sleep(STEADY).await;
                    return None;
                }
            };
            Some(Ok(event))
        });
        steady("Kind", watch, |error| *error == "expired")
            .for_each(async |_| {})
            .await;
        let mut told = told.into_inner();
        told.push((start.elapsed(), false));
        told.windows(2)
            .filter(|pair| pair[0].1)
            .map(|pair| pair[1].0.as_secs_f64() - pair[0].0.as_secs_f64())
            .collect()
    }

    fn grow(pauses: &[f64]) -> bool {
        pauses.windows(2).all(|pair| pair[1] > pair[0] * 1.5)
    }

    #[tokio::test(start_paused = true)]
    async fn lists_that_fail_are_asked_for_less_and_less() {
        let failing = [Says::BeginsAList, Says::Fails];
        let pauses = pauses(failing.repeat(12)).await;
        assert!(pauses[0] >= 0.8 && pauses[0] <= 1.0, "{pauses:?}");
        assert!(grow(&pauses[..5]), "{pauses:?}");
        assert!(
            pauses[7..]
                .iter()
                .all(|pause| *pause >= 20.0 && *pause <= 30.1),
            "{pauses:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_no_watch_follows_changes_nothing() {
        let failing = [Says::BeginsAList, Says::EndsAList, Says::Fails];
        let pauses = pauses(failing.repeat(5)).await;
        assert!(grow(&pauses), "{pauses:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_expires_goes_on_soon_each_time() {
        let expiring = [Says::BeginsAList, Says::EndsAList, Says::Expires];
        let mut pauses = pauses(expiring.repeat(14)).await;
        assert!(grow(&pauses.split_off(10)), "{pauses:?}");
        assert!(
            pauses.iter().all(|pause| (0.79..0.9).contains(pause)),
            "{pauses:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_works_starts_anew() {
        for works in [Says::Changes, Says::Deletes, Says::Nothing] {
            let mut says = vec![Says::Fails; 6];
            says.extend([works, Says::Fails]);
            let pauses = pauses(says).await;
            assert!(
                pauses[5] > 20.0 && *pauses.last().unwrap() <= 1.0,
                "{pauses:?}"
            );
        }
    }
}
