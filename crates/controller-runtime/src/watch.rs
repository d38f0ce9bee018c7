//! Watches that do not end: of the kinds that a controller reads beside the one it reconciles.

mod guarded;
mod malformed;
mod pace;

use std::borrow::Cow;
use std::fmt::Debug;
use std::pin::pin;

use futures_util::{Stream, StreamExt as _};
use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use kube::runtime::watcher::{self, Event, watcher};
use serde::de::DeserializeOwned;

pub(crate) use self::guarded::Guarded;
pub(crate) use self::malformed::{Malformed, Reported};
use crate::error::RuntimeError;
use crate::runtime::Runtime;

/// How many objects of a list lie in memory at once.
const PAGE: u32 = 100;

/// Watches all objects of a kind in the process's namespaces until the process is to end, and hands
/// everything that is learned of them to `sink`.
///
/// A list begins with [`Event::Init`], comes page by page as [`Event::InitApply`] and is complete
/// with [`Event::InitDone`]: what was known before and was not in it is gone. The process is not
/// ready before the first list is complete. Errors are logged and the watch goes on after a pause,
/// which grows from error to error; an object that is not of its kind's form is logged once per
/// version and left out, and what `sink` knew of it before is not taken back before it is deleted,
/// or is not in the next list. That it is deleted is told with its metadata alone, all else being as
/// in `K::default()`. Managed fields are removed.
pub async fn watch_all<K>(
    runtime: &Runtime,
    config: watcher::Config,
    mut sink: impl FnMut(Event<K>),
) -> Result<(), RuntimeError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + Default
        + DeserializeOwned
        + Send
        + 'static,
{
    let awaited = runtime.readiness.awaits(format!("{} cache", K::kind(&())));
    let mut malformed = Reported::default();
    let mut events = pin!(events::<K>(runtime, config));
    while let Some(Some(event)) = runtime.shutdown.run_until_cancelled(events.next()).await {
        let done = matches!(event, Event::InitDone);
        let event = event.modify(|object| object.meta_mut().managed_fields = None);
        match sorted(event) {
            Ok(event) => sink(event),
            Err(object) if malformed.is_new(&object) => object.log::<K>(),
            Err(_) => {}
        }
        if done {
            awaited.met();
        }
    }
    Ok(())
}

/// The events of a watch of the process's namespaces, with a pause after each error; errors are logged.
pub(crate) fn events<K>(
    runtime: &Runtime,
    config: watcher::Config,
) -> impl Stream<Item = Event<Guarded<K>>> + Send + use<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + 'static,
{
    let api = runtime.scope.api::<Guarded<K>>(&runtime.client);
    let watch = watcher(api, config.page_size(PAGE));
    pace::steady(kind::<K>(), watch, has_expired)
}

/// Whether the server no longer has what lies between the list and now.
fn has_expired(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchError(status) if status.code == 410)
}

/// The name of a kind that is known when the program is compiled.
pub(crate) fn kind<K: Resource<DynamicType = ()>>() -> &'static str {
    match K::kind(&()) {
        Cow::Borrowed(kind) => kind,
        Cow::Owned(_) => "object",
    }
}

/// The event of the object itself, or the object that has none because it is malformed. It has one once it is deleted: who
/// it was is enough to know for that.
fn sorted<K: Resource + Default>(event: Event<Guarded<K>>) -> Result<Event<K>, Box<Malformed>> {
    Ok(match event {
        Event::Apply(object) => Event::Apply(object.0?),
        Event::Delete(object) => Event::Delete(object.0.unwrap_or_else(|malformed| {
            let mut named = K::default();
            *named.meta_mut() = malformed.metadata;
            named
        })),
        Event::InitApply(object) => Event::InitApply(object.0?),
        Event::Init => Event::Init,
        Event::InitDone => Event::InitDone,
    })
}
