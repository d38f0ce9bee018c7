//! Those who send webhooks.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderName, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::updates::until;

/// A webhook that can be sent again and again.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    /// Where it goes.
    pub(super) address: SocketAddr,
    /// The path there.
    pub(super) path: String,
    /// What it says of who sends it.
    pub(super) signature: Option<String>,
    pub(super) body: Bytes,
    /// How it is answered; any other answer is an error.
    pub(super) answer: StatusCode,
}

impl Hook {
    /// Sends it over a connection of its own.
    pub(super) async fn send(&self) -> Result<()> {
        Connection::open(self.address).await?.send(self).await
    }

    /// Sends it until it is answered as it should be: a Receiver is known a moment after its status says so.
    pub(super) async fn until_taken(&self) -> Result<()> {
        let taken = async || Ok(self.send().await.is_ok());
        until("a webhook to be taken", taken).await.map(drop)
    }

    fn request(&self) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&self.path)
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "application/json");
        if let Some(signature) = &self.signature {
            request = request.header(HeaderName::from_static("x-signature"), signature);
        }
        let request = request.body(Full::new(self.body.clone()));
        request.context("put a webhook together")
    }
}

/// A connection that stays open between webhooks.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    _driver: JoinSet<()>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await;
        let stream = stream.with_context(|| format!("connect to {address}"))?;
        stream.set_nodelay(true).context("send without delay")?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.context("speak HTTP")?;
        let mut driver = JoinSet::new();
        driver.spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            _driver: driver,
        })
    }

    /// Sends a webhook and waits for the whole answer.
    pub(super) async fn send(&mut self, hook: &Hook) -> Result<()> {
        self.sender.ready().await.context("wait for the server")?;
        let answer = self.sender.send_request(hook.request()?).await;
        let answer = answer.context("send a webhook")?;
        ensure!(
            answer.status() == hook.answer,
            "expected a webhook to be answered with {}, found {}",
            hook.answer,
            answer.status()
        );
        let body = answer.into_body().collect().await;
        body.map(drop).context("read the answer")
    }
}
