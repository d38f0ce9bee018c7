//! A bound on what heads of requests take of memory, all connections together.
//!
//! A head is kept until it is whole, and may be large; a server that let every connection send one would need far more memory
//! than for its work. So only some connections at a time may, and the others are closed when theirs gets large.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::connections::Place;

/// How much is read at a time, in bytes. Less than hyper asks for: else it asks for ever more.
const PART: u64 = 8 * 1024 - 1;
/// A head up to this size may be sent on any connection, in bytes; what a forge sends is a tenth of it.
const SMALL: usize = 16 * 1024;

/// A connection whose heads are bounded.
pub(crate) struct Metered<'a, I> {
    io: Take<I>,
    place: &'a Place,
    /// How many connections may send a large head.
    large_heads: &'a Semaphore,
    /// How much of a head has come.
    head: usize,
    large: Option<SemaphorePermit<'a>>,
}

impl<'a, I: AsyncRead> Metered<'a, I> {
    pub(crate) fn new(io: I, place: &'a Place, large_heads: &'a Semaphore) -> Self {
        Self {
            io: io.take(PART),
            place,
            large_heads,
            head: 0,
            large: None,
        }
    }

    pub(crate) fn into_inner(self) -> I {
        self.io.into_inner()
    }

    /// Takes note of bytes that have come.
    fn came(&mut self, bytes: usize) -> io::Result<()> {
        // A small request comes in one piece, so nothing may have come between one head and the next.
        let in_head = self.place.is_in_head();
        if self.place.begins_anew() || !in_head {
            self.head = 0;
            self.large = None;
        }
        if !in_head {
            return Ok(());
        }
        self.head += bytes;
        if self.head > SMALL && self.large.is_none() {
            let large = self.large_heads.try_acquire();
            self.large = Some(large.map_err(|_| io::Error::from(io::ErrorKind::QuotaExceeded))?);
        }
        Ok(())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Metered<'_, I> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        this.io.set_limit(PART);
        ready!(Pin::new(&mut this.io).poll_read(cx, buffer))?;
        Poll::Ready(this.came(buffer.filled().len() - before))
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Metered<'_, I> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().io.get_mut()).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().io.get_mut()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().io.get_mut()).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().io.get_mut()).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.get_ref().is_write_vectored()
    }
}
