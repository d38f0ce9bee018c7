//! What can go wrong, in words for the person who has to put it right.

mod failure;
mod status;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

pub use self::failure::Failure;
pub use self::status::Status;

/// A call that failed: what it was for, and why.
///
/// The text names operation, image, what was found and what to do. Neither it nor `Debug` holds a
/// secret: credentials, tokens, user info and queries of URLs never get in, and where a server sends a
/// secret back in its answer it is replaced by `***`. A clone is cheap, because callers that shared
/// one request share its error.
#[derive(Clone, Debug, Error)]
#[error("failed to {operation}: {problem}")]
pub struct Error {
    operation: Operation,
    problem: Arc<Problem>,
}

/// What the client was asked to do. `image` is a canonical name, registry first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// [`Client::new`](crate::Client::new)
    SetUp,
    /// [`Client::list_tags`](crate::Client::list_tags)
    ListTags {
        /// Whose tags were wanted.
        image: String,
    },
    /// [`Client::resolve_digest`](crate::Client::resolve_digest)
    ResolveDigest {
        /// Whose tag it is.
        image: String,
        /// The tag whose digest was wanted.
        tag: String,
    },
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetUp => f.write_str("set up the registry client"),
            Self::ListTags { image } => write!(f, "list the tags of {image}"),
            Self::ResolveDigest { image, tag } => write!(f, "resolve the digest of {image}:{tag}"),
        }
    }
}

/// How a caller should react.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Credentials are missing, wrong, or lack a right: wait until they change.
    Authentication,
    /// The repository or the tag does not exist, as far as these credentials can see.
    NotFound,
    /// The registry asks for less; `retry_after` says when to come back, if it did.
    Throttled {
        /// How long to stay away.
        retry_after: Option<Duration>,
    },
    /// A passing condition of network or server: try again later.
    Transient,
    /// The same request fails the same way until configuration or registry change.
    Terminal,
}

impl Error {
    pub(crate) fn new(operation: Operation, problem: Problem) -> Self {
        Self {
            operation,
            problem: Arc::new(problem),
        }
    }

    /// What the client was asked to do.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// What went wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// How to react.
    pub fn class(&self) -> Class {
        self.problem.class()
    }
}

