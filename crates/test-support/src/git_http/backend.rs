//! One run of `git http-backend`: CGI (RFC 3875) with bodies that stream.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, request};
use axum::response::Response;
use tokio::io::{
    AsyncBufRead as _, AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader, ReadBuf,
};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_util::io::ReaderStream;

use super::log::Entry;
use crate::git_repo::git_command;

/// How much of an answer is read and sent at once.
const CHUNK: usize = 64 * 1024;

/// Where the body of the answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Where Git ends it.
    Whole,
    /// The connection is closed after so many bytes.
    Close(u64),
    /// Nothing more comes after so many bytes.
    Stall(u64),
}

/// Hands a request to `git http-backend` and returns its answer while the bodies still flow.
pub(super) async fn run(
    command: Command,
    body: Body,
    entry: Arc<Entry>,
    end: End,
) -> io::Result<Response> {
    let mut child = spawn(command)?;
    let (stdin, stdout) = pipes(&mut child)?;
    tokio::spawn(feed(body, stdin, Arc::clone(&entry)));
    let mut stdout = BufReader::with_capacity(CHUNK, stdout);
    let (status, headers) = read_head(&mut stdout).await?;
    entry.answered(status.as_u16());
    let reader = Output {
        stdout,
        _child: child,
        entry,
        sent: 0,
        end,
    };
    let mut response = Response::new(Body::from_stream(ReaderStream::with_capacity(
        reader,
        64 * 1024,
    )));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// The command with the request's meta-variables. `REMOTE_USER` is always set: Git takes it as the right to push.
pub(super) fn command(
    root: &Path,
    request: &request::Parts,
    git_protocol: Option<&str>,
) -> Command {
    let mut command = git_command(root);
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", request.method.as_str())
        .env("PATH_INFO", request.uri.path())
        .env("QUERY_STRING", request.uri.query().unwrap_or_default())
        .env("REMOTE_USER", "test")
        .env("REMOTE_ADDR", "127.0.0.1");
    let forwarded = [
        ("content-type", "CONTENT_TYPE"),
        ("content-length", "CONTENT_LENGTH"),
        ("content-encoding", "HTTP_CONTENT_ENCODING"),
    ];
    for (header, variable) in forwarded {
        if let Some(value) = header_text(&request.headers, header) {
            command.env(variable, value);
        }
    }
    if let Some(version) = git_protocol {
        command.env("GIT_PROTOCOL", version);
    }
    command.into()
}

pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn spawn(mut command: Command) -> io::Result<Child> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

fn pipes(child: &mut Child) -> io::Result<(ChildStdin, ChildStdout)> {
    let pipes = child.stdin.take().zip(child.stdout.take());
    pipes.ok_or_else(|| io::Error::other("the backend has no pipes"))
}

/// Copies the request's body to Git. Either side may stop early: Git then answers with what it has.
async fn feed(mut body: Body, mut stdin: ChildStdin, entry: Arc<Entry>) {
    while let Some(Ok(frame)) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        let Ok(data) = frame.into_data() else {
            continue;
        };
        entry.received(data.len());
        if stdin.write_all(&data).await.is_err() {
            return;
        }
    }
}

async fn read_head(stdout: &mut BufReader<ChildStdout>) -> io::Result<(StatusCode, HeaderMap)> {
    let (mut status, mut headers) = (StatusCode::OK, HeaderMap::new());
    let mut line = String::new();
    loop {
        line.clear();
        if stdout.read_line(&mut line).await? == 0 {
            return Err(io::Error::other("the backend ended within its header"));
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            return Ok((status, headers));
        };
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().unwrap_or_default();
            status = code.parse().map_err(io::Error::other)?;
        } else {
            let name: HeaderName = name.parse().map_err(io::Error::other)?;
            headers.insert(
                name,
                HeaderValue::from_str(value).map_err(io::Error::other)?,
            );
        }
    }
}

/// What Git prints, counted and perhaps cut short. Holds the child, which dies with it.
struct Output {
    stdout: BufReader<ChildStdout>,
    _child: Child,
    entry: Arc<Entry>,
    sent: u64,
    end: End,
}

impl AsyncRead for Output {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = match self.end {
            End::Whole => u64::MAX,
            End::Close(limit) | End::Stall(limit) => limit.saturating_sub(self.sent),
        };
        match self.end {
            End::Close(_) if left == 0 => {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            // Never woken: only the end of the connection ends this body.
            End::Stall(_) if left == 0 => return Poll::Pending,
            _ => {}
        }
        let available = ready!(Pin::new(&mut self.stdout).poll_fill_buf(context))?;
        let room = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.remaining());
        let count = available.len().min(room);
        buffer.put_slice(&available[..count]);
        Pin::new(&mut self.stdout).consume(count);
        self.sent += count as u64;
        self.entry.sent(count);
        Poll::Ready(Ok(()))
    }
}
