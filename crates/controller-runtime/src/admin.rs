//! The servers for those who watch the process: `/metrics`, `/healthz` and `/readyz`.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::args::ListenAddress;
use crate::error::RuntimeError;
use crate::metrics::Metrics;
use crate::readiness::Readiness;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What one of the servers answers.
pub(crate) fn metrics(metrics: Metrics) -> Router {
    Router::new()
        .route("/metrics", get(scrape))
        .with_state(metrics)
}

/// What the other one answers: whether the process lives, and whether it is ready and what it waits for.
pub(crate) fn probes(readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(readiness)
}

async fn scrape(State(metrics): State<Metrics>) -> Response {
    match metrics.encode() {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be printed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn ready(State(readiness): State<Readiness>) -> impl IntoResponse {
    let report = readiness.report();
    let code = if report.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, report.text)
}

/// Listens on `address`, on every interface where it names none; nothing where it is off.
pub async fn listen(address: &ListenAddress) -> Result<Option<TcpListener>, RuntimeError> {
    let listener = match address {
        ListenAddress::Off => return Ok(None),
        ListenAddress::At {
            host: Some(host),
            port,
        } => TcpListener::bind((host.as_str(), *port)).await,
        ListenAddress::At { host: None, port } => {
            match TcpListener::bind((Ipv6Addr::UNSPECIFIED, *port)).await {
                // A machine without IPv6.
                Err(error) if error.kind() != ErrorKind::AddrInUse => {
                    TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).await
                }
                outcome => outcome,
            }
        }
    };
    listener.map(Some).map_err(|source| RuntimeError::Listen {
        address: address.to_string(),
        source,
    })
}

/// Answers on `listener` until `stop` is cancelled.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> Result<(), RuntimeError> {
    let address = listener.local_addr().map(|address| address.to_string());
    let address = address.unwrap_or_default();
    tracing::info!(address, "listening");
    axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .map_err(|source| RuntimeError::Serve { address, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let first = listen(&":0".parse().unwrap()).await.unwrap().unwrap();
        let taken = format!(":{}", first.local_addr().unwrap().port());
        let error = listen(&taken.parse().unwrap()).await.unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("listen on {taken}: ")),
            "{error}"
        );
    }

    #[tokio::test]
    async fn every_interface_is_listened_on() {
        let listener = listen(&":0".parse().unwrap()).await.unwrap().unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_server_that_is_off_does_not_listen() {
        assert!(listen(&ListenAddress::Off).await.unwrap().is_none());
    }
}