/// What went wrong. `request` is a method and a URL without its query, such as
/// `GET https://ghcr.io/v2/org/app/tags/list`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// The registry answered with a status that is no success.
    #[error("{request}: {status}{}; {}", parenthesised(.detail), .status.remedy(*.anonymous))]
    Status {
        /// What was asked.
        request: String,
        /// The code and its usual reason.
        status: Status,
        /// The registry's own words, shortened.
        detail: String,
        /// Whether it was asked without credentials.
        anonymous: bool,
    },
    /// The registry allows no more requests for now, and the wait does not fit into the call's time.
    #[error("{registry} allows no more requests{}; scan less often or use credentials with a higher limit", for_now(.retry_after.as_ref()))]
    Throttled {
        /// The registry's host.
        registry: String,
        /// The wait it asked for.
        retry_after: Option<Duration>,
    },
    /// No answer, or half of one.
    #[error("{request}: {failure}: {detail}; {}", .failure.remedy())]
    Unreachable {
        /// What was asked.
        request: String,
        /// Where it failed.
        failure: Failure,
        /// The innermost cause.
        detail: String,
    },
    /// The call's time was over.
    #[error(
        "no result within {after:?}; the registry is slow, limits its clients, or the timeout is too short"
    )]
    Timeout {
        /// The time the caller gave.
        after: Duration,
    },
    /// The answer is not what its URL stands for.
    #[error(
        "{request}: expected {expected}, found {found}; check that the host is a registry and not a login page or a proxy"
    )]
    Unexpected {
        /// What was asked.
        request: String,
        /// What should have come.
        expected: &'static str,
        /// What came: content type and first bytes.
        found: String,
    },
    /// A tag in the list breaks the rules of the OCI distribution spec.
    #[error(
        "{request}: the list holds {tag:?}, which is no tag: a tag is a letter, digit or underscore and up to 127 of those, dots and dashes"
    )]
    InvalidTag {
        /// What was asked.
        request: String,
        /// The start of the offending text.
        tag: String,
    },
    /// More than the client takes.
    #[error(
        "{request}: {bound} is above the limit of {limit}; exclude the image or raise the limit"
    )]
    TooLarge {
        /// What was asked.
        request: String,
        /// What was counted.
        bound: Bound,
        /// The highest value allowed.
        limit: usize,
    },
    /// The pages of a list go round in circles.
    #[error(
        "{request}: page {page} {how}, so the list would never end; report this to the registry's operator"
    )]
    EndlessPages {
        /// What was asked.
        request: String,
        /// The number of the page, from one.
        page: usize,
        /// How the circle closes.
        how: &'static str,
    },
    /// A `Link` header that leads nowhere.
    #[error(
        "{request}: the next page is at {link:?}, expected a URL of the same host; report this to the registry's operator"
    )]
    ForeignPage {
        /// What was asked.
        request: String,
        /// The start of the header.
        link: String,
    },
    /// The registry asks for a kind of credentials that this client does not know.
    #[error(
        "{request}: the registry asks for {found:?}, expected Basic or Bearer with a realm; use credentials of another kind"
    )]
    Challenge {
        /// What was asked.
        request: String,
        /// The start of the header.
        found: String,
    },
    /// A registry token that no header can carry.
    #[error(
        "the registry token holds a line break or another character that HTTP headers do not; give it again without"
    )]
    BadToken,
    /// The token server is not one that credentials may be sent to.
    #[error("the registry's token server {realm:?} {rule}; report this to the registry's operator")]
    Realm {
        /// The start of the realm.
        realm: String,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// A redirect to a place that registries must not send their clients to.
    #[error("{request}: {refusal}; report this to the registry's operator")]
    Redirect {
        /// What was asked.
        request: String,
        /// The rule it breaks.
        refusal: String,
    },
    /// The bytes of a manifest do not have the digest that the registry names.
    #[error(
        "{request}: the registry names the digest {named} for bytes with {found}; something on the way changes the answers"
    )]
    DigestMismatch {
        /// What was asked.
        request: String,
        /// From the header.
        named: String,
        /// Of the bytes.
        found: String,
    },
    /// Host or path of the image do not make a URL.
    #[error("{text:?} is no part of a URL: {detail}; correct the name of the image")]
    Address {
        /// The part that does not fit.
        text: String,
        /// Why.
        detail: String,
    },
    /// The HTTP client cannot be set up.
    #[error(
        "cannot set up the connection: {detail}; check the certificates, which must be PEM, and the proxy"
    )]
    Setup {
        /// The cause.
        detail: String,
    },
}

impl Problem {
    /// How to react.
    pub fn class(&self) -> Class {
        match self {
            Self::Status { status, .. } => status.class(),
            Self::Throttled { retry_after, .. } => Class::Throttled {
                retry_after: *retry_after,
            },
            Self::Unreachable { failure, .. } => failure.class(),
            Self::Timeout { .. } => Class::Transient,
            Self::Challenge { .. } | Self::BadToken => Class::Authentication,
            Self::Unexpected { .. }
            | Self::InvalidTag { .. }
            | Self::TooLarge { .. }
            | Self::EndlessPages { .. }
            | Self::ForeignPage { .. }
            | Self::Realm { .. }
            | Self::Redirect { .. }
            | Self::DigestMismatch { .. }
            | Self::Address { .. }
            | Self::Setup { .. } => Class::Terminal,
        }
    }
}

/// What has an upper limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Bytes of one page of tags.
    PageBytes,
    /// Bytes of one manifest.
    ManifestBytes,
    /// Bytes of a token server's answer.
    TokenBytes,
    /// Pages of one list.
    Pages,
    /// Tags of one list.
    Tags,
    /// Bytes of all tags of one list.
    TagBytes,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PageBytes => "the size of a page in bytes",
            Self::ManifestBytes => "the size of the manifest in bytes",
            Self::TokenBytes => "the size of the token answer in bytes",
            Self::Pages => "the number of pages",
            Self::Tags => "the number of tags",
            Self::TagBytes => "the size of all tags in bytes",
        })
    }
}

fn parenthesised(detail: &str) -> String {
    match detail {
        "" => String::new(),
        _ => format!(" ({detail})"),
    }
}

fn for_now(retry_after: Option<&Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| {
        format!(" for {}s", wait.as_secs().max(1))
    })
}
