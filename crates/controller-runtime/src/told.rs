//! What a watch tells a loop.

use kube::Resource;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::Event;
use tokio::sync::oneshot;

use crate::triggers::Triggers;

/// Hands what one watch learns to a loop: the objects to look at, and that the first list is complete.
#[derive(Debug)]
pub struct Told<K: Resource<DynamicType = ()>> {
    triggers: Triggers<K>,
    /// Is told of the first complete list.
    listed: Option<oneshot::Sender<()>>,
}

impl<K: Resource<DynamicType = ()>> Told<K> {
    /// For one watch, and what resolves once its first list is complete; an error says that the watch has ended before.
    pub fn new(triggers: &Triggers<K>) -> (Self, oneshot::Receiver<()>) {
        let (listed, until_listed) = oneshot::channel();
        let told = Self {
            triggers: triggers.clone(),
            listed: Some(listed),
        };
        (told, until_listed)
    }

    /// Asks for a pass over each of the objects that `event` concerns.
    pub fn tell<E>(&mut self, objects: impl IntoIterator<Item = ObjectRef<K>>, event: &Event<E>) {
        for object in objects {
            self.triggers.send(object);
        }
        if let Some(listed) = self.listed.take_if(|_| matches!(event, Event::InitDone)) {
            // Nobody waits for it any more only at the end of the process.
            _ = listed.send(());
        }
    }
}
