//! The command's input and output as blocking streams.
//!
//! Output is buffered, since Git's protocol is written line by line, and sent before any wait for input.

use std::future::Future;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::runtime::Handle;

use super::SshError;
use super::open::Session;
use crate::deadline::Deadline;
use crate::fault::{Fault, Faults};

/// How much is sent at once: the largest packet that every server takes.
const CHUNK: usize = 32 * 1024;

/// How much of the command's error output is kept.
const MAX_MESSAGE: usize = 4 * 1024;

/// How long to wait for the exit status once the output has ended.
const LINGER: Duration = Duration::from_secs(2);

/// What is written to the command.
pub(super) struct Outgoing {
    write: ChannelWriteHalf<Msg>,
    buffer: Vec<u8>,
    runtime: Handle,
    deadline: Deadline,
}

/// The caller's end of [`Outgoing`].
pub(super) struct Writer(pub(super) Arc<Mutex<Outgoing>>);

/// What the command prints.
pub(super) struct Incoming {
    pub(super) read: ChannelReadHalf,
    pub(super) outgoing: Arc<Mutex<Outgoing>>,
    pub(super) command: &'static str,
    pub(super) faults: Faults,
    pub(super) state: State,
    /// The connection lives as long as its output is read.
    pub(super) _session: Session,
}

/// How far the command is.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Output that was received but not read yet, and how much of it was read.
    chunk: Vec<u8>,
    taken: usize,
    /// Whether there was any output.
    spoke: bool,
    eof: bool,
    closed: bool,
    status: Option<u32>,
    message: Vec<u8>,
}

impl Outgoing {
    pub(super) fn new(write: ChannelWriteHalf<Msg>, runtime: Handle, deadline: Deadline) -> Self {
        Self {
            write,
            buffer: Vec::with_capacity(CHUNK),
            runtime,
            deadline,
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() >= CHUNK {
            self.send()?;
        }
        let count = bytes.len().min(CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        let sent = self.wait(None, self.write.data_bytes(chunk))?;
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Waits until the deadline, or for `limit` if that is shorter.
    fn wait<T>(&self, limit: Option<Duration>, waiting: impl Future<Output = T>) -> io::Result<T> {
        let left = self.deadline.remaining().unwrap_or_default();
        let left = limit.map_or(left, |limit| limit.min(left));
        let timed = self
            .runtime
            .block_on(async { tokio::time::timeout(left, waiting).await });
        timed.map_err(|_elapsed| io::ErrorKind::TimedOut.into())
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().append(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().send()
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.state.rest().is_empty() && !self.state.closed {
            self.receive()?;
        }
        let rest = self.state.rest();
        if rest.is_empty() {
            return self.end();
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.state.taken += count;
        Ok(count)
    }
}

impl Incoming {
    /// Waits for one message of the server.
    fn receive(&mut self) -> io::Result<()> {
        let mut outgoing = self.outgoing.lock();
        outgoing.send().or_else(ignore_broken_pipe)?;
        let limit = self.state.eof.then_some(LINGER);
        match outgoing.wait(limit, self.read.wait()) {
            Ok(message) => self.state.take(message),
            // All there is to read was read: that the server does not close is no error of ours.
            Err(_) if self.state.eof => self.state.closed = true,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The end of the output: a success, or the reason of the failure.
    fn end(&self) -> io::Result<usize> {
        let state = &self.state;
        if state.spoke && matches!(state.status, Some(0) | None) && state.eof {
            return Ok(0);
        }
        if !state.eof && state.status.is_none() && state.message.is_empty() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let error = SshError::Command {
            command: self.command,
            status: state.status,
            message: self
                .faults
                .sanitise(&String::from_utf8_lossy(&state.message)),
        };
        Err(self.faults.raise(Fault::Ssh { source: error }))
    }
}

/// A command that has ended takes no input; its output says why.
fn ignore_broken_pipe(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(error)
}

impl State {
    fn rest(&self) -> &[u8] {
        &self.chunk[self.taken..]
    }

    fn take(&mut self, message: Option<ChannelMsg>) {
        match message {
            Some(ChannelMsg::Data { data }) => {
                self.spoke = true;
                self.chunk.clear();
                self.chunk.extend_from_slice(&data);
                self.taken = 0;
            }
            // 1 is the error output, the only kind there is.
            Some(ChannelMsg::ExtendedData { data, ext: 1 }) => {
                let room = MAX_MESSAGE.saturating_sub(self.message.len());
                self.message
                    .extend_from_slice(&data[..data.len().min(room)]);
            }
            Some(ChannelMsg::ExitStatus { exit_status }) => self.status = Some(exit_status),
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                self.message
                    .extend_from_slice(format!("killed by {signal_name:?}").as_bytes());
                self.status.get_or_insert(128);
            }
            Some(ChannelMsg::Eof) => self.eof = true,
            // The server does not run commands.
            Some(ChannelMsg::Failure) => {
                self.message
                    .extend_from_slice(b"the server does not allow it");
                self.closed = true;
            }
            Some(ChannelMsg::Close) | None => self.closed = true,
            Some(_) => {}
        }
    }
}
