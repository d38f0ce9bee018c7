//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::connections::Place;
use super::metered::Metered;

/// How long a client may take for the head of a request, and how long it may send nothing between two.
const LONGEST_HEAD: Duration = Duration::from_secs(10);
/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 256 * 1024;
/// How long a client that was answered before it had sent everything may go on sending; it would not see the answer
/// otherwise.
const LINGER: Duration = Duration::from_secs(2);

/// Answers the requests of a connection until the client ends it, takes too long, or another one takes its `place`; after
/// `shutdown`, until the request under way is answered.
pub(crate) async fn serve<I, F>(
    io: Metered<'_, I>,
    place: &Place,
    shutdown: &CancellationToken,
    answer: impl Fn(Request<Incoming>) -> F,
) where
    I: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = Answer>,
{
    let talking = async {
        let service = service_fn(|request| {
            let answering = answer(request);
            Box::pin(async { Ok::<_, Infallible>(answering.await) })
        });
        let mut connection = settings().serve_connection(TokioIo::new(io), service);
        let ended = {
            let mut talking = poll_fn(|cx| connection.poll_without_shutdown(cx));
            shutdown.run_until_cancelled(&mut talking).await
        };
        let ended = if let Some(ended) = ended {
            ended
        } else {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        };
        let malformed = ended.is_err_and(|error| error.is_parse());
        let io = connection.into_parts().io.into_inner().into_inner();
        end(io, malformed || place.is_unread()).await;
    };
    // Where the place is taken, what is left of the connection is dropped.
    let taken = place.taken.run_until_cancelled(Box::pin(talking));
    taken.await.unwrap_or_default();
}

fn settings() -> http1::Builder {
    let mut settings = http1::Builder::new();
    settings
        .timer(TokioTimer::new())
        .header_read_timeout(LONGEST_HEAD)
        .max_buf_size(LARGEST_HEAD)
        .max_header_size(LARGEST_HEAD)
        // A client that has sent everything may say so: its hook is taken all the same.
        .half_close(true);
    settings
}

/// Ends a connection. What still comes is read for a while: a connection with unread bytes is reset, and the answer lost.
async fn end(mut io: impl AsyncRead + AsyncWrite + Unpin, linger: bool) {
    let ending = async {
        // The client may be gone.
        if io.shutdown().await.is_err() || !linger {
            return;
        }
        let mut unread = vec![0; 8 * 1024];
        while io.read(&mut unread).await.is_ok_and(|length| length > 0) {}
    };
    drop(timeout(LINGER, ending).await);
}
