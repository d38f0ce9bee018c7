//! Asking for passes over objects for another reason than their own change.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use futures_util::{Stream, stream};
use kube::Resource;
use kube::runtime::reflector::ObjectRef;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Names objects to be looked at; clones ask the same loop.
///
/// An object that is asked for again before it was taken up is looked at once: what waits is never
/// more than there are objects.
#[derive(Debug)]
pub struct Triggers<K: Resource<DynamicType = ()>> {
    waiting: Arc<Waiting<K>>,
}

#[derive(Debug)]
struct Waiting<K: Resource<DynamicType = ()>> {
    objects: Mutex<Objects<K>>,
    news: Notify,
}

#[derive(Debug)]
struct Objects<K: Resource<DynamicType = ()>> {
    in_order: VecDeque<ObjectRef<K>>,
    known: HashSet<ObjectRef<K>>,
}

impl<K: Resource<DynamicType = ()>> Triggers<K> {
    /// Nothing is asked for yet.
    pub fn new() -> Self {
        let objects = Mutex::new(Objects {
            in_order: VecDeque::new(),
            known: HashSet::new(),
        });
        let news = Notify::new();
        Self {
            waiting: Arc::new(Waiting { objects, news }),
        }
    }

    /// Asks for a pass over `object`, and returns at once.
    pub fn send(&self, object: ObjectRef<K>) {
        let mut objects = self.waiting.objects.lock();
        if objects.known.insert(object.clone()) {
            objects.in_order.push_back(object);
            self.waiting.news.notify_one();
        }
    }

    /// What is asked for, in order and without an end: to be handed to
    /// [`reconcile()`](crate::reconcile()), once.
    pub fn objects(&self) -> impl Stream<Item = ObjectRef<K>> + Send + use<K>
    where
        K: Send + Sync + 'static,
    {
        let waiting = Arc::clone(&self.waiting);
        stream::unfold(waiting, |waiting| async move {
            let object = waiting.next().await;
            Some((object, waiting))
        })
    }
}

impl<K: Resource<DynamicType = ()>> Waiting<K> {
    async fn next(&self) -> ObjectRef<K> {
        loop {
            if let Some(object) = self.take() {
                return object;
            }
            self.news.notified().await;
        }
    }

    fn take(&self) -> Option<ObjectRef<K>> {
        let mut objects = self.objects.lock();
        let object = objects.in_order.pop_front()?;
        objects.known.remove(&object);
        Some(object)
    }
}

impl<K: Resource<DynamicType = ()>> Default for Triggers<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Resource<DynamicType = ()>> Clone for Triggers<K> {
    fn clone(&self) -> Self {
        Self {
            waiting: Arc::clone(&self.waiting),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use api::image::v1::ImagePolicy;
    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;

    fn object(name: &str) -> ObjectRef<ImagePolicy> {
        ObjectRef::new(name).within("ns")
    }

    #[tokio::test]
    async fn what_waits_is_asked_for_once_and_in_order() {
        let triggers = Triggers::new();
        let mut objects = pin!(triggers.objects());
        for _ in 0..1000 {
            for name in ["b", "a"] {
                triggers.clone().send(object(name));
            }
        }
        assert_eq!(objects.next().await, Some(object("b")));
        triggers.send(object("b"));
        assert_eq!(objects.next().await, Some(object("a")));
        assert_eq!(objects.next().await, Some(object("b")));
        assert_eq!(objects.next().now_or_never(), None);
    }

    #[tokio::test]
    async fn what_comes_later_is_heard() {
        let triggers = Triggers::new();
        let mut objects = pin!(triggers.objects());
        let (heard, ()) = tokio::join!(objects.next(), async {
            tokio::task::yield_now().await;
            triggers.send(object("a"));
        });
        assert_eq!(heard, Some(object("a")));
    }
}
