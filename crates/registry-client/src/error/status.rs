//! The status of an answer.

use std::fmt;

use super::Class;

/// An HTTP status code; prints with its usual reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = reqwest::StatusCode::from_u16(self.0).ok();
        match known.and_then(|status| status.canonical_reason()) {
            Some(reason) => write!(f, "{} {reason}", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Status {
    pub(super) fn class(self) -> Class {
        match self.0 {
            401 | 403 | 407 => Class::Authentication,
            404 | 410 => Class::NotFound,
            429 => Class::Throttled { retry_after: None },
            408 | 499 | 500..=599 => Class::Transient,
            _ => Class::Terminal,
        }
    }

    /// What helps against it.
    pub(super) fn remedy(self, anonymous: bool) -> &'static str {
        match (self.0, anonymous) {
            (401 | 403, true) => {
                "the repository is private or does not exist: give credentials or correct the name"
            }
            (401, false) => "the registry refuses the credentials: renew them",
            (403, false) => "the credentials lack the right to pull: extend it",
            (407, _) => "the proxy refuses the user: correct its name and password",
            (404 | 410, _) => "check the name of the image",
            (429, _) => "scan less often or use credentials with a higher limit",
            (408 | 499 | 500..=599, _) => {
                "the registry or a proxy before it fails: try again later"
            }
            _ => "check that the host is a registry",
        }
    }
}
