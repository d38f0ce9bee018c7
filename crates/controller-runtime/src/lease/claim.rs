//! The right to write, and until when.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// The right to write, as it stands at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// No lease is needed: the process always writes.
    Always,
    /// The process may write until then, unless it renews before.
    Until(Instant),
    /// The process may not write.
    Nobody,
}

/// The process does not hold its lease: nothing may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lease is not held (any more): nothing is written")]
pub struct NotLeading;

/// The newest [`Claim`] of the process. Clones share it.
#[derive(Clone, Debug)]
pub struct Claims {
    newest: watch::Receiver<Claim>,
}

impl Claim {
    /// Whether something may be written at this very moment.
    pub fn is_current(self) -> bool {
        match self {
            Self::Always => true,
            Self::Until(expiry) => Instant::now() < expiry,
            Self::Nobody => false,
        }
    }
}

impl Claim {
    /// How long a write that begins at this very moment may take: `longest`, and no longer than the
    /// claim lasts; `None` where nothing may be written.
    fn time_to_write(self, longest: Duration) -> Option<Duration> {
        match self {
            Self::Always => Some(longest),
            Self::Until(expiry) => {
                let left = expiry.saturating_duration_since(Instant::now());
                Some(longest.min(left)).filter(|time| !time.is_zero())
            }
            Self::Nobody => None,
        }
    }
}

impl Claims {
    /// Claims of a process that needs no lease.
    pub fn always() -> Self {
        Self::watching(watch::Sender::new(Claim::Always).subscribe())
    }

    pub(crate) fn watching(newest: watch::Receiver<Claim>) -> Self {
        Self { newest }
    }

    /// Whether something may be written at this very moment.
    pub fn is_current(&self) -> bool {
        self.newest.borrow().is_current()
    }

    /// Resolves once something may be written; to be dropped where the process ends before.
    pub async fn acquired(&self) {
        let mut newest = self.newest.clone();
        if newest.wait_for(|claim| claim.is_current()).await.is_err() {
            // Nobody asks for the lease any more.
            std::future::pending::<()>().await;
        }
    }

    /// How long a write that begins at this very moment may take: `longest`, and no longer than the
    /// claim lasts, so that nothing is under way when another instance takes over. An error where
    /// nothing may be written. To be asked right before each write.
    pub fn time_to_write(&self, longest: Duration) -> Result<Duration, NotLeading> {
        let claim = *self.newest.borrow();
        claim.time_to_write(longest).ok_or(NotLeading)
    }

    /// An error unless something may be written at this very moment; to be asked right before each write.
    pub fn check(&self) -> Result<(), NotLeading> {
        if self.is_current() {
            Ok(())
        } else {
            Err(NotLeading)
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_claim_is_waited_for() {
        assert_eq!(Claims::always().acquired().now_or_never(), Some(()));
        let sender = watch::Sender::new(Claim::Nobody);
        let claims = Claims::watching(sender.subscribe());
        assert_eq!(claims.acquired().now_or_never(), None);
        sender.send_replace(Claim::Until(Instant::now() + Duration::from_secs(60)));
        assert_eq!(claims.acquired().now_or_never(), Some(()));
        sender.send_replace(Claim::Nobody);
        drop(sender);
        assert_eq!(claims.acquired().now_or_never(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_ends_with_the_claim() {
        let seconds = Duration::from_secs;
        let until = |left| Claim::Until(Instant::now() + seconds(left));
        for (claim, time) in [
            (Claim::Always, Some(seconds(15))),
            (Claim::Nobody, None),
            (until(30), Some(seconds(15))),
            (until(4), Some(seconds(4))),
            (until(0), None),
        ] {
            assert_eq!(claim.time_to_write(seconds(15)), time, "{claim:?}");
        }
    }
}
