//! What a pass says of itself while it runs.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long a pass runs before the status says that it does, and the least time between two words.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a pass is doing: the message of Reconciling.
///
/// It reaches the status only where the pass lasts over a second, and at its end where it fails.
#[derive(Debug)]
pub struct Progress {
    says: watch::Sender<String>,
}

impl Progress {
    /// Starts with `message`; a pass under test makes its own.
    pub fn starting(message: impl Into<String>) -> Self {
        Self {
            says: watch::Sender::new(message.into()),
        }
    }

    /// The pass is now doing something else.
    pub fn says(&self, message: impl Into<String>) {
        self.says.send_replace(message.into());
    }

    /// What it said last.
    pub fn last(&self) -> String {
        self.says.borrow().clone()
    }

    pub(super) fn listen(&self) -> Listener {
        Listener {
            heard: self.says.subscribe(),
            due: Instant::now() + PATIENCE,
            news: true,
        }
    }
}

/// Hears what is to be told of a long pass, and when.
pub(super) struct Listener {
    heard: watch::Receiver<String>,
    due: Instant,
    /// Whether there is something that was not told.
    news: bool,
}

impl Listener {
    /// The next message to be told: the first a second after the start, and each new one a second
    /// after the one before at the earliest. Loses nothing where it is given up.
    pub(super) async fn next(&mut self) -> String {
        if !self.news && self.heard.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.news = true;
        sleep_until(self.due).await;
        self.news = false;
        self.due = Instant::now() + PATIENCE;
        self.heard.borrow_and_update().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_word_a_second_and_the_last_one_counts() {
        let progress = Progress::starting("start");
        let start = Instant::now();
        let mut listener = progress.listen();
        progress.says("one");
        progress.says("two");
        assert_eq!(listener.next().await, "two");
        assert_eq!(start.elapsed(), PATIENCE);
        progress.says("three");
        progress.says("four");
        assert_eq!(listener.next().await, "four");
        assert_eq!(start.elapsed(), PATIENCE * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_told_twice() {
        let progress = Progress::starting("start");
        let mut listener = progress.listen();
        assert_eq!(listener.next().await, "start");
        let again = tokio::time::timeout(PATIENCE * 10, listener.next()).await;
        assert!(again.is_err(), "{again:?}");
    }
}
