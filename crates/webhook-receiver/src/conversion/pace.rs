//! How often an object is written.

use std::collections::HashMap;
use std::time::Duration;

use kube::runtime::watcher::DefaultBackoff;
use tokio::time::Instant;

/// When each object may be written again, by its name: the pauses grow while somebody keeps undoing what is done, or it fails.
#[derive(Default)]
pub(super) struct Paces {
    paces: HashMap<String, Pace>,
}

#[derive(Default)]
struct Pace {
    backoff: DefaultBackoff,
    until: Option<Instant>,
}

impl Paces {
    /// How long to wait before the next write; nothing where none need be waited for.
    pub(super) fn left(&self, name: &str) -> Duration {
        let until = self.paces.get(name).and_then(|pace| pace.until);
        let left = until.map(|until| until.duration_since(Instant::now()));
        left.unwrap_or_default()
    }

    /// The object is written now.
    pub(super) fn written(&mut self, name: &str) {
        let pace = self.paces.entry(name.to_owned()).or_default();
        pace.until = pace.backoff.next().map(|pause| Instant::now() + pause);
    }

    /// Something else is to be written from now on, but to the object of this name.
    pub(super) fn anew_but_for(&mut self, name: &str) {
        self.paces.retain(|of, _| of == name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_keeps_undoing_waits_longer() {
        let mut paces = Paces::default();
        assert!(paces.left("a").is_zero());
        let mut pauses = Vec::new();
        for _ in 0..12 {
            paces.written("a");
            pauses.push(paces.left("a"));
            tokio::time::advance(paces.left("a")).await;
            assert!(paces.left("a").is_zero());
        }
        assert!(pauses[0] < Duration::from_secs(2), "{pauses:?}");
        assert!(pauses[11] > Duration::from_secs(15), "{pauses:?}");
        assert!(pauses[11] < Duration::from_secs(61), "{pauses:?}");
        assert!(paces.left("b").is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_new_need_not_wait() {
        let mut paces = Paces::default();
        for name in ["a", "b"] {
            paces.written(name);
        }
        paces.anew_but_for("a");
        assert!(!paces.left("a").is_zero());
        assert!(paces.left("b").is_zero());
    }
}
