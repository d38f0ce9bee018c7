//! What can go wrong, said so that a person knows what to do about it.

use std::{error::Error as StdError, fmt, path::PathBuf, time::Duration};

use gix::ObjectId;

use crate::{credentials::CredentialsError, sign::SignerError, ssh::SshError};

/// What was asked of the remote when the error came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Open the connection and read the server's capabilities.
    Connect,
    /// List references.
    ListRefs,
    /// Fetch a commit and its trees.
    FetchCommit,
    /// Fetch blobs by id.
    FetchBlobs,
    /// Push a commit.
    Push,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect to",
            Self::ListRefs => "list the references of",
            Self::FetchCommit => "fetch a commit from",
            Self::FetchBlobs => "fetch files from",
            Self::Push => "push to",
        })
    }
}

/// Where an error came up: the operation and the remote, without user info.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// What was being done.
    pub operation: Operation,
    /// The URL, without user info.
    pub remote: String,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}", self.operation, self.remote)
    }
}

/// How to react to an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Credentials are missing, wrong, or not enough.
    Authentication,
    /// The repository, reference or path does not exist.
    NotFound,
    /// A reference is not where it was expected: read it again and decide anew.
    Moved,
    /// It may work later without anybody changing anything.
    Transient,
    /// Somebody has to change something first.
    Terminal,
}

