//! What runs in the process: the conversion, the catalogue of Receivers and the hooks on every replica; the status of
//! Receivers under the lease.

use std::sync::Arc;

use api::field_managers;
use api::notification::v1::Receiver;
use controller_runtime::{
    Identity, Runtime, RuntimeError, Told, Triggers, listen, reconcile, run_on_every_replica,
    until_served, watch_all, watch_secrets,
};
use futures_util::future;
use tokio::sync::{OnceCell, oneshot};

use crate::args::{Args, ReceiverStatus};
use crate::catalogue::Catalogue;
use crate::conversion;
use crate::hooks::{self, HookServices};
use crate::keys::KeyRing;
use crate::reconcile::{Context, Users};

const IDENTITY: Identity = Identity {
    name: "webhook-receiver",
    field_manager: field_managers::WEBHOOK_RECEIVER,
    kinds: &["Receiver"],
};

/// Runs the controller until the process is to end. An error is in the log already.
pub async fn run(args: &Args) -> Result<(), RuntimeError> {
    let common = args.effective();
    let set_up = || {
        for notice in args.without_effect() {
            tracing::warn!("{notice}");
        }
        let args = args.clone();
        Ok(move |runtime| work(runtime, args))
    };
    Box::pin(run_on_every_replica(IDENTITY, &common, set_up)).await
}

/// The kinds that are awaited, once for all parts.
#[derive(Debug, Default)]
struct Kinds {
    served: OnceCell<()>,
}

impl Kinds {
    /// Waits until they are served, or the process is to end.
    async fn served(&self, runtime: &Runtime) {
        let served = self.served.get_or_init(|| until_served(runtime));
        runtime.shutdown.run_until_cancelled(served).await;
    }
}

/// Does everything at once, and ends once all of it has ended.
async fn work(runtime: Runtime, args: Args) -> Result<(), RuntimeError> {
    let catalogue = Arc::new(Catalogue::default());
    let triggers = Triggers::new();
    let (told, until_listed) = Told::new(&triggers);
    let kinds = Kinds::default();
    let parts = future::join4(
        part(&runtime, convert(&runtime, &args)),
        part(
            &runtime,
            watch_receivers(&runtime, &kinds, &catalogue, told),
        ),
        part(&runtime, serve(&runtime, &args, &catalogue, until_listed)),
        part(&runtime, tell_status(&runtime, &kinds, &args, &triggers)),
    );
    let (converted, watched, served, told) = Box::pin(parts).await;
    converted.and(watched).and(served).and(told)
}

/// A part of the process: one that fails, or ends, has the others finish what they are at.
async fn part(
    runtime: &Runtime,
    part: impl Future<Output = Result<(), RuntimeError>>,
) -> Result<(), RuntimeError> {
    let ended = part.await;
    if ended.is_ok() && !runtime.shutdown.is_cancelled() {
        let task = "a part of the controller";
        runtime.shutdown.cancel();
        return Err(RuntimeError::TaskEnded { task });
    }
    runtime.shutdown.cancel();
    ended
}

/// Serves the conversion, where it is wanted. It waits for nothing: without it the API server may be unable to show a Receiver
/// that was stored in an older version.
async fn convert(runtime: &Runtime, args: &Args) -> Result<(), RuntimeError> {
    let flags = &args.conversion;
    let wanted = Some(&flags.conversion_addr).filter(|_| flags.conversion);
    let listener = match wanted {
        Some(address) => listen(address).await?,
        None => None,
    };
    match listener {
        Some(listener) => conversion::serve(runtime, flags, listener).await,
        None => rest(runtime).await,
    }
}

/// Fills the catalogue.
async fn watch_receivers(
    runtime: &Runtime,
    kinds: &Kinds,
    catalogue: &Catalogue,
    mut told: Told<Receiver>,
) -> Result<(), RuntimeError> {
    kinds.served(runtime).await;
    watch_all(runtime, runtime.scope.watch(), |event| {
        catalogue.take_in(&event);
        told.tell([], &event);
    })
    .await
}

/// Serves hooks, once every Receiver is known: before that, the hooks of all of them would be lost.
async fn serve(
    runtime: &Runtime,
    args: &Args,
    catalogue: &Arc<Catalogue>,
    until_listed: oneshot::Receiver<()>,
) -> Result<(), RuntimeError> {
    let awaited = runtime.readiness.awaits("hooks");
    let listed = runtime.shutdown.run_until_cancelled(until_listed).await;
    let Some(Ok(())) = listed else {
        return Ok(());
    };
    let Some(listener) = listen(&args.receiver_addr).await? else {
        awaited.met();
        return rest(runtime).await;
    };
    awaited.met();
    let services = HookServices {
        catalogue: Arc::clone(catalogue),
        keys: KeyRing::default(),
        client: runtime.client.clone(),
        metrics: runtime.metrics.clone(),
        options: args.hooks(),
    };
    hooks::serve(listener, services, runtime.shutdown.clone()).await
}

/// Makes the paths of Receivers and writes their status, where that is ours to do, while the process holds the lease.
async fn tell_status(
    runtime: &Runtime,
    kinds: &Kinds,
    args: &Args,
    triggers: &Triggers<Receiver>,
) -> Result<(), RuntimeError> {
    if args.receiver_status == ReceiverStatus::Observe {
        return rest(runtime).await;
    }
    kinds.served(runtime).await;
    let acquired = runtime.claims.acquired();
    if runtime
        .shutdown
        .run_until_cancelled(acquired)
        .await
        .is_none()
    {
        return Ok(());
    }
    let users = Arc::new(Users::default());
    let context = Context {
        client: runtime.client.clone(),
        users: Arc::clone(&users),
    };
    // The periodic pass sees the changes of Secrets that nobody labelled.
    let watching = watch_secrets(runtime, |namespace, name| {
        for receiver in users.of(namespace, name) {
            triggers.send(receiver);
        }
    });
    let reconciling = reconcile(runtime, Arc::new(context), triggers.objects());
    future::try_join(watching, reconciling).await.map(|_| ())
}

/// Waits for the end of the process.
async fn rest(runtime: &Runtime) -> Result<(), RuntimeError> {
    runtime.shutdown.cancelled().await;
    Ok(())
}
