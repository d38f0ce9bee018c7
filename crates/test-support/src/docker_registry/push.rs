//! Pushing an image by the HTTP API of the OCI distribution spec.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{PASSWORD, Setup, USERNAME};
use crate::registry::digest;

/// A client for the few requests a push takes; each has a connection of its own.
#[derive(Clone, Debug)]
pub(super) struct Pusher {
    port: u16,
    headers: String,
    tls: Option<Arc<ClientConfig>>,
}

impl Pusher {
    pub(super) fn new(port: u16, setup: &Setup<'_>) -> Self {
        let mut headers = format!("Host: 127.0.0.1:{port}\r\nConnection: close\r\n");
        if setup.password {
            let pair = STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
            write!(headers, "Authorization: Basic {pair}\r\n").expect("a String takes any text");
        }
        Self {
            port,
            headers,
            tls: setup.authority.map(crate::tls::Authority::client_config),
        }
    }

    pub(super) async fn push(&self, repository: &str, tag: &str) -> String {
        let config = serde_json::json!({
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"tag": tag}},
            "rootfs": {"type": "layers", "diff_ids": []},
        })
        .to_string();
        self.push_blob(repository, &config).await;
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": config.len(),
                "digest": digest(config.as_bytes()),
            },
            "layers": [],
        })
        .to_string();
        let path = format!("/v2/{repository}/manifests/{tag}");
        let media_type = "application/vnd.docker.distribution.manifest.v2+json";
        self.send("PUT", &path, media_type, &manifest).await;
        digest(manifest.as_bytes())
    }

    async fn push_blob(&self, repository: &str, blob: &str) {
        let path = format!("/v2/{repository}/blobs/uploads/");
        let head = self
            .send("POST", &path, "application/octet-stream", "")
            .await;
        let location = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("location"))
            .map(|(_, url)| url.trim())
            .expect("the registry names the upload");
        // The registry names itself in full; its path is all that is needed.
        let path = location.find("/v2/").map_or(location, |at| &location[at..]);
        let path = format!("{path}&digest={}", digest(blob.as_bytes()));
        self.send("PUT", &path, "application/octet-stream", blob)
            .await;
    }

    /// The head of the answer, which must be a success.
    async fn send(&self, method: &str, path: &str, media_type: &str, body: &str) -> String {
        let (headers, length) = (&self.headers, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{headers}Content-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let stream = TcpStream::connect(("127.0.0.1", self.port))
            .await
            .expect("the registry listens");
        let answer = match &self.tls {
            None => exchange(stream, &request).await,
            Some(config) => {
                let name = ServerName::try_from("127.0.0.1").expect("an address is a name");
                let connector = TlsConnector::from(Arc::clone(config));
                let stream = connector.connect(name, stream).await;
                exchange(stream.expect("the registry speaks TLS"), &request).await
            }
        };
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with('2'), "{method} {path}: {answer}");
        answer
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    let written = stream.write_all(request.as_bytes()).await;
    written.expect("the registry takes the request");
    let mut answer = Vec::new();
    // Some servers end TLS without saying so; the head is complete then all the same.
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}
