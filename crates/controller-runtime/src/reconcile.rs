//! The loop around a reconciler: what it is shown, when, and what becomes of its answer.
//!
//! A pass runs when an object appears, when its generation, annotations, finalizers or deletion
//! change, when the controller asks for it, and when the pass before said so. It sees no status
//! older than the one that this process wrote last. Its answer becomes conditions
//! ([`conditions`](crate::conditions)), a status write where something changed, an event where
//! people should know, and a delay where it failed.

mod changes;
mod checkpoint;
mod contract;
mod malformed;
mod memory;
mod once;
mod outcome;
mod own_writes;
mod progress;
mod run;
mod verdict;

use std::sync::Arc;

use futures_util::{Stream, StreamExt as _, stream};
use kube::Resource;
use kube::runtime::Controller;
use kube::runtime::controller::Config;
use kube::runtime::reflector::{ObjectRef, store::Writer as StoreWriter};

pub use self::checkpoint::{Checkpoints, StoreError};
pub use self::contract::{Class, Course, Done, End, Next, Notice, Pass, Reconciler};
pub use self::progress::Progress;

use self::memory::Memory;
use self::once::Once;
use crate::error::RuntimeError;
use crate::metrics::ObjectLabels;
use crate::runtime::Runtime;

/// Reconciles all objects of a kind until the process is to end.
///
/// `triggers` names objects that are to be looked at for another reason than their own change, as
/// [`Triggers`](crate::Triggers) does; it may end. One that the watch has not shown yet is left out:
/// it is looked at when it appears. At most `--concurrent` passes run at once.
pub async fn reconcile<R: Reconciler>(
    runtime: &Runtime,
    reconciler: Arc<R>,
    triggers: impl Stream<Item = ObjectRef<R::Object>> + Send + 'static,
) -> Result<(), RuntimeError> {
    let grace = reconciler.grace();
    runtime.grace.at_least(grace);
    let store = StoreWriter::<R::Object>::default();
    let memory = Arc::new(Memory::new(&runtime.args, runtime.metrics.clone()));
    let (malformed, reports) = malformed::reporter::<R::Object>(runtime);
    let reader = store.as_reader();
    let once = Arc::new(Once::new(
        runtime,
        Arc::clone(&reconciler),
        Arc::clone(&memory),
        reader.clone(),
    ));
    let own = changes::own(runtime, store, memory, reconciler, malformed);
    let passes = Controller::for_stream(stream::pending(), reader)
        .with_config(Config::default().concurrency(runtime.args.concurrent))
        .reconcile_on(own)
        .reconcile_on(triggers)
        .graceful_shutdown_on(runtime.shutdown.clone().cancelled_owned())
        .run(
            |object, once: Arc<Once<R>>| async move { Ok(once.pass(object).await) },
            |_, never: &std::convert::Infallible, _| match *never {},
            once,
        )
        .for_each(async |_| {});
    let overdue = async {
        runtime.shutdown.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        () = passes => {}
        () = reports => {}
        () = overdue => tracing::warn!("passes are interrupted: they did not end within {grace:?}"),
    }
    if runtime.shutdown.is_cancelled() {
        return Ok(());
    }
    Err(RuntimeError::TaskEnded {
        task: "the reconcile loop",
    })
}

/// An object as the labels of its series.
fn labels<K: Resource<DynamicType = ()>>(object: &ObjectRef<K>) -> ObjectLabels {
    ObjectLabels {
        kind: K::kind(&()).into_owned(),
        name: object.name.clone(),
        namespace: object.namespace.clone().unwrap_or_default(),
    }
}
