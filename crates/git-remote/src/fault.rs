//! What went wrong on the wire, kept where gix's error types would lose it.

use std::{error::Error as StdError, io, sync::Arc};

use parking_lot::Mutex;

use crate::{
    error::{At, Cause, Error},
    secrets::Secrets,
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

/// Where a transport puts its fault, and its user finds it; and what no text about it may hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    first: Arc<Mutex<Option<Fault>>>,
    secrets: Secrets,
}

impl Faults {
    /// The faults of a remote with these secrets.
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self {
            first: Arc::default(),
            secrets,
        }
    }

    /// A server's words without secrets, fit for a log line: no control characters, no more than a few hundred
    /// characters.
    pub(crate) fn sanitise(&self, text: &str) -> String {
        sanitise(text, &self.secrets)
    }

    /// The text of the innermost cause, sanitised: the one that says what happened.
    pub(crate) fn innermost(&self, error: &(dyn StdError + 'static)) -> String {
        causes(error)
            .last()
            .map(|cause| self.sanitise(&cause.to_string()))
            .unwrap_or_default()
    }

    /// Records a fault, unless there is one already: the first is the cause of what follows.
    pub(crate) fn record(&self, fault: Fault) {
        self.first.lock().get_or_insert(fault);
    }

    /// Records a fault and makes the error that carries the news through gix.
    pub(crate) fn raise(&self, fault: Fault) -> io::Error {
        self.record(fault);
        io::Error::other("see the recorded fault")
    }

    /// The fault, if any. There is none afterwards.
    pub(crate) fn take(&self) -> Option<Fault> {
        self.first.lock().take()
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
        // Once there is a connection, the server may have acted on the request, whatever becomes of TLS.
        if !error.is_connect() {
            let source = error.into();
            return Self::Lost { source };
        }
        let tls = causes(&error).find_map(|cause| cause.downcast_ref::<rustls::Error>());
        let problem = tls.map(ToString::to_string);
        let source = error.into();
        match problem {
            Some(problem) => Self::Tls { problem, source },
            None => Self::Unreachable { source },
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

    /// The error that a caller sees, `faults` being where this was found.
    pub(crate) fn into_error(self, at: At, limit: std::time::Duration, faults: &Faults) -> Error {
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
                problem: faults.innermost(&*source),
                source,
            },
            Self::Lost { source } => Error::ConnectionLost {
                at,
                problem: faults.innermost(&*source),
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

/// One line of at most [`MAX_DETAIL`] characters. Secrets go before the cut, so that no half of one is left, and again
/// when the words are joined, since a line break may have been in one's place for a space.
fn sanitise(text: &str, secrets: &Secrets) -> String {
    let visible = secrets.hide(text);
    let words: Vec<&str> = visible
        .split(|char: char| char.is_control() || char.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    let line = secrets.hide(&words.join(" "));
    match line.char_indices().nth(MAX_DETAIL) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use test_support::tls::Authority;

    use super::*;
    use crate::{credentials::Credentials, http::Clients, url::RemoteUrl};

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
            assert_eq!(Faults::default().sanitise(text), expected);
        }
        for long in ["x".repeat(1000), "wörd ".repeat(300)] {
            let line = Faults::default().sanitise(&long);
            assert!(
                line.ends_with('…') && line.chars().count() <= MAX_DETAIL + 1,
                "{line}"
            );
        }
    }

    #[test]
    fn secrets_are_hidden_before_the_cut() {
        let secrets = Secrets::of(&Credentials::Bearer("hunter two".into()), None);
        let faults = Faults::new(secrets);
        let long = format!("{}hunter two", "x".repeat(MAX_DETAIL - 3));
        for text in [&long, "a hunter\r\n two"] {
            assert!(!faults.sanitise(text).contains("hun"));
            let error = io::Error::other(io::Error::other(text));
            assert!(!faults.innermost(&error).contains("hun"));
        }
    }

    #[test]
    fn wrapped_causes_are_found() {
        let inner = io::Error::new(io::ErrorKind::TimedOut, "the innermost");
        let outer = io::Error::other(io::Error::other(inner));
        assert_eq!(Faults::default().innermost(&outer), "the innermost");
        assert!(matches!(
            Fault::from_io(io::ErrorKind::TimedOut.into()),
            Fault::Timeout
        ));
        assert!(matches!(
            Fault::from_io(io::ErrorKind::BrokenPipe.into()),
            Fault::Lost { .. }
        ));
    }

    /// What becomes of a request to a server that breaks TLS when it has read it.
    fn broken_after_the_request() -> reqwest::Error {
        let authority = Authority::new();
        let config = authority.server(&["localhost"]).rustls_config(&[]);
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!(
            "https://localhost:{}/x",
            listener.local_addr().unwrap().port()
        );
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut tls = rustls::ServerConnection::new(config).unwrap();
            let read = rustls::Stream::new(&mut tls, &mut socket).read(&mut [0; 4096]);
            assert!(read.unwrap() > 0, "the request arrives");
            socket.write_all(b"this is no TLS record").unwrap();
        });
        let (remote, _) = RemoteUrl::parse(&url).unwrap();
        let options = crate::Options {
            tls: crate::Tls {
                ca_bundle: Some(authority.ca_pem().into()),
                ..crate::Tls::default()
            },
            ..crate::Options::default()
        };
        let clients = Clients::new(&remote, &options).unwrap();
        let client = clients.for_scheme("https", &Faults::default()).unwrap();
        let error = client.post(url).send().unwrap_err();
        server.join().unwrap();
        error
    }

    #[test]
    fn tls_that_breaks_after_the_request_is_a_lost_connection() {
        let error = broken_after_the_request();
        let tls = causes(&error).find_map(|cause| cause.downcast_ref::<rustls::Error>());
        assert!(tls.is_some(), "{error:?}");
        let fault = Fault::from_reqwest(error);
        assert!(matches!(fault, Fault::Lost { .. }), "{fault:?}");
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
