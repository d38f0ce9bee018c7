//! What goes over the connection: the request with its pack, and the answer.

use std::io::{self, Write};

use gix::ObjectId;
use gix_packetline::blocking_io::encode;
use gix_transport::client::{
    Capabilities, MessageKind, WriteMode,
    blocking_io::{ExtendedBufRead, Transport as _},
};
use gix_zlib::Compression;

use super::RefUpdate;
use super::report::{Answer, Report, TooLong};
use crate::{
    error::{Error, Operation},
    http::AGENT,
    objects::{self, Object},
    wire::{Context, Wire},
};

/// Bytes of the pack that are written at once.
const CHUNK: usize = 64 * 1024;
/// From this number of bytes on, time counts for more than what better compression saves.
const QUICK_FROM: u64 = 4 << 20;

/// What is sent: a [`PushRequest`](super::PushRequest), with the objects in place of the commit.
pub(super) struct Parcel<'a> {
    pub(super) updates: &'a [RefUpdate],
    pub(super) objects: &'a [Object],
    pub(super) options: &'a [(String, String)],
    pub(super) atomic: bool,
}

/// What client and server agree on.
pub(super) struct Terms {
    capabilities: String,
    side_band: bool,
    push_options: bool,
    /// There are push options, and the server takes none.
    pub(super) options_ignored: bool,
}

impl Terms {
    /// The terms of a push, or the capability that the server lacks.
    pub(super) fn negotiate(
        server: &Capabilities,
        parcel: &Parcel<'_>,
    ) -> Result<Self, &'static str> {
        let report = ["report-status-v2", "report-status"]
            .into_iter()
            .find(|name| server.contains(name));
        if parcel.atomic && !server.contains("atomic") {
            return Err("atomic");
        }
        let side_band = server.contains("side-band-64k");
        let push_options = !parcel.options.is_empty() && server.contains("push-options");
        let mut chosen = vec![report.ok_or("report-status")?.to_owned()];
        let optional = [
            ("side-band-64k", side_band),
            ("atomic", parcel.atomic),
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
        let options_ignored = !parcel.options.is_empty() && !push_options;
        Ok(Self {
            capabilities: chosen.join(" "),
            side_band,
            push_options,
            options_ignored,
        })
    }
}

/// The pack of the objects.
pub(super) fn pack(context: &Context, parcel: &Parcel<'_>) -> Result<Vec<u8>, Error> {
    let limit = context.limits.pack_bytes;
    let bytes: u64 = parcel
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
    let compression = if bytes > QUICK_FROM {
        Compression::BEST_SPEED
    } else {
        Compression::DEFAULT
    };
    objects::encode(parcel.objects, compression).map_err(|source| Error::WriteObject { source })
}

/// Sends the push and reads the answer.
pub(super) fn exchange(
    wire: &mut Wire,
    parcel: &Parcel<'_>,
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
    send(&mut writer, parcel, terms, pack).map_err(|error| explain(&error))?;
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

fn send(writer: &mut dyn Write, parcel: &Parcel<'_>, terms: &Terms, pack: &[u8]) -> io::Result<()> {
    let null = ObjectId::null(gix::hash::Kind::Sha1);
    for (index, update) in parcel.updates.iter().enumerate() {
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
        for (key, value) in parcel.options {
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
pub(super) fn uncertain(context: &Context, error: Error) -> Error {
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