/// A cause of any type.
pub type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// An error of this crate. No text holds a secret or the user info of a URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL cannot be used.
    #[error(
        "invalid Git URL: {problem}; expected http://, https:// or ssh:// with a host and a path"
    )]
    Url {
        /// What is wrong with it.
        problem: String,
    },
    /// The credentials do not fit the URL.
    #[error("the credentials for {remote} cannot be used")]
    Credentials {
        /// The URL, without user info.
        remote: String,
        /// Why.
        source: CredentialsError,
    },
    /// The certificates of the CA bundle cannot be read.
    #[error("the CA bundle for {remote} cannot be used: expected PEM certificates")]
    CaBundle {
        /// The URL, without user info.
        remote: String,
        /// Why.
        source: Cause,
    },
    /// The HTTP client cannot be made.
    #[error("cannot make an HTTP client for {remote}")]
    HttpClient {
        /// The URL, without user info.
        remote: String,
        /// Why.
        source: Cause,
    },
    /// The server wants credentials, or does not accept these (HTTP 401).
    #[error("{at}: authentication failed (HTTP 401): check that the Secret holds a valid username and password or bearerToken{}", says(.detail))]
    Authentication {
        /// Where.
        at: At,
        /// What the server said, cut and sanitised.
        detail: String,
    },
    /// The server knows who asks, and refuses (HTTP 403).
    #[error("{at}: permission denied (HTTP 403): the credentials need the right to do this{}", says(.detail))]
    Permission {
        /// Where.
        at: At,
        /// What the server said, cut and sanitised.
        detail: String,
    },
    /// There is no repository at the URL, or these credentials may not see it (HTTP 404).
    #[error("{at}: repository not found (HTTP 404): check the URL, and that the credentials may read the repository{}", says(.detail))]
    RepositoryNotFound {
        /// Where.
        at: At,
        /// What the server said, cut and sanitised.
        detail: String,
    },
    /// The server answered with another HTTP status.
    #[error("{at}: the server answered HTTP {status}{}", says(.detail))]
    Http {
        /// Where.
        at: At,
        /// The status.
        status: u16,
        /// What the server said, cut and sanitised.
        detail: String,
    },
    /// The server redirects to a place that is not followed.
    #[error(
        "{at}: the server redirects to {location}, which is not followed: use that URL if it is right"
    )]
    Redirect {
        /// Where.
        at: At,
        /// The target without user info and query.
        location: String,
    },
    /// The answer is not Git's smart protocol.
    #[error(
        "{at}: not a Git server: expected the content type {expected}, found '{found}': check the URL"
    )]
    NotGit {
        /// Where.
        at: At,
        /// The content type of a Git server.
        expected: String,
        /// What the answer's content type was.
        found: String,
    },
    /// The server's certificate is not trusted, or TLS failed in another way.
    #[error(
        "{at}: TLS failed ({problem}): check the certificate, or add its CA as ca.crt to the Secret"
    )]
    Tls {
        /// Where.
        at: At,
        /// The TLS library's words.
        problem: String,
        /// The cause.
        source: Cause,
    },
    /// No connection could be made.
    #[error("{at}: the server cannot be reached ({problem})")]
    Unreachable {
        /// Where.
        at: At,
        /// The innermost cause.
        problem: String,
        /// The cause.
        source: Cause,
    },
    /// The operation did not end in time.
    #[error(
        "{at}: not done within {limit:?}: the server is slow or hangs; raise the timeout if it is slow"
    )]
    TimedOut {
        /// Where.
        at: At,
        /// The deadline of one operation.
        limit: Duration,
    },
    /// The connection ended in the middle of an answer.
    #[error("{at}: the connection was lost in the middle of an answer ({problem})")]
    ConnectionLost {
        /// Where.
        at: At,
        /// The innermost cause.
        problem: String,
        /// The cause.
        source: Cause,
    },
    /// SSH could not connect, trust the host, or authenticate.
    #[error("{at}: SSH failed")]
    Ssh {
        /// Where.
        at: At,
        /// Why.
        source: Box<SshError>,
    },
    /// The server sent an error of its own through the Git protocol.
    #[error("{at}: the server refused: {message}")]
    Refused {
        /// Where.
        at: At,
        /// The server's words, cut and sanitised.
        message: String,
    },
    /// The answer breaks the Git protocol.
    #[error("{at}: the answer does not follow the Git protocol ({problem})")]
    Protocol {
        /// Where.
        at: At,
        /// What was expected and found.
        problem: String,
    },
    /// The server lacks something the operation cannot do without.
    #[error("{at}: the server does not support '{capability}'")]
    Unsupported {
        /// Where.
        at: At,
        /// The Git capability.
        capability: &'static str,
    },
    /// The repository uses another object format than SHA-1.
    #[error("{at}: the repository uses the object format '{found}', only sha1 is supported")]
    ObjectFormat {
        /// Where.
        at: At,
        /// The format the server announced.
        found: String,
    },
    /// An answer is larger than what is accepted.
    #[error("{at}: {what} over the limit of {limit}")]
    Limit {
        /// Where.
        at: At,
        /// What is too large: "a pack of more bytes", …
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// The remote has no such reference.
    #[error("couldn't find remote ref \"{name}\" in {remote}: create it, or check the name")]
    RefNotFound {
        /// The URL, without user info.
        remote: String,
        /// The full name.
        name: String,
    },
    /// The remote has no references at all.
    #[error("the repository {remote} is empty: push a first commit to it")]
    EmptyRepository {
        /// The URL, without user info.
        remote: String,
    },
    /// The server does not hand out this object.
    #[error("{at}: the server does not have object {id}, or does not give it out")]
    ObjectNotFound {
        /// Where.
        at: At,
        /// The object.
        id: ObjectId,
    },
    /// A reference of the remote is not where the push expected it. Nothing was sent.
    #[error("{name} of {remote} moved: expected {}, found {}", id_or_none(.expected.as_ref()), id_or_none(.found.as_ref()))]
    Moved {
        /// The URL, without user info.
        remote: String,
        /// The full name.
        name: String,
        /// The id it should have had, `None` if it should not have existed.
        expected: Option<ObjectId>,
        /// The id it has.
        found: Option<ObjectId>,
    },
    /// The push was sent, but the answer was lost: read the references to learn whether it landed.
    #[error("the push to {remote} was sent, but its answer was lost: it may have landed")]
    UnknownOutcome {
        /// The URL, without user info.
        remote: String,
        /// How the answer was lost.
        source: Box<Self>,
    },
    /// The commit has no such path.
    #[error("path '{path}' does not exist in commit {commit}")]
    PathNotFound {
        /// The commit.
        commit: ObjectId,
        /// The path from the root.
        path: String,
    },
    /// The path is a link, a submodule or a directory, where a file is needed.
    #[error("path '{path}' of commit {commit} is {found}, not a file")]
    NotAFile {
        /// The commit.
        commit: ObjectId,
        /// The path from the root.
        path: String,
        /// What it is.
        found: &'static str,
    },
    /// The path cannot be written in a Git tree.
    #[error("path '{path}' cannot be written: {problem}")]
    InvalidPath {
        /// The path.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A commit describes more than is walked.
    #[error("commit {commit} holds {what} than the limit of {limit}")]
    Tree {
        /// The commit.
        commit: ObjectId,
        /// What is too much.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// An object cannot be written as Git wants it.
    #[error("the commit cannot be written")]
    WriteObject {
        /// Why.
        source: Cause,
    },
    /// The cache lacks an object that was fetched: it was deleted or damaged. Fetch again.
    #[error("object {id} is missing from the cache {}: it was deleted or damaged; fetch again", dir.display())]
    Missing {
        /// The object.
        id: ObjectId,
        /// The repository in the cache.
        dir: PathBuf,
    },
    /// The cache on disk cannot be used.
    #[error("cannot {action} the Git cache {}", path.display())]
    Cache {
        /// What was being done: "create", "lock", "write to", …
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: Cause,
    },
    /// The commit could not be signed.
    #[error("cannot sign the commit")]
    Sign(#[source] Box<SignerError>),
}

impl Error {
    /// How to react.
    pub fn class(&self) -> Class {
        match self {
            Self::Authentication { .. } | Self::Permission { .. } => Class::Authentication,
            Self::RepositoryNotFound { .. }
            | Self::RefNotFound { .. }
            | Self::EmptyRepository { .. }
            | Self::PathNotFound { .. } => Class::NotFound,
            Self::Moved { .. } => Class::Moved,
            Self::Ssh { source, .. } => source.class(),
            Self::Http { status, .. } if *status < 500 && !matches!(status, 408 | 425 | 429) => {
                Class::Terminal
            }
            Self::Http { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::ConnectionLost { .. }
            | Self::Refused { .. }
            | Self::Protocol { .. }
            | Self::ObjectNotFound { .. }
            | Self::UnknownOutcome { .. }
            | Self::Missing { .. }
            | Self::Cache { .. } => Class::Transient,
            _ => Class::Terminal,
        }
    }
}

fn says(detail: &str) -> String {
    if detail.is_empty() {
        String::new()
    } else {
        format!("; the server says: {detail}")
    }
}

fn id_or_none(id: Option<&ObjectId>) -> String {
    id.map_or_else(|| "no such reference".into(), ToString::to_string)
}
