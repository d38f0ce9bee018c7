//! What went wrong on the wire, kept where gix's error types would lose it.

use std::{error::Error as StdError, io, sync::Arc};

use parking_lot::Mutex;

use crate::{
    error::{At, Cause, Error},
    ssh::SshError,
};

/// The most characters of a server's words that an error repeats.
const MAX_DETAIL: usize = 300;

/// A failure as the transport saw it.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An HTTP status that is no success, and the text that came with it.
    Status { status: u16, detail: String },
    /// A redirect that is not followed.
    Redirect { location: String },
    /// The answer is not Git's.
    ContentType { expected: String, found: String },
    /// TLS failed.
    Tls { problem: String, source: Cause },
    /// No connection.
    Unreachable { source: Cause },
    /// The connection ended in mid-answer.
    Lost { source: Cause },
    /// The deadline passed.
    Timeout,
    /// The server's command failed.
    Ssh { source: SshError },
    /// More than `limit` of `what` came.
    Limit { what: &'static str, limit: u64 },
}

/// Where a transport puts its fault, and its user finds it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<Option<Fault>>>);

impl Faults {
    /// Records a fault, unless there is one already: the first is the cause of what follows.
    pub(crate) fn record(&self, fault: Fault) {
        self.0.lock().get_or_insert(fault);
    }

    /// Records a fault and makes the error that carries the news through gix.
    pub(crate) fn raise(&self, fault: Fault) -> io::Error {
        self.record(fault);
        io::Error::other("see the recorded fault")
    }

    /// The fault, if any. There is none afterwards.
    pub(crate) fn take(&self) -> Option<Fault> {
        self.0.lock().take()
    }
}

impl Fault {
    /// Reads what reqwest found.
    pub(crate) fn from_reqwest(error: reqwest::Error) -> Self {
        let error = error.without_url();
        // The time for making a connection is shorter than that of the operation.
        if error.is_timeout() && !error.is_connect() {
            return Self::Timeout;
        }
        let tls = causes(&error).find_map(|cause| cause.downcast_ref::<rustls::Error>());
        if let Some(problem) = tls.map(ToString::to_string) {
            let source = error.into();
            return Self::Tls { problem, source };
        }
        let connecting = error.is_connect();
        let source = error.into();
        if connecting {
            Self::Unreachable { source }
        } else {
            Self::Lost { source }
        }
    }

    /// Reads what came out of a body or another stream.
    pub(crate) fn from_io(error: io::Error) -> Self {
        let timeout = error.kind() == io::ErrorKind::TimedOut
            || causes(&error).any(|cause| {
                cause
                    .downcast_ref::<reqwest::Error>()
                    .is_some_and(reqwest::Error::is_timeout)
            });
        if timeout {
            Self::Timeout
        } else {
            Self::Lost {
                source: error.into(),
            }
        }
    }

    /// The error that a caller sees.
    pub(crate) fn into_error(self, at: At, limit: std::time::Duration) -> Error {
        match self {
            Self::Status {
                status: 401,
                detail,
            } => Error::Authentication { at, detail },
            Self::Status {
                status: 403,
                detail,
            } => Error::Permission { at, detail },
            Self::Status {
                status: 404 | 410,
                detail,
            } => Error::RepositoryNotFound { at, detail },
            Self::Status { status, detail } => Error::Http { at, status, detail },
            Self::Redirect { location } => Error::Redirect { at, location },
            Self::ContentType { expected, found } => Error::NotGit {
                at,
                expected,
                found,
            },
            Self::Tls { problem, source } => Error::Tls {
                at,
                problem,
                source,
            },
            Self::Unreachable { source } => Error::Unreachable {
                at,
                problem: innermost(&*source),
                source,
            },
            Self::Lost { source } => Error::ConnectionLost {
                at,
                problem: innermost(&*source),
                source,
            },
            Self::Timeout => Error::TimedOut { at, limit },
            Self::Ssh { source } => Error::Ssh {
                at,
                source: Box::new(source),
            },
            Self::Limit { what, limit } => Error::Limit { at, what, limit },
        }
    }
}

/// An error and its causes, outermost first. Looks into [`io::Error`], which hides what it wraps.
pub(crate) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        cause(*error)
    })
}

fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The text of the innermost cause: the one that says what happened.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error)
        .last()
        .map(|cause| sanitise(&cause.to_string()))
        .unwrap_or_default()
}

/// A server's words, fit for a log line: no control characters, no more than a few hundred characters.
pub(crate) fn sanitise(text: &str) -> String {
    let words = text
        .split(|char: char| char.is_control() || char.is_whitespace())
        .filter(|word| !word.is_empty());
    let mut line = String::new();
    for word in words {
        if line.len() + word.len() >= MAX_DETAIL {
            line.extend(word.chars().take(MAX_DETAIL.saturating_sub(line.len())));
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_servers_fit_one_line() {
        for (text, expected) in [
            ("plain", "plain"),
            (
                "two\r\nlines\tand \u{1b}[31mcolour\u{7}",
                "two lines and [31mcolour",
            ),
            ("  ", ""),
        ] {
            assert_eq!(sanitise(text), expected);
        }
        for long in ["x".repeat(1000), "wörd ".repeat(300)] {
            let line = sanitise(&long);
            assert!(
                line.ends_with('…') && line.chars().count() <= MAX_DETAIL + 1,
                "{line}"
            );
        }
    }

    #[test]
    fn wrapped_causes_are_found() {
        let inner = io::Error::new(io::ErrorKind::TimedOut, "the innermost");
        let outer = io::Error::other(io::Error::other(inner));
        assert_eq!(innermost(&outer), "the innermost");
        assert!(matches!(
            Fault::from_io(io::ErrorKind::TimedOut.into()),
            Fault::Timeout
        ));
        assert!(matches!(
            Fault::from_io(io::ErrorKind::BrokenPipe.into()),
            Fault::Lost { .. }
        ));
    }

    #[test]
    fn the_first_fault_counts() {
        let faults = Faults::default();
        faults.record(Fault::Timeout);
        faults.record(Fault::Limit {
            what: "x",
            limit: 1,
        });
        assert!(matches!(faults.take(), Some(Fault::Timeout)));
        assert!(faults.take().is_none());
    }
}
