use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::header::AUTHORIZATION;
use axum::response::Response;
use kube::config::AuthInfo;
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::io::ReaderStream;

use super::*;
use crate::tls::{Authority, TlsListener};

const PATIENCE: Duration = Duration::from_secs(30);
const PATCH: &str = "/apis/repin.dev/v1alpha1/namespaces/apps/imagetagslices/app-1";
const WATCH: &str = "/apis/repin.dev/v1alpha1/imagetagslices?watch=1";

/// An API server that echoes what it is asked, and whose watches never end by themselves.
struct ApiServer {
    config: Config,
    heard: Arc<Heard>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Heard {
    requests: watch::Sender<usize>,
    watches: Mutex<Vec<DuplexStream>>,
}

impl ApiServer {
    async fn start() -> Self {
        crate::tls::install_provider();
        let authority = Authority::new();
        let identity = authority.server(&["127.0.0.1"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let listener = TlsListener::new(listener, identity.rustls_config(&["http/1.1"])).unwrap();
        let heard = Arc::<Heard>::default();
        let app = Router::new()
            .fallback(any(echo))
            .with_state(Arc::clone(&heard));
        let server = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        let mut config = Config::new(format!("https://{addr}").parse().unwrap());
        config.root_cert = Some(vec![der(authority.ca_pem())]);
        Self {
            config,
            heard,
            server,
        }
    }

    fn heard(&self) -> usize {
        *self.heard.requests.borrow()
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn der(pem: &str) -> Vec<u8> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes());
    certificate.unwrap().to_vec()
}

async fn echo(Shared(heard): Shared<Arc<Heard>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    heard.requests.send_modify(|requests| *requests += 1);
    if parts.uri.query().unwrap_or_default().contains("watch=1") {
        let (mut writing, reading) = tokio::io::duplex(1024);
        writing.write_all(b"{\"first\":1}\n").await.unwrap();
        heard.watches.lock().push(writing);
        return Response::new(Body::from_stream(ReaderStream::new(reading)));
    }
    let authorization = parts.headers.get(AUTHORIZATION);
    let answer = json!({
        "authorization": authorization.map(|value| value.to_str().unwrap()),
        "path": parts.uri.to_string(),
        "body": String::from_utf8(body.to_vec()).unwrap(),
    });
    Response::new(Body::from(answer.to_string()))
}

/// A client as a controller has it: the proxy's address, a token of its own.
fn client(proxy: &ApiProxy) -> Client {
    let mut config = Config::new(proxy.url().parse().unwrap());
    config.auth_info = AuthInfo {
        token: Some("of-the-controller".to_owned().into()),
        ..AuthInfo::default()
    };
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

fn patch() -> axum::http::Request<Vec<u8>> {
    let request = axum::http::Request::patch(PATCH);
    request.body(content()).unwrap()
}

/// Larger than what is read ahead.
fn content() -> Vec<u8> {
    vec![b'c'; 1 << 20]
}

async fn send(client: &Client) -> kube::Result<Value> {
    client.request(patch()).await
}

fn slice_writes() -> Calls {
    Calls::writes("imagetagslices")
}

#[test]
fn a_path_names_its_call() {
    let call = |text: &str| {
        let (method, uri) = text.split_once(' ').unwrap();
        Call::of(&method.parse().unwrap(), &uri.parse().unwrap()).to_string()
    };
    for (request, expected) in [
        ("GET /version", "List "),
        ("GET /api/v1/namespaces", "List namespaces"),
        ("GET /api/v1/namespaces/apps", "Get namespaces/apps"),
        (
            "GET /api/v1/namespaces/apps/secrets/a",
            "Get secrets/apps/a",
        ),
        (
            "PUT /api/v1/namespaces/apps/finalize",
            "Update namespaces/apps/finalize",
        ),
        (
            "GET /apis/repin.dev/v1alpha1/imagetagslices?x=y&watch=true",
            "Watch imagetagslices",
        ),
        (
            "DELETE /apis/repin.dev/v1alpha1/namespaces/apps/imagetagslices",
            "DeleteCollection imagetagslices/apps",
        ),
        (
            "PATCH /apis/image.toolkit.fluxcd.io/v1/namespaces/apps/imagepolicies/app/status?force=true",
            "Patch imagepolicies/apps/app/status",
        ),
    ] {
        assert_eq!(call(request), expected, "{request}");
    }
}

#[tokio::test]
async fn what_the_client_sends_and_gets_is_what_the_server_gets_and_sends() {
    let server = ApiServer::start().await;
    let proxy = ApiProxy::start(&server.config).await;
    let answer = send(&client(&proxy)).await.unwrap();
    let expected = json!({
        "authorization": "Bearer of-the-controller",
        "path": PATCH,
        "body": String::from_utf8(content()).unwrap(),
    });
    assert!(answer == expected, "found {:.300}", answer.to_string());
    let writes = proxy.writes();
    let [write] = &writes[..] else {
        unreachable!("one write, found {writes:?}");
    };
    assert_eq!((write.status, &write.body[..]), (Some(200), &content()[..]));
    assert_eq!(write.call.to_string(), "Patch imagetagslices/apps/app-1");
}

#[tokio::test]
async fn statuses_are_used_up_in_order_and_never_reach_the_server() {
    let server = ApiServer::start().await;
    let proxy = ApiProxy::start(&server.config).await;
    proxy.fail(slice_writes(), 1, Effect::Status(409));
    proxy.fail(Calls::all(), 1, Effect::TooManyRequests(7));
    let client = client(&proxy);
    let reasons = [send(&client).await, send(&client).await].map(|answer| match answer {
        Err(kube::Error::Api(status)) => (status.code, status.reason.clone()),
        other => unreachable!("an error of the API, found {other:?}"),
    });
    let expected = [(409, "Conflict"), (429, "TooManyRequests")];
    assert_eq!(
        reasons,
        expected.map(|(code, text)| (code, text.to_owned()))
    );
    assert_eq!((server.heard(), proxy.writes().len()), (0, 0));
    send(&client).await.unwrap();
    assert_eq!(proxy.count(&slice_writes()), 3);
    assert_eq!(proxy.writes().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_a_write_and_a_lost_call_is_none() {
    let server = ApiServer::start().await;
    let proxy = ApiProxy::start(&server.config).await;
    let client = client(&proxy);
    for (effect, writes) in [(Effect::LoseCall, 0), (Effect::LoseAnswer, 1)] {
        proxy.fail(slice_writes(), 1, effect);
        send(&client).await.unwrap_err();
        assert_eq!((server.heard(), proxy.writes().len()), (writes, writes));
    }
}

#[tokio::test]
async fn a_call_held_before_the_server_is_gone_with_its_client() {
    let server = ApiServer::start().await;
    let proxy = ApiProxy::start(&server.config).await;
    let hold = proxy.hold(slice_writes(), Point::Before).after(1);
    let impatient = client(&proxy);
    send(&impatient).await.unwrap();
    let call = tokio::spawn(async move { send(&impatient).await });
    hold.reached().await;
    call.abort();
    drop(call.await);
    hold.abandoned().await;
    drop(hold);
    send(&client(&proxy)).await.unwrap();
    assert_eq!((server.heard(), proxy.writes().len()), (2, 2));
}

#[tokio::test]
async fn a_call_held_after_the_server_has_done_its_work() {
    let server = ApiServer::start().await;
    let proxy = ApiProxy::start(&server.config).await;
    let hold = proxy.hold(slice_writes(), Point::After);
    let client = client(&proxy);
    let mut call = pin!(send(&client));
    tokio::select! {
        answer = &mut call => unreachable!("the call is held, found {answer:?}"),
        () = hold.reached() => {}
    }
    assert_eq!(
        (hold.held(), server.heard(), proxy.writes().len()),
        (1, 1, 1)
    );
    drop(hold);
    call.await.unwrap();
}

#[tokio::test]
async fn a_watch_streams_until_it_is_cut() {
    let server = ApiServer::start().await;
    let proxy = ApiProxy::start(&server.config).await;
    let mut stream = TcpStream::connect(proxy.addr).await.unwrap();
    let request = format!("GET {WATCH} HTTP/1.1\r\nHost: proxy\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_until(&mut stream, "{\"first\":1}\n").await;
    let mut events = server.heard.watches.lock().pop().unwrap();
    events.write_all(b"{\"second\":2}\n").await.unwrap();
    read_until(&mut stream, "{\"second\":2}\n").await;
    proxy.cut_watches(&Calls::watches("imagepolicies"));
    events.write_all(b"{\"third\":3}\n").await.unwrap();
    read_until(&mut stream, "{\"third\":3}\n").await;
    proxy.cut_watches(&Calls::watches("imagetagslices"));
    let mut rest = Vec::new();
    let end = stream.read_to_end(&mut rest);
    // A connection that breaks may say so, or just end.
    drop(tokio::time::timeout(PATIENCE, end).await.unwrap());
    assert_eq!(proxy.count(&Calls::watches("imagetagslices")), 1);
}

/// Reads up to this text, which the server has sent.
async fn read_until(stream: &mut TcpStream, text: &str) {
    let mut read = String::new();
    while !read.contains(text) {
        let mut buffer = [0; 256];
        let count = stream.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "the connection ended after {read}");
        read.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
}

#[tokio::test]
async fn silence_ends_with_the_rule() {
    let server = ApiServer::start().await;
    let proxy = ApiProxy::start(&server.config).await;
    proxy.fail_always(Calls::all(), Effect::Hang);
    let client = client(&proxy);
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { send(&client).await }
    });
    proxy.until_seen(&slice_writes(), 1).await;
    proxy.heal();
    waiting.await.unwrap().unwrap_err();
    send(&client).await.unwrap();
    assert_eq!(server.heard(), 1);
}
