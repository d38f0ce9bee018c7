//! The server's answer to a push.

use gix::bstr::{BStr, ByteSlice as _};
use gix_packetline::{
    PacketLineRef,
    blocking_io::{StreamingPeekableIter, encode},
};

use super::RefUpdate;
use crate::fault::Faults;

/// Lines of messages that are kept.
const MAX_LINES: usize = 1000;

/// What the server did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushReport {
    /// Its answer for each reference, in the order of the request.
    pub refs: Vec<RefOutcome>,
    /// What the server and its hooks printed, line by line, without control characters and the
    /// secrets that it was shown, bounded.
    pub messages: Vec<String>,
    /// There were push options, and the server takes none.
    pub options_ignored: bool,
}

impl PushReport {
    /// Whether the server set every reference.
    pub fn is_ok(&self) -> bool {
        self.refs.iter().all(|found| found.result.is_ok())
    }
}

/// The answer for one reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefOutcome {
    /// The full name.
    pub name: String,
    /// `Err` with the server's reason if it refused, sanitised: "non-fast-forward", "pre-receive hook declined", …
    pub result: Result<(), String>,
}

/// The answer as it comes: the report, and what is printed for people.
pub(super) struct Answer {
    report: Vec<u8>,
    messages: Vec<u8>,
    left: u64,
    limit: u64,
}

/// The answer is over the limit.
#[derive(Debug)]
pub(super) struct TooLong {
    pub(super) limit: u64,
}

impl Answer {
    /// Takes at most `limit` bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self {
            report: Vec::new(),
            messages: Vec::new(),
            left: limit,
            limit,
        }
    }

    /// Takes a packet of `side-band-64k`: its first byte says what it is.
    pub(super) fn push_band(&mut self, packet: &[u8]) -> Result<(), TooLong> {
        self.count(packet)?;
        match packet.split_first() {
            Some((1, part)) => self.report.extend_from_slice(part),
            Some((_, part)) => self.messages.extend_from_slice(part),
            None => {}
        }
        Ok(())
    }

    /// Takes a line of the report itself.
    pub(super) fn push_line(&mut self, line: &[u8]) -> Result<(), TooLong> {
        self.count(line)?;
        // As the side band would have brought it. Memory takes what is written to it.
        encode::data_to_write(line, &mut self.report).ok();
        Ok(())
    }

    fn count(&mut self, packet: &[u8]) -> Result<(), TooLong> {
        let left = self.left.checked_sub(packet.len() as u64);
        self.left = left.ok_or(TooLong { limit: self.limit })?;
        Ok(())
    }

    /// The report, or what is wrong with it; and the lines of the messages.
    pub(super) fn finish(self, faults: &Faults) -> (Result<Report, String>, Vec<String>) {
        let lines = self
            .messages
            .split(|byte| matches!(byte, b'\n' | b'\r'))
            .map(|line| text(line, faults));
        let messages = lines
            .filter(|line| !line.is_empty())
            .take(MAX_LINES)
            .collect();
        (Report::read(&self.report, faults), messages)
    }
}

/// The lines of `report-status`.
#[derive(Debug, Default)]
pub(super) struct Report {
    unpack: Option<Result<(), String>>,
    refs: Vec<RefOutcome>,
}

impl Report {
    /// Reads packet lines to the flush.
    fn read(bytes: &[u8], faults: &Faults) -> Result<Self, String> {
        let mut report = Self::default();
        let mut lines = StreamingPeekableIter::new(bytes, &[PacketLineRef::Flush], false);
        while let Some(line) = lines.read_line() {
            let line = line
                .map_err(|error| faults.innermost(&error))?
                .map_err(|error| faults.innermost(&error))?;
            if let Some(line) = line.as_bstr() {
                report.push(line, faults)?;
            }
        }
        if report.unpack.is_none() {
            return Err("expected a report about the push, found none".into());
        }
        Ok(report)
    }

    /// Takes one line: `unpack …`, `ok <ref>`, `ng <ref> <reason>` or `option …`.
    fn push(&mut self, line: &BStr, faults: &Faults) -> Result<(), String> {
        let text = |bytes: &[u8]| text(bytes, faults);
        let line = line.trim_end();
        let (word, rest) = line.split_once_str(" ").unwrap_or((line, b""));
        match word {
            b"unpack" if rest == b"ok" => self.unpack = Some(Ok(())),
            b"unpack" => self.unpack = Some(Err(text(rest))),
            // Names are as they came: they are compared, and not shown.
            b"ok" => self.refs.push(RefOutcome {
                name: rest.to_str_lossy().into_owned(),
                result: Ok(()),
            }),
            b"ng" => {
                let (name, reason) = rest
                    .split_once_str(" ")
                    .unwrap_or((rest, b"refused without a reason"));
                self.refs.push(RefOutcome {
                    name: name.to_str_lossy().into_owned(),
                    result: Err(text(reason)),
                });
            }
            // A server that maps references to others (proc-receive) says here to which.
            b"option" => {}
            _ => {
                return Err(format!(
                    "expected a report about the push, found '{}'",
                    text(line)
                ));
            }
        }
        Ok(())
    }

    /// The answer for each of `updates`. One that the server left out was not set.
    pub(super) fn outcomes(&self, updates: &[RefUpdate]) -> Vec<RefOutcome> {
        let missing = match &self.unpack {
            Some(Err(reason)) => format!("unpacking failed: {reason}"),
            _ => "the server did not report on it".to_owned(),
        };
        let answer = |name: &str| self.refs.iter().find(|found| found.name == name);
        let outcome = |update: &RefUpdate| {
            let result = answer(&update.name)
                .map_or_else(|| Err(missing.clone()), |found| found.result.clone());
            RefOutcome {
                name: update.name.clone(),
                result,
            }
        };
        updates.iter().map(outcome).collect()
    }
}

fn text(bytes: &[u8], faults: &Faults) -> String {
    faults.sanitise(&bytes.to_str_lossy())
}
