//! A smart-HTTP Git server in process: axum in front of one `git http-backend` per request.
//!
//! It runs on a thread of its own, so that blocking tests and the demo need no runtime, and stops when it is dropped.
//! Bodies stream both ways. Tests can ask for passwords or TLS, inject faults, hold a request until they say so,
//! run code just before a push is received, and read what was requested.
//!
//! ```
//! use test_support::git_http::GitHttp;
//! use test_support::git_repo::TempRepo;
//!
//! let repo = TempRepo::new();
//! repo.commit("main").file("app.yaml", "image: app:1.0.0\n").done();
//! let server = GitHttp::builder(repo.root()).basic("bot", "s3cret").start();
//! assert!(server.url(repo.name()).ends_with("/repo.git"));
//! ```

mod backend;
mod fault;
mod handler;
mod log;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use fault::{Fault, Hold};
pub use log::{Exchange, Totals};

use crate::tls::{ServerIdentity, TlsListener};
use fault::Faults;
use handler::Shared;
use log::Log;

/// A running server; dropping it ends it and the requests that are under way.
#[derive(Debug)]
pub struct GitHttp {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a server asks for and how it behaves.
#[derive(Debug)]
#[must_use = "a server is only started by start()"]
pub struct Builder {
    root: PathBuf,
    access: Access,
    protocol: Protocol,
    identity: Option<ServerIdentity>,
}

/// Who may read and write.
#[derive(Clone)]
enum Access {
    Anyone,
    Basic {
        username: String,
        password: String,
    },
    Bearer(String),
    /// Whose user name and password for this host and path are right.
    Checked(Check),
}

/// Judges host, path, user name and password.
type Check = Arc<dyn Fn(&str, &str, &str, &str) -> bool + Send + Sync>;

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access(..)")
    }
}

/// Which protocol versions the server lets the client choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Any,
    ZeroOnly,
}

impl GitHttp {
    /// A server on a free port of 127.0.0.1, over plain HTTP and without password, for all repositories below `root`.
    pub fn start(root: &Path) -> Self {
        Self::builder(root).start()
    }

    /// Starts to describe a server for all repositories below `root`.
    pub fn builder(root: &Path) -> Builder {
        Builder {
            root: root.to_owned(),
            access: Access::Anyone,
            protocol: Protocol::Any,
            identity: None,
        }
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a repository, named by its path below the root. With TLS the host is `localhost`.
    pub fn url(&self, repository: &str) -> String {
        let port = self.address.port();
        match self.scheme {
            "https" => format!("https://localhost:{port}/{repository}"),
            scheme => format!("{scheme}://127.0.0.1:{port}/{repository}"),
        }
    }

    /// Answers the next `times` requests whose path and query hold `part` with `fault`.
    ///
    /// Parts that tell the requests of Git apart: `service=git-upload-pack` and `service=git-receive-pack` (the
    /// advertisements), `/git-upload-pack` and `/git-receive-pack` (the work).
    pub fn fault(&self, part: &str, times: usize, fault: Fault) {
        self.shared.faults.add(part, times, fault);
    }

    /// Holds the next request whose path and query hold `part` until the returned value is released or dropped.
    pub fn hold(&self, part: &str) -> Hold {
        self.shared.faults.hold(part)
    }

    /// Forgets what [`fault()`](Self::fault) said; a request that hangs already goes on hanging.
    pub fn heal(&self) {
        self.shared.faults.heal();
    }

    /// Runs `hook` before each request to receive a pack is handed to Git; the client has seen the references by then.
    pub fn before_receive_pack(&self, hook: impl Fn() + Send + Sync + 'static) {
        *self.shared.before_receive_pack.lock() = Some(Arc::new(hook));
    }

    /// All requests since the start or the last [`GitHttp::forget`], in the order of their arrival.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.log.exchanges()
    }

    /// The sums over [`GitHttp::exchanges`].
    pub fn totals(&self) -> Totals {
        self.shared.log.totals()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.shared.log.forget();
    }
}

impl Builder {
    /// Asks for this user name and password.
    pub fn basic(mut self, username: &str, password: &str) -> Self {
        self.access = Access::Basic {
            username: username.to_owned(),
            password: password.to_owned(),
        };
        self
    }

    /// Asks for a user name and a password that are right for the host and the path of the repository, in this order.
    pub fn basic_for(
        mut self,
        check: impl Fn(&str, &str, &str, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.access = Access::Checked(Arc::new(check));
        self
    }

    /// Asks for this bearer token.
    pub fn bearer(mut self, token: &str) -> Self {
        self.access = Access::Bearer(token.to_owned());
        self
    }

    /// Speaks TLS with this certificate.
    pub fn tls(mut self, identity: &ServerIdentity) -> Self {
        self.identity = Some(identity.clone());
        self
    }

    /// Ignores the client's wish for protocol version 1 or 2, as old servers do.
    pub fn version_0_only(mut self) -> Self {
        self.protocol = Protocol::ZeroOnly;
        self
    }

    /// Starts the server.
    pub fn start(self) -> GitHttp {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))
            .expect("the loopback address has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            root: self.root,
            access: self.access,
            protocol: self.protocol,
            faults: Faults::default(),
            log: Log::default(),
            before_receive_pack: parking_lot::Mutex::default(),
        });
        let scheme = if self.identity.is_some() {
            "https"
        } else {
            "http"
        };
        let (stop, stopped) = oneshot::channel();
        let router = handler::router(Arc::clone(&shared));
        let thread = std::thread::spawn(move || run(listener, router, self.identity, stopped));
        GitHttp {
            address,
            scheme,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for GitHttp {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed already; a second one in drop would hide the test's own.
            thread.join().ok();
        }
    }
}

fn run(
    listener: std::net::TcpListener,
    router: Router,
    identity: Option<ServerIdentity>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("git-http")
        .enable_all()
        .build()
        .expect("the machine can start threads");
    runtime.block_on(async {
        tokio::select! {
            () = serve(listener, router, identity) => {}
            // The sender is dropped, never used: an error is the signal.
            _ = stopped => {}
        }
    });
    runtime.shutdown_background();
}

async fn serve(listener: std::net::TcpListener, router: Router, identity: Option<ServerIdentity>) {
    listener
        .set_nonblocking(true)
        .expect("a socket can be made non-blocking");
    let listener =
        TcpListener::from_std(listener).expect("the socket is registered inside the runtime");
    let served = match identity {
        Some(identity) => {
            // HTTP/1.1 only, so that a fault which closes the connection closes it.
            let config = identity.rustls_config(&["http/1.1"]);
            let listener =
                TlsListener::new(listener, config).expect("a bound socket has an address");
            axum::serve(listener, router).await
        }
        None => {
            axum::serve(
                listener.tap_io(|stream| drop(stream.set_nodelay(true))),
                router,
            )
            .await
        }
    };
    served.expect("axum serves until it is dropped");
}

#[cfg(test)]
mod tests;
