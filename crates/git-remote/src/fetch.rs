//! One `fetch` request and its answer.

use std::{
    cell::RefCell,
    io::{self, BufRead, Read},
    ops::ControlFlow,
    rc::Rc,
};

use gix::ObjectId;
use gix_protocol::{
    Command,
    fetch::{Arguments, Response},
};
use gix_transport::client::blocking_io::ExtendedBufRead;

use crate::{
    error::{Error, Operation},
    fault::{Fault, Faults},
    http::AGENT,
    wire::{Wire, refuses_object},
};

/// The most bytes that are read after a pack's last entry.
const MAX_REST: u64 = 4096;

/// What to ask for.
#[derive(Default)]
pub(crate) struct Request<'a> {
    pub(crate) wants: &'a [ObjectId],
    pub(crate) have: Option<ObjectId>,
    /// Only the wanted commits, without their history, if the server can do that.
    pub(crate) shallow: bool,
    /// No blobs but those that are wanted, if the server can do that.
    pub(crate) without_blobs: bool,
    /// Nothing but so many generations of commits; only for servers that [can send that](can_send_commits_only).
    pub(crate) generations: Option<usize>,
}

/// Sends `request` in one round and hands the pack of the answer to `consume`, which may stop reading early.
pub(crate) fn fetch<T>(
    wire: &mut Wire,
    request: &Request<'_>,
    operation: Operation,
    consume: impl FnOnce(&mut dyn BufRead) -> Result<T, Error>,
) -> Result<T, Error> {
    let context = wire.context.clone();
    let mut reader =
        send(wire, request, operation).map_err(|error| match request.wants.first() {
            Some(id) => refuses_object(error, *id),
            None => error,
        })?;
    let fatal = Rc::new(RefCell::new(String::new()));
    let heard = Rc::clone(&fatal);
    let faults = context.faults.clone();
    reader.set_progress_handler(Some(Box::new(move |is_error, text: &[u8]| {
        if is_error {
            *heard.borrow_mut() = faults.sanitise(&String::from_utf8_lossy(text));
        }
        ControlFlow::Continue(())
    })));
    let outcome = consume(&mut reader);
    if outcome.is_ok() && reader.stopped_at().is_none() {
        // What is left is the pack's checksum, and nothing else.
        io::copy(&mut (&mut reader).take(MAX_REST), &mut io::sink())
            .map_err(|error| context.explain(operation, &error))?;
    }
    let message = fatal.take();
    if message.is_empty() {
        return outcome;
    }
    Err(Error::Refused {
        at: context.at(operation),
        message,
    })
}

/// The answer, as a reader that is at the beginning of the pack.
fn send<'a>(
    wire: &'a mut Wire,
    request: &Request<'_>,
    operation: Operation,
) -> Result<Box<dyn ExtendedBufRead<'a> + Unpin + 'a>, Error> {
    let context = wire.context.clone();
    let version = wire.version;
    let mut arguments = arguments(wire);
    fill(&mut arguments, request);
    let mut reader = arguments
        .send(&mut wire.transport, true)
        .map_err(|error| context.explain(operation, &error))?;
    if let Some(Ok(Ok(line))) = reader.peek_data_line()
        && let Some(message) = line.strip_prefix(b"ERR ")
    {
        let message = context.faults.sanitise(&String::from_utf8_lossy(message));
        return Err(Error::Refused {
            at: context.at(operation),
            message,
        });
    }
    let response = Response::from_line_reader(version, &mut reader, true, request.have.is_some())
        .map_err(|error| context.explain(operation, &error))?;
    if response.has_pack() {
        return Ok(reader);
    }
    Err(context.protocol(operation, "expected a pack, found none"))
}

/// The features of a request. Before protocol v2, `deepen-relative` would make the depth relative to what we
/// have: never send it.
fn arguments(wire: &Wire) -> Arguments {
    let mut features = Command::Fetch.default_features(wire.version, &wire.capabilities);
    // Sections in side bands would need another way to read the answer, and bring nothing here.
    features.retain(|(name, _)| !matches!(*name, "deepen-relative" | "sideband-all"));
    features.push(("agent", Some(AGENT.into())));
    Arguments::new(wire.version, features, false)
}

fn fill(arguments: &mut Arguments, request: &Request<'_>) {
    if request.shallow && arguments.can_use_deepen() {
        if let Some(have) = &request.have {
            arguments.shallow(have);
        }
        arguments.deepen(1);
    }
    if request.without_blobs && arguments.can_use_filter() {
        arguments.filter("blob:none");
    }
    if let Some(generations) = request.generations {
        arguments.deepen(generations);
        arguments.filter("tree:0");
    }
    for want in request.wants {
        arguments.want(want);
    }
    if let Some(have) = &request.have {
        arguments.have(have);
    }
}

/// Whether the server can send commits without their history.
pub(crate) fn can_be_shallow(wire: &Wire) -> bool {
    arguments(wire).can_use_deepen()
}

/// Whether the server can send commits without their trees, and so many of them only.
pub(crate) fn can_send_commits_only(wire: &Wire) -> bool {
    let arguments = arguments(wire);
    arguments.can_use_deepen() && arguments.can_use_filter()
}

/// A reader that refuses to yield more than a number of bytes, and obeys the deadline.
pub(crate) struct Bounded<'a> {
    inner: &'a mut dyn BufRead,
    left: u64,
    limit: u64,
    what: &'static str,
    wire: (crate::deadline::Deadline, Faults),
}

impl<'a> Bounded<'a> {
    /// Yields at most `limit` bytes of `inner`; one more is a fault named `what`.
    pub(crate) fn new(
        inner: &'a mut dyn BufRead,
        limit: u64,
        what: &'static str,
        context: &crate::wire::Context,
    ) -> Self {
        let wire = (context.deadline.clone(), context.faults.clone());
        Self {
            inner,
            left: limit,
            limit,
            what,
            wire,
        }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(bytes.len());
        bytes[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Bounded<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let (deadline, faults) = &self.wire;
        if deadline.remaining().is_none() {
            return Err(faults.raise(Fault::Timeout));
        }
        let available = self.inner.fill_buf()?;
        if self.left == 0 && !available.is_empty() {
            return Err(faults.raise(Fault::Limit {
                what: self.what,
                limit: self.limit,
            }));
        }
        let count = available
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        Ok(&available[..count])
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount as u64);
        self.inner.consume(amount);
    }
}
