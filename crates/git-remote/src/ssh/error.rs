//! What can go wrong with a connection over SSH.

use std::time::Duration;

use super::PrivateKeyError;
use crate::error::Class;
use crate::known_hosts::KnownHostsError;

/// SSH failed. No text holds a part of a private key or a passphrase.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SshError {
    /// The Secret's `known_hosts` cannot be read.
    #[error("the Secret's known_hosts cannot be used")]
    KnownHosts(#[source] KnownHostsError),
    /// The Secret's `identity` cannot be read.
    #[error("the Secret's identity cannot be used")]
    PrivateKey(#[source] PrivateKeyError),
    /// No threads could be started.
    #[error("the threads that drive connections cannot be started ({problem})")]
    StartRuntime {
        /// The system's words.
        problem: String,
    },
    /// No TCP connection.
    #[error("{address} cannot be reached")]
    Connect {
        /// Host and port.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The proxy does not connect us.
    #[error("{address} cannot be reached through the proxy {proxy}")]
    Proxy {
        /// Host and port of the proxy.
        proxy: String,
        /// Host and port.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The server took too long to greet, to exchange keys, or to authenticate.
    #[error("{address} did not open the connection within {limit:?}: it is slow or hangs")]
    TimedOut {
        /// Host and port.
        address: String,
        /// The time an operation may take.
        limit: Duration,
    },
    /// `known_hosts` has no key for the host.
    #[error(
        "the host key of {address} is not known: known_hosts has no entry for it; the server offers {found}: add it after checking this fingerprint"
    )]
    HostUnknown {
        /// Host and port.
        address: String,
        /// Algorithm and fingerprint of the server's key.
        found: String,
    },
    /// The host has another key than `known_hosts` says.
    #[error(
        "the host key of {address} is not the known one: expected {}, found {found}: somebody may be listening in; if the key was replaced, update known_hosts", expected.join(" or ")
    )]
    HostKeyMismatch {
        /// Host and port.
        address: String,
        /// Algorithms and fingerprints of the known keys.
        expected: Vec<String>,
        /// Algorithm and fingerprint of the server's key.
        found: String,
    },
    /// The host's key is marked `@revoked`.
    #[error(
        "the host key {found} of {address} is revoked in known_hosts: do not use this server until it has a new key"
    )]
    HostKeyRevoked {
        /// Host and port.
        address: String,
        /// Algorithm and fingerprint of the server's key.
        found: String,
    },
    /// The host's certificate does not hold.
    #[error("the host certificate of {address} is not valid: {problem}")]
    HostCertificate {
        /// Host and port.
        address: String,
        /// Why not.
        problem: String,
    },
    /// The protocol failed before the user was authenticated.
    #[error("the connection to {address} cannot be secured")]
    Handshake {
        /// Host and port.
        address: String,
        /// The library's words.
        source: russh::Error,
    },
    /// The server does not accept the key.
    #[error(
        "{address} does not accept the key {key} for the user '{user}': add its public half to the repository's deploy keys, or check the URL's user"
    )]
    AuthenticationRefused {
        /// Host and port.
        address: String,
        /// The user's name.
        user: String,
        /// Algorithm and fingerprint of the key.
        key: String,
    },
    /// The server does not let the user run a command.
    #[error("{address} does not run a command for this user")]
    OpenChannel {
        /// Host and port.
        address: String,
        /// The library's words.
        source: russh::Error,
    },
    /// The server's command failed.
    #[error("'{command}' failed on the server{}{}", exit_status(.status.as_ref()), says(.message))]
    Command {
        /// `git-upload-pack` or `git-receive-pack`.
        command: &'static str,
        /// The exit status, if there was one.
        status: Option<u32>,
        /// What it printed on its error output, cut and sanitised.
        message: String,
    },
}

impl SshError {
    /// How to react.
    pub fn class(&self) -> Class {
        match self {
            Self::KnownHosts(_)
            | Self::PrivateKey(_)
            | Self::HostUnknown { .. }
            | Self::HostKeyMismatch { .. }
            | Self::HostKeyRevoked { .. }
            | Self::HostCertificate { .. } => Class::Terminal,
            Self::AuthenticationRefused { .. } => Class::Authentication,
            Self::StartRuntime { .. }
            | Self::Connect { .. }
            | Self::Proxy { .. }
            | Self::TimedOut { .. }
            | Self::Handshake { .. }
            | Self::OpenChannel { .. }
            | Self::Command { .. } => Class::Transient,
        }
    }
}

fn exit_status(status: Option<&u32>) -> String {
    status.map_or_else(String::new, |status| format!(" with exit status {status}"))
}

fn says(message: &str) -> String {
    if message.is_empty() {
        return ": it said nothing".to_owned();
    }
    format!(": {message}")
}
