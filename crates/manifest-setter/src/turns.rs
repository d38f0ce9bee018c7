//! Who may use which repository: one pass at a time, in the order in which they came.
//!
//! A pass that has to wait keeps no other from running: it ends, and its automation is looked at again when it is its turn.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use api::image::v1::ImageUpdateAutomation;
use controller_runtime::Triggers;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::catalogue::AutomationRef;

/// How long a repository is kept for an automation that was called: one that has been suspended since does not come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// All repositories that somebody uses or waits for. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    /// By `Remote::key()`.
    repositories: Arc<Mutex<HashMap<String, Queue>>>,
    triggers: Triggers<ImageUpdateAutomation>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<AutomationRef>,
    /// Since when nobody uses the repository; none where somebody does.
    free: Option<Instant>,
}

/// The right to use a repository, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    repository: String,
}

/// The place of an automation among those that wait, which it gives up when this is dropped: also where its pass breaks down.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    turns: &'a Turns,
    automation: &'a AutomationRef,
    kept: bool,
}

impl Turns {
    /// `triggers` asks for another look at an automation whose turn it is.
    pub(crate) fn new(triggers: Triggers<ImageUpdateAutomation>) -> Self {
        Self {
            repositories: Arc::default(),
            triggers,
        }
    }

    /// The turn of an automation, if nobody uses the repository and nobody came before. Else it waits from now on, until it
    /// takes its turn or [leaves](Self::leave).
    pub(crate) fn take(&self, repository: String, automation: &AutomationRef) -> Option<Turn> {
        let mut repositories = self.repositories.lock();
        // It may have got another source since it began to wait.
        self.withdraw(&mut repositories, automation, Some(&repository));
        let queue = repositories
            .entry(repository.clone())
            .or_insert_with(|| Queue {
                free: Some(Instant::now()),
                ..Queue::default()
            });
        if !queue.waiting.contains(automation) {
            queue.waiting.push_back(automation.clone());
        }
        let free = queue.free?;
        if queue.waiting.front() != Some(automation) && free.elapsed() < PATIENCE {
            return None;
        }
        // Whoever was called and did not come has no place any more; those behind it keep theirs.
        if queue.waiting.pop_front().as_ref() != Some(automation) {
            queue.waiting.retain(|waiting| waiting != automation);
        }
        queue.free = None;
        let turns = self.clone();
        Some(Turn { turns, repository })
    }

    /// The place that an automation has, or gets.
    pub(crate) fn place<'a>(&'a self, automation: &'a AutomationRef) -> Place<'a> {
        Place {
            turns: self,
            automation,
            kept: false,
        }
    }

    /// The automation does not wait any more: its pass ended in another way, or it is gone.
    pub(crate) fn leave(&self, automation: &AutomationRef) {
        self.withdraw(&mut self.repositories.lock(), automation, None);
    }

    /// The automation waits for no repository any more but this one.
    fn withdraw(
        &self,
        repositories: &mut HashMap<String, Queue>,
        automation: &AutomationRef,
        but: Option<&String>,
    ) {
        let others = repositories
            .iter_mut()
            .filter(|(repository, _)| Some(*repository) != but);
        for (_, queue) in others {
            let before = queue.waiting.len();
            queue.waiting.retain(|waiting| waiting != automation);
            if queue.free.is_some() && queue.waiting.len() < before {
                self.call(queue);
            }
        }
        repositories.retain(|_, queue| queue.free.is_none() || !queue.waiting.is_empty());
    }

    /// Asks for a look at the automation whose turn it is.
    fn call(&self, queue: &Queue) {
        if let Some(first) = queue.waiting.front() {
            self.triggers.send(first.clone());
        }
    }
}

impl Place<'_> {
    /// The automation waits on.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.turns.leave(self.automation);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut repositories = self.turns.repositories.lock();
        if let Some(queue) = repositories.get_mut(&self.repository) {
            queue.free = Some(Instant::now());
            self.turns.call(queue);
            if queue.waiting.is_empty() {
                repositories.remove(&self.repository);
            }
        }
    }
}

#[cfg(test)]
mod tests;
