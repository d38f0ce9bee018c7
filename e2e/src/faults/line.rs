//! The way to the Git server, which can be cut.

use std::net::SocketAddr;

use parking_lot::Mutex;
use test_support::cluster::eventually;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Passes connections on to a server; while it is dead they are refused, as by a server that does not run.
#[derive(Debug)]
pub struct Line {
    here: SocketAddr,
    server: SocketAddr,
    passing: Mutex<Option<JoinHandle<()>>>,
}

impl Line {
    /// A line on a free port of 127.0.0.1.
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("127.0.0.1 has a free port");
        let here = listener.local_addr().expect("the socket is bound");
        Self {
            here,
            server,
            passing: Mutex::new(Some(tokio::spawn(pass(listener, server)))),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.here
    }

    /// Breaks every connection and refuses new ones.
    pub async fn die(&self) {
        let passing = self.passing.lock().take();
        if let Some(passing) = passing {
            passing.abort();
            // That it was cancelled is what was wanted.
            drop(passing.await);
        }
    }

    /// Takes connections again.
    pub async fn revive(&self) {
        self.die().await;
        let listener = eventually("the port of the Git server", async || {
            TcpListener::bind(self.here).await.ok()
        })
        .await;
        *self.passing.lock() = Some(tokio::spawn(pass(listener, self.server)));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(passing) = self.passing.lock().take() {
            passing.abort();
        }
    }
}

async fn pass(listener: TcpListener, server: SocketAddr) {
    // They break with this future.
    let mut connections = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            if let Ok(mut server) = TcpStream::connect(server).await {
                // Whoever breaks off is told by the broken connection.
                drop(client.set_nodelay(true));
                drop(server.set_nodelay(true));
                drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_dead_line_refuses_and_a_revived_one_does_not() {
        let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = Line::start(echo.local_addr().unwrap()).await;
        let mut client = TcpStream::connect(line.address()).await.unwrap();
        let (mut server, _) = echo.accept().await.unwrap();
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'x');
        line.die().await;
        let mut rest = Vec::new();
        assert!(matches!(
            client.read_to_end(&mut rest).await,
            Ok(0) | Err(_)
        ));
        assert!(TcpStream::connect(line.address()).await.is_err());
        line.revive().await;
        TcpStream::connect(line.address()).await.unwrap();
    }
}
