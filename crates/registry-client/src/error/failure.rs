//! Where a request failed that got no answer.

use std::fmt;

use super::Class;

/// Where a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The host name has no address.
    Resolve,
    /// Nobody accepts the connection.
    Connect,
    /// Certificate or handshake.
    Tls,
    /// The connection was lost before the answer was complete.
    Interrupted,
    /// No byte came for too long.
    Stalled,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "unknown host",
            Self::Connect => "no connection",
            Self::Tls => "TLS failure",
            Self::Interrupted => "the connection was lost",
            Self::Stalled => "no answer in time",
        })
    }
}

impl Failure {
    /// Whether a repetition within seconds may help: the network errors that Flux retries.
    pub(crate) fn is_temporary(self) -> bool {
        matches!(self, Self::Interrupted | Self::Stalled)
    }

    pub(super) fn class(self) -> Class {
        match self {
            Self::Tls => Class::Terminal,
            _ => Class::Transient,
        }
    }

    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Resolve => "check the registry's name and the DNS",
            Self::Connect => "check the registry's address, firewalls and network policies",
            Self::Tls => {
                "give the registry's CA or the client certificate that it asks for, or allow insecure if it has no TLS"
            }
            Self::Interrupted | Self::Stalled => "check the registry and the network",
        }
    }
}
