//! Connections that can be broken from outside, and what each of them is busy with.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::call::Call;

/// A handle on one connection of a client.
#[derive(Clone, Debug)]
pub(super) struct Connection(Arc<Line>);

#[derive(Debug, Default)]
struct Line {
    broken: CancellationToken,
    call: Mutex<Option<Call>>,
}

impl Connection {
    /// Notes what the connection is busy with from now on.
    pub(super) fn serves(&self, call: &Call) {
        *self.0.call.lock() = Some(call.clone());
    }

    /// Ends it without another byte.
    pub(super) fn cut(&self) {
        self.0.broken.cancel();
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        Self(Arc::clone(&stream.io().line))
    }
}

/// All connections that are open.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<Weak<Line>>>>);

impl Lines {
    fn add(&self, line: &Arc<Line>) {
        let mut lines = self.0.lock();
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(line));
    }

    /// Breaks those whose last call is picked; of one that has served nothing yet, the call is `None`.
    pub(super) fn cut(&self, picked: impl Fn(Option<&Call>) -> bool) {
        for line in self.0.lock().iter().filter_map(Weak::upgrade) {
            if picked(line.call.lock().as_ref()) {
                line.broken.cancel();
            }
        }
    }
}

/// Accepts plain TCP connections that can be cut.
#[derive(Debug)]
pub(super) struct CuttableListener {
    listener: TcpListener,
    lines: Lines,
}

impl CuttableListener {
    pub(super) fn new(listener: TcpListener, lines: Lines) -> Self {
        Self { listener, lines }
    }
}

impl Listener for CuttableListener {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        // Without it an answer may wait for the client's next acknowledgement; a failure changes nothing else.
        drop(stream.set_nodelay(true));
        let line = Arc::<Line>::default();
        self.lines.add(&line);
        let broken = Box::pin(line.broken.clone().cancelled_owned());
        let cuttable = Cuttable {
            stream,
            broken,
            line,
        };
        (cuttable, peer)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection that reads and writes nothing more once it is broken.
pub(super) struct Cuttable {
    stream: TcpStream,
    broken: Pin<Box<WaitForCancellationFutureOwned>>,
    line: Arc<Line>,
}

impl Cuttable {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.broken.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionReset.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
