//! The Receivers as hooks find them: in memory, by their paths, on every replica.
//!
//! What the watch says is taken in at once, so a hook costs one look-up and an unknown path no more than that. The path is the
//! one that the status names; whoever wrote that, this controller or one of Flux.

mod entry;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use api::notification::v1::Receiver;
use kube::ResourceExt as _;
use kube::runtime::watcher::Event;
use parking_lot::RwLock;

pub(crate) use self::entry::Entry;

/// Namespace and name, in the order in which the API server lists objects.
type Name = (String, String);

/// All Receivers that have a path. Shared by the watch, which fills it, and the requests, which read it.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Two Receivers may share a path: the first one of a list counts, as with Flux.
    paths: HashMap<String, BTreeMap<Name, Arc<Entry>>>,
    /// The path of each Receiver that has one.
    receivers: HashMap<Name, String>,
    /// Which Receivers the list under way has not named yet.
    unnamed: HashSet<Name>,
}

impl Catalogue {
    /// The Receiver whose hooks go to `path`; none where nobody's do.
    ///
    /// `path` is the target of the request as it was sent, with a query where it has one: such a path is nobody's.
    pub(crate) fn lookup(&self, path: &str) -> Option<Arc<Entry>> {
        let state = self.state.read();
        let entries = state.paths.get(path)?;
        entries.values().next().map(Arc::clone)
    }

    /// Takes in what the watch says.
    pub(crate) fn take_in(&self, event: &Event<Receiver>) {
        match event {
            Event::Init => {
                let mut state = self.state.write();
                state.unnamed = state.receivers.keys().cloned().collect();
            }
            Event::InitApply(receiver) | Event::Apply(receiver) => self.shown(receiver),
            Event::Delete(receiver) => self.state.write().gone(&name(receiver)),
            Event::InitDone => {
                let mut state = self.state.write();
                for name in std::mem::take(&mut state.unnamed) {
                    state.gone(&name);
                }
            }
        }
    }

    /// A Receiver is there, or has changed.
    fn shown(&self, receiver: &Receiver) {
        let name = name(receiver);
        let status = receiver.status.as_ref();
        let path = status.and_then(|status| status.webhook_path.clone());
        // Expressions are compiled before hooks are kept waiting.
        let entry = path.map(|path| (path, Arc::new(Entry::new(receiver.clone()))));
        let mut state = self.state.write();
        state.gone(&name);
        if let Some((path, entry)) = entry {
            state.receivers.insert(name.clone(), path.clone());
            state.paths.entry(path).or_default().insert(name, entry);
        }
    }
}

impl State {
    /// Hooks do not find this Receiver any more.
    fn gone(&mut self, name: &Name) {
        self.unnamed.remove(name);
        let Some(path) = self.receivers.remove(name) else {
            return;
        };
        if let Some(entries) = self.paths.get_mut(&path) {
            entries.remove(name);
            if entries.is_empty() {
                self.paths.remove(&path);
            }
        }
    }
}

fn name(receiver: &Receiver) -> Name {
    (
        receiver.namespace().unwrap_or_default(),
        receiver.name_any(),
    )
}

#[cfg(test)]
mod tests;
