use std::net::SocketAddr;
use std::time::SystemTime;

use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::*;
use crate::conversion::certificate::Certificate;

struct Site {
    address: SocketAddr,
    certificates: watch::Sender<Option<Arc<ServerConfig>>>,
    shutdown: CancellationToken,
    server: JoinHandle<()>,
}

impl Site {
    async fn start() -> (Self, Certificate) {
        test_support::tls::install_provider();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (certificates, serving) = watch::channel(None);
        let shutdown = CancellationToken::new();
        let site = Self {
            address: listener.local_addr().unwrap(),
            certificates,
            shutdown: shutdown.clone(),
            server: tokio::spawn(serve(listener, serving, shutdown)),
        };
        let certificate = site.show_another();
        (site, certificate)
    }

    /// Serves a new certificate.
    fn show_another(&self) -> Certificate {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let certificate = Certificate::make(&name, SystemTime::now()).unwrap();
        let config = certificate.server_config().unwrap();
        self.certificates.send_replace(Some(config));
        certificate
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    async fn ask(&self, client: &reqwest::Client) -> reqwest::Result<Value> {
        let asked = client.post(self.url(PATH)).json(&question()).send();
        asked.await?.json().await
    }
}

fn client(trusted: &Certificate) -> reqwest::ClientBuilder {
    let authority = reqwest::Certificate::from_pem(trusted.authority.as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([authority])
}

fn question() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "ConversionReview",
        "request": {
            "uid": "705ab4f5",
            "desiredAPIVersion": "image.toolkit.fluxcd.io/v1",
            "objects": [{
                "apiVersion": "image.toolkit.fluxcd.io/v1alpha1",
                "kind": "ImagePolicy",
                "metadata": { "name": "a" },
            }],
        },
    })
}

#[tokio::test]
async fn reviews_are_answered_and_nothing_else() {
    let (site, certificate) = Site::start().await;
    let trusting = client(&certificate).build().unwrap();
    let old = client(&certificate).http1_only().build().unwrap();
    for client in [&trusting, &old] {
        let answer = site.ask(client).await.unwrap();
        assert_eq!(answer["response"]["result"]["status"], "Success");
    }
    let large = vec![b' '; 4 * 1024 * 1024];
    let long = format!("{}{}", " ".repeat(2 * LONG), question());
    for (request, status) in [
        (trusting.get(site.url(PATH)), 405),
        (trusting.post(site.url("/")).body("{}"), 404),
        (trusting.post(site.url(PATH)).body("{}"), 400),
        (trusting.post(site.url(PATH)).body(large), 413),
        (trusting.post(site.url(PATH)).body(long), 200),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{}", answer.url());
    }
}

#[tokio::test]
async fn who_says_nothing_keeps_nobody_out() {
    let (site, certificate) = Site::start().await;
    let trusting = client(&certificate).build().unwrap();
    let mut silent = Vec::new();
    for _ in 0..2 * MOST_CONNECTIONS {
        silent.push(TcpStream::connect(site.address).await.unwrap());
    }
    let answer = site.ask(&trusting).await.unwrap();
    assert_eq!(answer["response"]["result"]["status"], "Success");
    drop(silent);
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections() {
    let (site, first) = Site::start().await;
    let known = client(&first).build().unwrap();
    site.ask(&known).await.unwrap();
    let second = site.show_another();
    // The connection that is there stays.
    site.ask(&known).await.unwrap();
    let stranger = client(&first).build().unwrap();
    assert!(site.ask(&stranger).await.unwrap_err().is_connect());
    let trusting = client(&second).build().unwrap();
    site.ask(&trusting).await.unwrap();
}

#[tokio::test]
async fn it_ends_with_connections_open() {
    let (site, certificate) = Site::start().await;
    let known = client(&certificate).build().unwrap();
    site.ask(&known).await.unwrap();
    let _silent = TcpStream::connect(site.address).await.unwrap();
    site.shutdown.cancel();
    let address = site.address;
    site.server.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
