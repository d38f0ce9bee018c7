//! One request with a body: gix writes it, reads the headers, reads the answer. It is sent when the headers are read.

use std::{
    io::{self, BufRead, BufReader, Cursor, Read, Write},
    sync::Arc,
};

use gix_transport::client::blocking_io::http::PostResponse;
use parking_lot::Mutex;
use reqwest::blocking::{RequestBuilder, Response};

use super::{checked, send};
use crate::{
    deadline::Deadline,
    fault::{Fault, Faults},
};

/// Bytes read from the network at once.
const BUFFER: usize = 64 * 1024;

/// What the two ends of an exchange share.
#[derive(Default)]
struct Shared {
    posted: Vec<u8>,
    response: Option<Response>,
}

/// Takes the request's body.
pub(crate) struct Posted(Arc<Mutex<Shared>>);

/// The headers of the answer, as gix reads them.
pub(crate) enum Headers {
    /// They are known.
    Ready(Cursor<Vec<u8>>),
    /// The first read sends the request.
    Pending(Box<Pending>),
}

/// A request that waits for its body.
pub(crate) struct Pending {
    request: RequestBuilder,
    expected: String,
    deadline: Deadline,
    faults: Faults,
    shared: Arc<Mutex<Shared>>,
}

/// The body of the answer.
pub(crate) struct Body(BufReader<Source>);

/// Reads a response as soon as there is one, and records what goes wrong.
struct Source {
    response: Option<Response>,
    shared: Arc<Mutex<Shared>>,
    faults: Faults,
}

/// Prepares the exchange of `request`, whose answer must have the content type `expected`.
pub(crate) fn post(
    request: RequestBuilder,
    expected: String,
    deadline: Deadline,
    faults: Faults,
) -> PostResponse<Headers, Body, Posted> {
    let shared = Arc::new(Mutex::new(Shared::default()));
    let source = Source {
        response: None,
        shared: Arc::clone(&shared),
        faults: faults.clone(),
    };
    let pending = Pending {
        request,
        expected,
        deadline,
        faults,
        shared: Arc::clone(&shared),
    };
    PostResponse {
        post_body: Posted(shared),
        headers: Headers::Pending(Box::new(pending)),
        body: Body(BufReader::with_capacity(BUFFER, source)),
    }
}

impl Body {
    /// The body of a response that is there.
    pub(crate) fn ready(response: Response, faults: Faults) -> Self {
        let source = Source {
            response: Some(response),
            shared: Arc::default(),
            faults,
        };
        Self(BufReader::with_capacity(BUFFER, source))
    }
}

impl Pending {
    fn send(self) -> io::Result<Vec<u8>> {
        let posted = std::mem::take(&mut self.shared.lock().posted);
        let response = send(self.request.body(posted), &self.deadline, &self.faults)?;
        let response = checked(response, &self.expected, &self.faults)?;
        self.shared.lock().response = Some(response);
        Ok(format!("content-type:{}\n", self.expected).into_bytes())
    }
}

impl Write for Posted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().posted.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Headers {
    fn ready(&mut self) -> io::Result<&mut Cursor<Vec<u8>>> {
        if let Self::Pending(_) = self {
            let pending = std::mem::replace(self, Self::Ready(Cursor::default()));
            if let Self::Pending(pending) = pending {
                *self = Self::Ready(Cursor::new(pending.send()?));
            }
        }
        match self {
            Self::Ready(lines) => Ok(lines),
            Self::Pending(_) => Err(io::Error::other("the request was not sent")),
        }
    }
}

impl Read for Headers {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.ready()?.read(bytes)
    }
}

impl BufRead for Headers {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.ready()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Self::Ready(lines) = self {
            lines.consume(amount);
        }
    }
}

impl Read for Source {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.response.is_none() {
            self.response = self.shared.lock().response.take();
        }
        let Some(response) = &mut self.response else {
            return Ok(0);
        };
        response
            .read(bytes)
            .map_err(|error| self.faults.raise(Fault::from_io(error)))
    }
}

impl Read for Body {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl BufRead for Body {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}
