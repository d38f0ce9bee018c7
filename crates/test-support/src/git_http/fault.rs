//! Faults on purpose, and requests that wait for a test.

use std::sync::mpsc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

/// A server that misbehaves.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status with a line of text.
    Status(u16),
    /// This status with these headers and this body, whatever it means.
    Answer {
        /// The status code.
        status: u16,
        /// The headers; names in lower case.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
    /// Status 200 with the HTML of a login page.
    Html,
    /// The connection is closed after so many bytes of the true body.
    CloseAfter(u64),
    /// The true body stops after so many bytes and the connection stays open.
    StallAfter(u64),
    /// No answer for as long as the server lives.
    Hang,
}

/// What is to happen to one request.
#[derive(Debug)]
pub(super) enum Action {
    Fault(Fault),
    Wait(Waiting),
}

/// The request's side of a [`Hold`].
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    reached: mpsc::Sender<()>,
    released: watch::Receiver<()>,
}

impl Waiting {
    pub(super) async fn wait(mut self) {
        // Nobody listens for the arrival when the hold has been dropped, and then there is nothing to wait for.
        self.reached.send(()).ok();
        while self.released.changed().await.is_ok() {}
    }
}

/// Keeps one request waiting until it is released or dropped.
#[derive(Debug)]
pub struct Hold {
    reached: mpsc::Receiver<()>,
    release: watch::Sender<()>,
}

impl Hold {
    /// Blocks until the request has arrived.
    ///
    /// # Panics
    /// When none came within a minute.
    pub fn wait_until_reached(&self) {
        let arrived = self.reached.recv_timeout(Duration::from_secs(60));
        arrived.expect("the held request arrives within a minute");
    }

    /// Lets the request go on.
    pub fn release(self) {
        drop(self.release);
    }
}

#[derive(Debug)]
struct Rule {
    part: String,
    left: usize,
    action: Action,
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(super) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    pub(super) fn add(&self, part: &str, times: usize, fault: Fault) {
        self.push(part, times, Action::Fault(fault));
    }

    pub(super) fn heal(&self) {
        let mut rules = self.rules.lock();
        rules.retain(|rule| !matches!(rule.action, Action::Fault(_)));
    }

    pub(super) fn hold(&self, part: &str) -> Hold {
        let (arrival, reached) = mpsc::channel();
        let (release, released) = watch::channel(());
        let waiting = Waiting {
            reached: arrival,
            released,
        };
        self.push(part, 1, Action::Wait(waiting));
        Hold { reached, release }
    }

    /// The action of the first rule for `target` (path and query), which is used up by one.
    pub(super) fn take(&self, target: &str) -> Option<Action> {
        let mut rules = self.rules.lock();
        let position = rules.iter().position(|rule| target.contains(&rule.part))?;
        let rule = rules.get_mut(position)?;
        rule.left = rule.left.saturating_sub(1);
        let action = match &rule.action {
            Action::Fault(fault) => Action::Fault(fault.clone()),
            Action::Wait(waiting) => Action::Wait(waiting.clone()),
        };
        rules.retain(|rule| rule.left > 0);
        Some(action)
    }

    fn push(&self, part: &str, times: usize, action: Action) {
        let rule = Rule {
            part: part.to_owned(),
            left: times,
            action,
        };
        self.rules.lock().push(rule);
    }
}
