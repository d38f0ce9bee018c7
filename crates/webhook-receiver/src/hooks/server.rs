//! The server: who is let in, how long, and what a request costs before anything is known about it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::header::CONNECTION;
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use hyper::body::{Body as _, Incoming};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::{self, Answer, CLOSE};
use super::body::{self, Refusal, Room, Whole};
use super::connection;
use super::connections::{Admitted, Connections, Place};
use super::metered::Metered;
use super::metrics::HookMetrics;
use super::mux::{Route, route};
use super::tls::Tls;

/// How long a client may take to agree on keys.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);
/// How long requests under way may take once the process is to end.
const LONGEST_END: Duration = Duration::from_secs(5);
/// How long nothing is accepted after that failed, as when the process has too many files open.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// How much is done at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many connections are open at most.
    pub(crate) connections: usize,
    /// How many connections may send a large head at once; others are closed when they do.
    pub(crate) large_heads: usize,
    /// How many hooks are being handled at most; those beyond are answered with 503.
    pub(crate) hooks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            large_heads: 16,
            hooks: 256,
        }
    }
}

/// What hooks are for.
pub(crate) trait Desk: Send + Sync + 'static {
    /// Who takes the hooks of a path.
    type Receiver: Send;

    /// Who takes the hooks of `path`; asked for every request, so it costs next to nothing.
    fn find(&self, path: &str) -> Option<Self::Receiver>;

    /// Handles a hook, and says how that went. Needs a deadline of its own.
    fn take(
        &self,
        receiver: Self::Receiver,
        head: Parts,
        body: Whole,
    ) -> impl Future<Output = StatusCode> + Send;
}

/// What connections share.
struct Server<D> {
    desk: D,
    room: Room,
    large_heads: Semaphore,
    hooks: Semaphore,
    metrics: HookMetrics,
    tls: Option<Tls>,
    shutdown: CancellationToken,
}

/// Serves on `listener` until `shutdown` is cancelled, and finishes what is under way then, within five seconds.
pub(crate) async fn serve<D: Desk>(
    listener: TcpListener,
    desk: D,
    metrics: HookMetrics,
    tls: Option<Tls>,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let server = Arc::new(Server {
        desk,
        room: Room::default(),
        large_heads: Semaphore::new(limits.large_heads),
        hooks: Semaphore::new(limits.hooks),
        metrics,
        tls,
        shutdown: shutdown.clone(),
    });
    let tasks = TaskTracker::new();
    let abort = CancellationToken::new();
    let connections = Connections::new(limits.connections);
    let accepting = accept(&listener, &server, &connections, &tasks, &abort);
    shutdown.run_until_cancelled(accepting).await;
    drop(listener);
    tasks.close();
    if timeout(LONGEST_END, tasks.wait()).await.is_err() {
        tracing::warn!(
            connections = tasks.len(),
            "connections are cut: their hooks took longer than {LONGEST_END:?}"
        );
        abort.cancel();
        tasks.wait().await;
    }
}

async fn accept<D: Desk>(
    listener: &TcpListener,
    server: &Arc<Server<D>>,
    connections: &Connections,
    tasks: &TaskTracker,
    abort: &CancellationToken,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let admitted = connections.admit().await;
                let serving = Arc::clone(server).connected(stream, admitted);
                tasks.spawn(abort.clone().run_until_cancelled_owned(serving));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "hooks cannot be accepted");
                sleep(AFTER_FAILURE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

impl<D: Desk> Server<D> {
    async fn connected(self: Arc<Self>, stream: TcpStream, admitted: Admitted) {
        // Answers are small; one that is late is better than none.
        drop(stream.set_nodelay(true));
        let place = &*admitted.place;
        let answer = |request| self.answer(request, place);
        match &self.tls {
            None => {
                let io = Metered::new(stream, place, &self.large_heads);
                connection::serve(io, place, &self.shutdown, answer).await;
            }
            Some(tls) => {
                let handshake = timeout(LONGEST_HANDSHAKE, tls.accept(stream));
                let agreed = place.taken.run_until_cancelled(handshake).await;
                if let Some(Ok(Ok(stream))) = agreed {
                    let io = Metered::new(stream, place, &self.large_heads);
                    connection::serve(io, place, &self.shutdown, answer).await;
                }
            }
        }
    }

    async fn answer(&self, request: Request<Incoming>, place: &Place) -> Answer {
        let began = Instant::now();
        place.has_head();
        let (head, body) = request.into_parts();
        let method = head.method.clone();
        let way = route(&method, &head.uri);
        let receiver = match way {
            Route::Hook(path) => self.desk.find(path),
            Route::Redirect(_) | Route::NotFound | Route::Refused => None,
        };
        let handler = match way {
            Route::Hook(path) if receiver.is_some() => self.metrics.handler(Some(path)),
            _ => self.metrics.handler(None),
        };
        let in_flight = self.metrics.begin(&handler);
        let answer = match (way, receiver) {
            (Route::Hook(_), Some(receiver)) => {
                Box::pin(self.hook(receiver, head, body, place)).await
            }
            (Route::Hook(_), None) => match body::skip(body).await {
                Ok(()) => answer::empty(StatusCode::NOT_FOUND),
                Err(refusal) => refused(refusal, place),
            },
            (Route::Redirect(to), _) => elsewhere(answer::redirect(&method, &to), &body, place),
            (Route::NotFound, _) => elsewhere(answer::not_found(), &body, place),
            (Route::Refused, _) => answer::last(StatusCode::BAD_REQUEST),
        };
        drop(in_flight);
        place.waits();
        let bytes = answer.body().size_hint().lower();
        self.metrics
            .answered(handler, &method, answer.status(), bytes, began.elapsed());
        answer
    }

    /// A request that a Receiver takes.
    async fn hook(
        &self,
        receiver: D::Receiver,
        head: Parts,
        body: Incoming,
        place: &Place,
    ) -> Answer {
        let body = match self.room.read(body).await {
            Ok(body) => body,
            Err(refusal) => return refused(refusal, place),
        };
        let Ok(_permit) = self.hooks.try_acquire() else {
            return answer::busy();
        };
        place.works();
        answer::empty(self.desk.take(receiver, head, body).await)
    }
}

/// The body was not read to its end.
fn refused(refusal: Refusal, place: &Place) -> Answer {
    place.leaves_unread();
    match refusal {
        Refusal::TooLarge => answer::last(StatusCode::PAYLOAD_TOO_LARGE),
        Refusal::Broken => answer::last(StatusCode::BAD_REQUEST),
        Refusal::NoRoom => answer::busy(),
    }
}

/// What is no hook is answered at once. Its body is not read.
fn elsewhere(mut answer: Answer, body: &Incoming, place: &Place) -> Answer {
    if !body.is_end_stream() {
        place.leaves_unread();
        answer.headers_mut().insert(CONNECTION, CLOSE);
    }
    answer
}

#[cfg(test)]
mod tests;
