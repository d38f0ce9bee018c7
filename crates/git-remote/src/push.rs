//! Pushing: compare-and-swap of references, and the server's report.
//!
//! gix has no push. This speaks send-pack's side of the protocol (v0; there is no newer one) over gix's transports.

mod report;

use std::io::{self, Write};

use gix::ObjectId;
use gix_packetline::blocking_io::encode;
use gix_transport::{
    Service,
    client::{
        Capabilities, MessageKind, WriteMode,
        blocking_io::{ExtendedBufRead, Transport as _},
    },
};
use gix_zlib::Compression;

use report::{Answer, Report, TooLong};
pub use report::{PushReport, RefOutcome};

use crate::{
    commit::NewCommit,
    error::{Error, Operation},
    http::AGENT,
    objects,
    remote::Remote,
    wire::{Context, Wire},
};

/// Bytes of the pack that are written at once.
const CHUNK: usize = 64 * 1024;

/// References to set, and the commit they are set to.
#[derive(Debug)]
pub struct PushRequest<'a> {
    /// The references.
    pub updates: &'a [RefUpdate],
    /// What is sent.
    pub commit: &'a NewCommit,
    /// Push options, sent as `key=value`. Dropped where the server takes none, as Flux does; the report says so.
    pub options: &'a [(String, String)],
    /// All references or none. An error where the server cannot do that.
    pub atomic: bool,
}

/// One reference to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name: `refs/heads/main`.
    pub name: String,
    /// What it must point to now; `None`: it must not exist.
    pub old: Option<ObjectId>,
    /// What it shall point to.
    pub new: ObjectId,
}

/// See [`Remote::push`].
pub(crate) fn push(remote: &Remote, request: &PushRequest<'_>) -> Result<PushReport, Error> {
    let mut wire = Wire::open(remote, Service::ReceivePack, Operation::Push)?;
    let context = wire.context.clone();
    compare(&wire, request)?;
    let terms =
        Terms::negotiate(&wire.capabilities, request).map_err(|capability| Error::Unsupported {
            at: context.at(Operation::Push),
            capability,
        })?;
    let pack = pack(&context, request)?;
    context.deadline.restart();
    let (report, messages) =
        exchange(&mut wire, request, &terms, &pack).map_err(|error| uncertain(&context, error))?;
    let refs = report.outcomes(request.updates);
    Ok(PushReport {
        refs,
        messages,
        options_ignored: terms.options_ignored,
    })
}

/// The server compares again when it takes the push, under its lock.
fn compare(wire: &Wire, request: &PushRequest<'_>) -> Result<(), Error> {
    let advertised = wire.advertised.as_deref().unwrap_or_default();
    for update in request.updates {
        let found = advertised
            .iter()
            .find(|found| found.name == update.name)
            .map(|found| found.object);
        if found != update.old {
            return Err(Error::Moved {
                remote: wire.context.remote().to_owned(),
                name: update.name.clone(),
                expected: update.old,
                found,
            });
        }
    }
    Ok(())
}

/// What client and server agree on.
struct Terms {
    capabilities: String,
    side_band: bool,
    push_options: bool,
    options_ignored: bool,
}

