//! Git over SSH, in process: no `ssh` program, no agent, no configuration files.
//!
//! The server must prove to be the host that the Secret's `known_hosts` names before anything is shown to it, and the
//! user is authenticated by the Secret's private key only. What the server's command prints on its error output is kept
//! for the error that follows.
//!
//! The callers are blocking: they run on threads of their own, never inside an async runtime. The connection itself is
//! driven by a small runtime that all connections of the process share.

mod algorithms;
mod connect;
mod error;
mod open;
mod private_key;
mod stream;

use std::sync::{Arc, LazyLock};

use gix_transport::client::blocking_io::Transport;
use gix_transport::client::git::ConnectMode;
use gix_transport::client::git::blocking_io::Connection;
use gix_transport::{Protocol, Service};
use parking_lot::Mutex;
use secrecy::ExposeSecret as _;
use tokio::runtime::{Builder, Runtime};

use crate::credentials::SshIdentity;
use crate::deadline::Deadline;
use crate::fault::Faults;
use crate::known_hosts::KnownHosts;
use crate::proxy::Proxy;
pub use algorithms::{SshAlgorithmError, SshAlgorithms};
pub use error::SshError;
pub use private_key::PrivateKeyError;
pub(crate) use private_key::read_private_key;
use stream::{Incoming, Outgoing};

/// Drives all connections. It is made with the first one and lives as long as the process.
static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("git-ssh")
        .enable_all()
        .build()
});

/// Where and as whom to connect.
pub(crate) struct Target<'a> {
    /// A name or an address, without brackets.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) user: &'a str,
    /// As the server's command gets it.
    pub(crate) path: &'a str,
    pub(crate) identity: &'a SshIdentity,
    /// What the connection is held to.
    pub(crate) algorithms: &'a SshAlgorithms,
    /// What the connection goes through.
    pub(crate) proxy: Option<&'a Proxy>,
    /// Every wait for the server ends here.
    pub(crate) deadline: &'a Deadline,
    /// Where the transport says what went wrong after it was opened.
    pub(crate) faults: &'a Faults,
}

/// Connects, checks the host, authenticates and starts the server's command.
///
/// # Panics
/// When it is called inside an async runtime.
pub(crate) fn connect(
    target: &Target<'_>,
    service: Service,
    version: Protocol,
) -> Result<Box<dyn Transport + Send>, SshError> {
    let identity = target.identity;
    let known_hosts = KnownHosts::parse(&identity.known_hosts).map_err(SshError::KnownHosts)?;
    let key = identity.private_key.expose_secret().as_bytes();
    let key = read_private_key(key, identity.passphrase.as_ref()).map_err(SshError::PrivateKey)?;
    let runtime = RUNTIME.as_ref().map_err(|error| SshError::StartRuntime {
        problem: error.to_string(),
    })?;
    let left = target.deadline.remaining().unwrap_or_default();
    let opening = open::open(target, known_hosts, key, command(target, service), version);
    let opened = runtime.block_on(async { tokio::time::timeout(left, opening).await });
    let (session, channel) = opened.map_err(|_elapsed| SshError::TimedOut {
        address: target.address(),
        limit: target.deadline.limit(),
    })??;
    let (read, write) = channel.split();
    let outgoing = Outgoing::new(write, runtime.handle().clone(), target.deadline.clone());
    let outgoing = Arc::new(Mutex::new(outgoing));
    let incoming = Incoming {
        read,
        outgoing: Arc::clone(&outgoing),
        command: service.as_str(),
        faults: target.faults.clone(),
        state: stream::State::default(),
        _session: session,
    };
    let outgoing = stream::Writer(outgoing);
    let virtual_host = None::<(&str, _)>;
    let mode = ConnectMode::Process;
    Ok(Box::new(Connection::new(
        incoming,
        outgoing,
        version,
        target.path,
        virtual_host,
        mode,
        false,
    )))
}

impl Target<'_> {
    fn address(&self) -> String {
        address(self.host, self.port)
    }
}

/// Host and port in one text.
fn address(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// The command line for the user's shell on the server.
fn command(target: &Target<'_>, service: Service) -> String {
    // Within quotes only the quote itself is special, and `!` to the C shell.
    let quoted = target.path.replace('\'', r"'\''").replace('!', r"'\!'");
    format!("{} '{quoted}'", service.as_str())
}

#[cfg(test)]
mod tests;
