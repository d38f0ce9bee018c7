//! The server of hooks: what a registry or a forge calls.
//!
//! [`server`] lets clients in within bounds and knows what lies at which path; [`desk`] knows what a hook is for: it finds
//! the Receiver, authenticates the sender and has the objects annotated ([`crate::targets`]). An unknown path costs one look-up.
//!
//! Answers are those of Flux's receiver, statuses without bodies. Neither paths nor tokens nor bodies are ever logged.

mod answer;
pub(crate) mod body;
mod connection;
pub(crate) mod connections;
mod desk;
mod error;
mod metered;
mod metrics;
mod mux;
mod secret;
mod server;
mod tls;

use std::sync::Arc;

use controller_runtime::{Metrics, RuntimeError};
use kube::Client;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::desk::HookDesk;
use self::metrics::HookMetrics;
use self::server::Limits;
use self::tls::Tls;
pub(crate) use self::tls::TlsFiles;
use crate::catalogue::Catalogue;
use crate::keys::KeyRing;

/// What hooks are handled with.
pub(crate) struct HookServices {
    /// The Receivers. It is to be complete before hooks are served: who is not in it is answered with 404.
    pub(crate) catalogue: Arc<Catalogue>,
    /// The keys of Google and of OIDC providers.
    pub(crate) keys: KeyRing,
    /// The client of the API server.
    pub(crate) client: Client,
    /// Where requests are counted.
    pub(crate) metrics: Metrics,
    /// What the flags say.
    pub(crate) options: HookOptions,
}

/// What flags say about hooks.
#[derive(Clone, Debug, Default)]
pub(crate) struct HookOptions {
    /// `--no-cross-namespace-refs`.
    pub(crate) no_cross_namespace_refs: bool,
    /// `--export-http-path-metrics`.
    pub(crate) export_http_path_metrics: bool,
    /// `--tls-cert-file` and `--tls-key-file`.
    pub(crate) tls: Option<TlsFiles>,
}

/// Serves hooks on `listener` until `shutdown` is cancelled, and finishes those under way then, within five seconds.
pub(crate) async fn serve(
    listener: TcpListener,
    services: HookServices,
    shutdown: CancellationToken,
) -> Result<(), RuntimeError> {
    let HookServices {
        catalogue,
        keys,
        client,
        metrics,
        options,
    } = services;
    let tls = match options.tls {
        Some(files) => Some(
            Tls::new(files)
                .await
                .map_err(|error| RuntimeError::SetUp(error.into()))?,
        ),
        None => None,
    };
    let metrics = HookMetrics::new(&metrics, options.export_http_path_metrics);
    let desk = HookDesk::new(catalogue, keys, client, !options.no_cross_namespace_refs);
    let fresh = tls.clone();
    let keep_fresh = async move {
        match fresh {
            Some(tls) => tls.keep_fresh().await,
            None => std::future::pending().await,
        }
    };
    let serving = Box::pin(server::serve(
        listener,
        desk,
        metrics,
        tls,
        Limits::default(),
        shutdown,
    ));
    tokio::select! {
        () = serving => {}
        () = keep_fresh => {}
    }
    Ok(())
}
