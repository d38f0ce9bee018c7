//! Forward proxies in process: HTTP with `CONNECT` and without, the same over TLS, and SOCKS 5.
//!
//! A proxy knows names that nobody else does (see [`Proxy::map`]), so that a test can tell who resolved a name, and
//! reach stand-ins under names of the real world.

mod http;
mod socks;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::tls::ServerIdentity;

/// What a proxy speaks.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// HTTP.
    Http,
    /// HTTP over TLS, with this certificate.
    Https(Box<ServerIdentity>),
    /// SOCKS 5.
    Socks5,
}

/// A running proxy; it stops accepting connections when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens: a free port of 127.0.0.1.
    pub addr: SocketAddr,
    scheme: &'static str,
    state: Arc<State>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    user: Mutex<Option<(String, String)>>,
    names: Mutex<HashMap<String, SocketAddr>>,
    targets: Mutex<Vec<String>>,
    silent: Mutex<bool>,
    tells: Mutex<bool>,
}

impl Proxy {
    /// A proxy that lets everybody through.
    pub async fn start(protocol: Protocol) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("127.0.0.1 has a free port");
        let addr = listener.local_addr().expect("the socket is bound");
        let scheme = match &protocol {
            Protocol::Http => "http",
            Protocol::Https(_) => "https",
            Protocol::Socks5 => "socks5",
        };
        let state = Arc::<State>::default();
        let server = tokio::spawn(accept(listener, protocol, Arc::clone(&state)));
        Self {
            addr,
            scheme,
            state,
            server,
        }
    }

    /// `http://127.0.0.1:<port>`, `https://…` or `socks5://…`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.addr)
    }

    /// Lets only this user through from now on.
    pub fn require(&self, username: &str, password: &str) {
        *self.state.user.lock() = Some((username.to_owned(), password.to_owned()));
    }

    /// Reaches `target` (a host with its port) at `addr`.
    pub fn map(&self, target: &str, addr: SocketAddr) {
        self.state.names.lock().insert(target.to_owned(), addr);
    }

    /// Accepts connections from now on, and says nothing.
    pub fn fall_silent(&self) {
        *self.state.silent.lock() = true;
    }

    /// Answers requests from now on with an error of its own that says how the user logged in (HTTP only).
    pub fn tell_tales(&self) {
        *self.state.tells.lock() = true;
    }

    /// Where clients were let through to so far, each a host with its port, in the order of their requests.
    pub fn targets(&self) -> Vec<String> {
        self.state.targets.lock().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl State {
    /// Whether somebody who says this is let through.
    fn admits(&self, said: Option<(&str, &str)>) -> bool {
        let user = self.user.lock();
        let wanted = user
            .as_ref()
            .map(|(name, password)| (name.as_str(), password.as_str()));
        wanted.is_none() || wanted == said
    }

    /// A connection to `target`.
    async fn connect(&self, target: &str) -> io::Result<TcpStream> {
        self.targets.lock().push(target.to_owned());
        let mapped = self.names.lock().get(target).copied();
        match mapped {
            Some(addr) => TcpStream::connect(addr).await,
            None => TcpStream::connect(target).await,
        }
    }
}

async fn accept(listener: TcpListener, protocol: Protocol, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (protocol, state) = (protocol.clone(), Arc::clone(&state));
        drop(tokio::spawn(async move {
            if *state.silent.lock() {
                std::future::pending::<()>().await;
            }
            // What a client does wrong ends its connection.
            drop(serve(stream, &protocol, &state).await);
        }));
    }
}

async fn serve(stream: TcpStream, protocol: &Protocol, state: &State) -> io::Result<()> {
    match protocol {
        Protocol::Http => http::serve(stream, state).await,
        Protocol::Https(identity) => {
            let acceptor = TlsAcceptor::from(identity.rustls_config(&["http/1.1"]));
            http::serve(acceptor.accept(stream).await?, state).await
        }
        Protocol::Socks5 => socks::serve(stream, state).await,
    }
}

/// Carries bytes both ways until one side is done.
async fn relay<S>(mut client: S, mut server: TcpStream) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tokio::io::copy_bidirectional(&mut client, &mut server)
        .await
        .map(drop)
}

fn refuse(text: &str) -> io::Error {
    io::Error::other(text.to_owned())
}
