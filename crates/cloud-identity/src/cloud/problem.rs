//! What goes wrong between this process and a cloud.

use std::error::Error;

use http::StatusCode;
use registry_client::{Class, excerpt};

/// Why a cloud gave no credentials. `request` is a method and a URL without its query. Neither the text nor `Debug`
/// holds a token: what a request carried is taken out of what its answer says.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Problem {
    /// No answer, or half of one.
    #[error("{request}: {detail}; check the network, the proxy and network policies")]
    Unreachable {
        /// What was asked.
        request: String,
        /// The innermost cause.
        detail: String,
    },
    /// The service refused.
    #[error("{request}: {status}{}; check the identity and its rights", colon(.detail))]
    Status {
        /// What was asked.
        request: String,
        /// The answer's status.
        status: StatusCode,
        /// The service's own words, shortened.
        detail: String,
    },
    /// An answer that is not what its place stands for.
    #[error("{request}: expected {expected}; check what answers there")]
    Unexpected {
        /// What was asked.
        request: String,
        /// What should have come.
        expected: &'static str,
    },
    /// More than is read of an answer.
    #[error("{request}: the answer is larger than {limit} bytes; check what answers there")]
    TooLarge {
        /// What was asked.
        request: String,
        /// The bound.
        limit: usize,
    },
    /// The process has no identity in this cloud.
    #[error("no identity of {cloud} found: {hint}")]
    NoIdentity {
        /// The cloud.
        cloud: &'static str,
        /// Where identities come from.
        hint: &'static str,
    },
    /// An identity that cannot be taken on.
    #[error("{detail}")]
    Identity {
        /// What the cloud or its library says, shortened.
        detail: String,
        /// How to react.
        class: Class,
    },
    /// A variable of the environment, or the file that it names, is not what it should be.
    #[error("{variable}: {detail}")]
    Variable {
        /// Its name.
        variable: String,
        /// What is wrong.
        detail: String,
    },
    /// The HTTP client cannot be set up.
    #[error("cannot set up the connection: {detail}")]
    SetUp {
        /// The cause.
        detail: String,
    },
}

impl Problem {
    pub(super) fn setup(error: &dyn Error) -> Self {
        Self::SetUp {
            detail: short(&error.to_string()),
        }
    }

    /// The refusal that an answer stands for.
    pub(super) fn status(request: String, status: StatusCode, body: &[u8]) -> Self {
        Self::Status {
            request,
            status,
            detail: short(&String::from_utf8_lossy(body)),
        }
    }

    /// An error of the library, with the request that failed where one did.
    pub(super) fn identity(error: &reqsign::Error) -> Self {
        let request = causes(error).find_map(|cause| cause.downcast_ref::<Self>());
        let detail = match request {
            Some(request) => format!("{error}: {request}"),
            None => error.to_string(),
        };
        Self::Identity {
            detail: short(&detail),
            class: class_of(error, request),
        }
    }

    /// How to react.
    pub fn class(&self) -> Class {
        match self {
            Self::Unreachable { .. } => Class::Transient,
            Self::Status { status, .. } => match status.as_u16() {
                429 => Class::Throttled { retry_after: None },
                408 | 500..=599 => Class::Transient,
                _ => Class::Authentication,
            },
            Self::Identity { class, .. } => *class,
            Self::NoIdentity { .. } | Self::Variable { .. } => Class::Authentication,
            Self::Unexpected { .. } | Self::TooLarge { .. } | Self::SetUp { .. } => Class::Terminal,
        }
    }
}

fn class_of(error: &reqsign::Error, request: Option<&Problem>) -> Class {
    if let Some(request) = request {
        return request.class();
    }
    match error.kind() {
        reqsign::ErrorKind::RateLimited => Class::Throttled { retry_after: None },
        reqsign::ErrorKind::Unexpected => Class::Transient,
        reqsign::ErrorKind::CredentialInvalid
        | reqsign::ErrorKind::PermissionDenied
        | reqsign::ErrorKind::ConfigInvalid
        | reqsign::ErrorKind::RequestInvalid => Class::Authentication,
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn short(text: &str) -> String {
    excerpt::<&str>(text, &[])
}

fn colon(detail: &str) -> String {
    match detail {
        "" => String::new(),
        _ => format!(": {detail}"),
    }
}