impl Terms {
    /// The terms of a push, or the capability that the server lacks.
    fn negotiate(server: &Capabilities, request: &PushRequest<'_>) -> Result<Self, &'static str> {
        let report = ["report-status-v2", "report-status"]
            .into_iter()
            .find(|name| server.contains(name));
        if request.atomic && !server.contains("atomic") {
            return Err("atomic");
        }
        let side_band = server.contains("side-band-64k");
        let push_options = !request.options.is_empty() && server.contains("push-options");
        let mut chosen = vec![report.ok_or("report-status")?.to_owned()];
        let optional = [
            ("side-band-64k", side_band),
            ("atomic", request.atomic),
            ("push-options", push_options),
        ];
        chosen.extend(
            optional
                .into_iter()
                .filter(|(_, chosen)| *chosen)
                .map(|(name, _)| name.to_owned()),
        );
        if server.contains("object-format") {
            chosen.push("object-format=sha1".into());
        }
        if server.contains("agent") {
            chosen.push(format!("agent={AGENT}"));
        }
        let options_ignored = !request.options.is_empty() && !push_options;
        Ok(Self {
            capabilities: chosen.join(" "),
            side_band,
            push_options,
            options_ignored,
        })
    }
}

fn pack(context: &Context, request: &PushRequest<'_>) -> Result<Vec<u8>, Error> {
    let limit = context.limits.pack_bytes;
    let bytes: u64 = request
        .commit
        .objects
        .iter()
        .map(|(_, _, content)| content.len() as u64)
        .sum();
    if bytes > limit {
        return Err(Error::Limit {
            at: context.at(Operation::Push),
            what: "a push of more bytes",
            limit,
        });
    }
    objects::encode(&request.commit.objects, Compression::DEFAULT)
        .map_err(|source| Error::WriteObject { source })
}

/// Sends the push and reads the answer.
fn exchange(
    wire: &mut Wire,
    request: &PushRequest<'_>,
    terms: &Terms,
    pack: &[u8],
) -> Result<(Report, Vec<String>), Error> {
    let context = wire.context.clone();
    let explain =
        |error: &(dyn std::error::Error + 'static)| context.explain(Operation::Push, error);
    // In this mode the HTTP transport sends a Content-Length, which old proxies want.
    let writer = wire
        .transport
        .request(
            WriteMode::OneLfTerminatedLinePerWriteCall,
            MessageKind::Flush,
            false,
        )
        .map_err(|error| explain(&error))?;
    let (mut writer, mut reader) = writer.into_parts();
    send(&mut writer, request, terms, pack).map_err(|error| explain(&error))?;
    // The transport takes this as the end of the request.
    drop(writer);
    let mut answer = Answer::new(context.limits.report_bytes);
    let read = read(&mut *reader, terms, &mut answer, &context);
    let (report, messages) = answer.finish(&context.faults);
    match read.and_then(|()| report.map_err(|problem| context.protocol(Operation::Push, problem))) {
        Ok(report) => Ok((report, messages)),
        // What the server printed says more than that it hung up.
        Err(Error::Protocol { at, problem }) if !messages.is_empty() => Err(Error::Protocol {
            at,
            problem: format!("{problem}; the server says: {}", messages.join("; ")),
        }),
        Err(error) => Err(error),
    }
}

fn send(
    writer: &mut dyn Write,
    request: &PushRequest<'_>,
    terms: &Terms,
    pack: &[u8],
) -> io::Result<()> {
    let null = ObjectId::null(gix::hash::Kind::Sha1);
    for (index, update) in request.updates.iter().enumerate() {
        let capabilities = if index == 0 {
            format!("\0 {}", terms.capabilities)
        } else {
            String::new()
        };
        let line = format!(
            "{} {} {}{capabilities}",
            update.old.unwrap_or(null),
            update.new,
            update.name
        );
        encode::data_to_write(line.as_bytes(), &mut *writer)?;
    }
    encode::flush_to_write(&mut *writer)?;
    if terms.push_options {
        for (key, value) in request.options {
            encode::data_to_write(format!("{key}={value}").as_bytes(), &mut *writer)?;
        }
        encode::flush_to_write(&mut *writer)?;
    }
    for chunk in pack.chunks(CHUNK) {
        writer.write_all(chunk)?;
    }
    writer.flush()
}

/// Reads to the end of the answer: what hooks print after the push comes last.
fn read<'a>(
    reader: &mut (dyn ExtendedBufRead<'a> + Unpin + 'a),
    terms: &Terms,
    answer: &mut Answer,
    context: &Context,
) -> Result<(), Error> {
    let explain =
        |error: &(dyn std::error::Error + 'static)| context.explain(Operation::Push, error);
    while let Some(line) = reader.readline() {
        let line = line
            .map_err(|error| explain(&error))?
            .map_err(|error| explain(&error))?;
        let Some(line) = line.as_slice() else {
            continue;
        };
        let taken = if terms.side_band {
            answer.push_band(line)
        } else {
            answer.push_line(line)
        };
        taken.map_err(|TooLong { limit }| Error::Limit {
            at: context.at(Operation::Push),
            what: "a report of more bytes",
            limit,
        })?;
    }
    Ok(())
}

/// An error after the push was sent, unless it says for sure that the server did not take it.
fn uncertain(context: &Context, error: Error) -> Error {
    let refused = match &error {
        Error::Http { status, .. } => *status < 500,
        Error::Authentication { .. }
        | Error::Permission { .. }
        | Error::RepositoryNotFound { .. }
        | Error::NotGit { .. }
        | Error::Redirect { .. }
        | Error::Tls { .. }
        | Error::Unreachable { .. } => true,
        _ => false,
    };
    if refused {
        return error;
    }
    Error::UnknownOutcome {
        remote: context.remote().to_owned(),
        source: Box::new(error),
    }
}
