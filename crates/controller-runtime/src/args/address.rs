//! Addresses to listen on, as Go writes them.

use std::fmt;
use std::str::FromStr;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// Nowhere: the server does not run.
    Off,
    /// At a port of one host, or of every interface where no host is named.
    At {
        /// Name or address of an interface; none for every interface.
        host: Option<String>,
        /// The port; 0 for one that is free.
        port: u16,
    },
}

/// Why a text is no address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST:PORT, :PORT, or 0 for nowhere")]
pub struct AddressError;

impl FromStr for ListenAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() || text == "0" {
            return Ok(Self::Off);
        }
        let (host, port) = text.rsplit_once(':').ok_or(AddressError)?;
        let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host = match bracketed {
            Some(host) => host,
            None if host.contains([':', '[', ']']) => return Err(AddressError),
            None => host,
        };
        Ok(Self::At {
            host: Some(host.to_owned()).filter(|host| !host.is_empty()),
            port: port.parse().map_err(|_| AddressError)?,
        })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("0"),
            Self::At { host: None, port } => write!(f, ":{port}"),
            Self::At {
                host: Some(host),
                port,
            } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::At {
                host: Some(host),
                port,
            } => write!(f, "{host}:{port}"),
        }
    }
}
