//! The server that API servers ask.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::endpoint::PATH;
use super::review;
use crate::hooks::body::{Refusal, Room};
use crate::hooks::connections::{Admitted, Connections, Place};

/// How many connections are open at once.
const MOST_CONNECTIONS: usize = 128;
/// How many requests of one connection are under way at once.
const MOST_STREAMS: u32 = 64;
/// How long a client may take to agree on keys.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client may take for the head of a request.
const LONGEST_HEAD: Duration = Duration::from_secs(10);
/// The largest head of a request, in bytes.
const LARGEST_HEAD: u32 = 16 * 1024;
/// How often a silent client is asked whether it lives, and how long it may take to answer.
const ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));
/// How long requests under way may take once the process is to end.
const LONGEST_END: Duration = Duration::from_secs(5);
/// How long nothing is accepted after that failed, as when the process has too many files open.
const AFTER_FAILURE: Duration = Duration::from_millis(100);
/// From this length on a review is answered on a thread of its own.
const LONG: usize = 64 * 1024;

type Answer = Response<Full<Bytes>>;

/// What all connections share.
#[derive(Clone)]
struct Bounds {
    room: Room,
    /// Long reviews are answered one at a time: taken apart, each takes many times the memory of its text.
    long: Arc<Semaphore>,
}

/// What the server serves with, as soon as it has one.
type Serving = watch::Receiver<Option<Arc<ServerConfig>>>;

/// Answers ConversionReviews on `listener` with the certificate of `serving` until `shutdown` is cancelled, and finishes what is
/// under way then.
///
/// Objects go to a path of their own and come in bodies of up to 3 MiB, twice what an API server stores of one; it asks for
/// them one by one. Who sends nothing, or slowly, loses its connection where others need it.
pub(super) async fn serve(
    listener: TcpListener,
    mut serving: Serving,
    shutdown: CancellationToken,
) {
    let bounds = Bounds {
        room: Room::default(),
        long: Arc::new(Semaphore::new(1)),
    };
    let tasks = TaskTracker::new();
    let abort = CancellationToken::new();
    let accepting = async {
        // Until then connections wait in the backlog.
        drop(serving.wait_for(Option::is_some).await);
        let connections = Connections::new(MOST_CONNECTIONS);
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    after_failure(&error).await;
                    continue;
                }
            };
            let admitted = connections.admit().await;
            let config = serving.borrow().clone();
            if let Some(config) = config {
                let talking = talk(stream, config, admitted, bounds.clone(), shutdown.clone());
                tasks.spawn(abort.clone().run_until_cancelled_owned(talking));
            }
        }
    };
    shutdown.run_until_cancelled(accepting).await;
    drop(listener);
    tasks.close();
    if timeout(LONGEST_END, tasks.wait()).await.is_err() {
        abort.cancel();
        tasks.wait().await;
    }
}

async fn after_failure(error: &io::Error) {
    tracing::warn!(%error, "a connection of the conversion cannot be accepted");
    sleep(AFTER_FAILURE).await;
}

/// One connection, from its first byte to its last.
async fn talk(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    admitted: Admitted,
    bounds: Bounds,
    shutdown: CancellationToken,
) {
    let talking = async {
        let handshake = timeout(LONGEST_HANDSHAKE, TlsAcceptor::from(config).accept(stream));
        match shutdown.run_until_cancelled(handshake).await {
            Some(Ok(Ok(stream))) => {
                Box::pin(answer_all(stream, &admitted, &bounds, &shutdown)).await;
            }
            Some(Ok(Err(error))) => {
                tracing::debug!(%error, "a client of the conversion breaks off");
            }
            Some(Err(_)) | None => {}
        }
    };
    let taken = &admitted.place.taken;
    taken.run_until_cancelled(talking).await;
}

async fn answer_all(
    stream: TlsStream<TcpStream>,
    admitted: &Admitted,
    bounds: &Bounds,
    shutdown: &CancellationToken,
) {
    let (place, bounds) = (Arc::clone(&admitted.place), bounds.clone());
    let service = service_fn(move |request| {
        let (place, bounds) = (Arc::clone(&place), bounds.clone());
        async move {
            let answer = answer(request, &place, &bounds).await;
            place.waits();
            Ok::<_, Infallible>(answer)
        }
    });
    let settings = settings();
    let mut connection = std::pin::pin!(settings.serve_connection(TokioIo::new(stream), service));
    // A connection that breaks is the client's affair: it asks again.
    tokio::select! {
        ended = connection.as_mut() => drop(ended),
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}

fn settings() -> auto::Builder<TokioExecutor> {
    let mut settings = auto::Builder::new(TokioExecutor::new());
    let (interval, patience) = ALIVE;
    settings
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(LONGEST_HEAD)
        .max_buf_size(LARGEST_HEAD as usize);
    settings
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(LARGEST_HEAD)
        .keep_alive_interval(interval)
        .keep_alive_timeout(patience);
    settings
}

async fn answer(request: Request<Incoming>, place: &Place, bounds: &Bounds) -> Answer {
    if request.uri().path() != PATH {
        return text(StatusCode::NOT_FOUND, "not found\n");
    }
    if request.method() != Method::POST {
        return text(StatusCode::METHOD_NOT_ALLOWED, "expected POST\n");
    }
    let body = match bounds.room.read(request.into_body()).await {
        Ok(body) => body,
        Err(refusal) => return refused(refusal),
    };
    // Who is still sending may lose its place, as it may before.
    place.works();
    let answered = if body.bytes.len() < LONG {
        review::answer(&body.bytes)
    } else {
        let turn = Arc::clone(&bounds.long).acquire_owned().await;
        let answered = tokio::task::spawn_blocking(move || {
            // Kept until the work is done, though the client may be gone.
            let _turn = turn;
            review::answer(&body.bytes)
        });
        match answered.await {
            Ok(answered) => answered,
            Err(_) => return text(StatusCode::INTERNAL_SERVER_ERROR, "the conversion failed\n"),
        }
    };
    match answered {
        Ok(review) => {
            let mut answer = Answer::new(Full::new(review.into()));
            let json = HeaderValue::from_static("application/json");
            answer.headers_mut().insert(CONTENT_TYPE, json);
            answer
        }
        Err(error) => text(StatusCode::BAD_REQUEST, &format!("{error}\n")),
    }
}

fn refused(refusal: Refusal) -> Answer {
    match refusal {
        Refusal::TooLarge => text(StatusCode::PAYLOAD_TOO_LARGE, "expected at most 3 MiB\n"),
        Refusal::Broken => text(StatusCode::BAD_REQUEST, "the body broke off\n"),
        Refusal::NoRoom => text(StatusCode::SERVICE_UNAVAILABLE, "too many large requests\n"),
    }
}

fn text(status: StatusCode, text: &str) -> Answer {
    let mut answer = Answer::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *answer.status_mut() = status;
    answer
}

#[cfg(test)]
mod tests;
