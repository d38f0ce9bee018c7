use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Stands before a server and counts the bytes that come from it. It ends with this value.
pub(super) struct Meter {
    url: String,
    bytes: Arc<AtomicU64>,
    _serving: JoinSet<()>,
}

impl Meter {
    /// Before the server of this URL, which is plain HTTP and names a port.
    pub(super) async fn start(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").context("expected http://")?;
        let (server, path) = rest.split_once('/').context("expected a path")?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen")?;
        let address = listener.local_addr().context("read the port")?;
        let bytes = Arc::new(AtomicU64::new(0));
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, server.to_owned(), Arc::clone(&bytes)));
        Ok(Self {
            url: format!("http://{address}/{path}"),
            bytes,
            _serving: serving,
        })
    }

    /// The same path behind the meter.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// How many bytes the server has sent so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

async fn serve(listener: TcpListener, server: String, bytes: Arc<AtomicU64>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (server, bytes) = (server.clone(), Arc::clone(&bytes));
        connections.spawn(async move {
            let Ok(upstream) = TcpStream::connect(server).await else {
                return;
            };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = upstream.into_split();
            let unmetered = AtomicU64::new(0);
            tokio::join!(
                copy(from_client, to_server, &unmetered),
                copy(from_server, to_client, &bytes)
            );
        });
    }
}

/// Until either side ends; nobody is there to be told of an error.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    bytes: &AtomicU64,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        bytes.fetch_add(read as u64, Ordering::Relaxed);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    drop(to.shutdown().await);
}
