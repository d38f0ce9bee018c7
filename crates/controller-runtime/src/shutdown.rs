//! The end of a process: asked for by a signal, or forced by a part of it that ended.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::error::RuntimeError;

/// Returns after SIGTERM or SIGINT, or when `shutdown` is cancelled by somebody else; it is cancelled then in any case.
pub(crate) async fn on_signal(shutdown: CancellationToken) -> Result<(), RuntimeError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RuntimeError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RuntimeError::Signals)?;
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        () = shutdown.cancelled() => return Ok(()),
    };
    tracing::info!(signal = name, "shutting down");
    shutdown.cancel();
    Ok(())
}
