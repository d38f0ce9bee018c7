use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::*;

/// Takes the hooks of `/hook/known`, once the gate is open, and says how long their bodies are.
struct Gate {
    open: watch::Receiver<bool>,
    bodies: watch::Sender<Vec<usize>>,
}

impl Desk for Gate {
    type Receiver = ();

    fn find(&self, path: &str) -> Option<()> {
        (path == "/hook/known").then_some(())
    }

    async fn take(&self, (): (), _: Parts, body: Whole) -> StatusCode {
        self.bodies
            .send_modify(|bodies| bodies.push(body.bytes.len()));
        let mut open = self.open.clone();
        open.wait_for(|open| *open).await.unwrap();
        StatusCode::OK
    }
}

struct Running {
    address: SocketAddr,
    gate: watch::Sender<bool>,
    bodies: watch::Receiver<Vec<usize>>,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (gate, open) = watch::channel(true);
        let (sender, bodies) = watch::channel(Vec::new());
        let desk = Gate {
            open,
            bodies: sender,
        };
        let shutdown = CancellationToken::new();
        let metrics = HookMetrics::new(&controller_runtime::Metrics::new(), false);
        let serving = serve(listener, desk, metrics, None, limits, shutdown.clone());
        Self {
            address,
            gate,
            bodies,
            shutdown,
            serving: tokio::spawn(serving),
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What is answered to a request; the connection ends with it.
    async fn send(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        answer(&mut stream).await
    }

    /// Waits until as many hooks are being handled, or have been.
    async fn taken(&mut self, hooks: usize) {
        let all = self.bodies.wait_for(|bodies| bodies.len() == hooks);
        all.await.unwrap();
    }
}

/// Everything up to the end of the connection.
async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n{body}")
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test]
async fn only_what_net_http_itself_says_has_a_body() {
    let server = Running::start(Limits::default()).await;
    for (path, expected, text) in [
        ("/hook/known", "200", ""),
        ("/hook/unknown", "404", ""),
        ("/hook/", "404", ""),
        ("/hook/known?a=b", "404", ""),
        ("http://a/hook/known", "404", ""),
        ("/hook", "307", ""),
        ("/hook//known", "307", ""),
        ("//hook/known", "307", ""),
        ("/", "404", "404 page not found\n"),
        ("/metrics", "404", "404 page not found\n"),
    ] {
        let answer = server.send(&post(path, "", "")).await;
        assert_eq!((status(&answer), body(&answer)), (expected, text), "{path}");
        assert!(!answer.contains("server:"), "{answer}");
    }
    let answer = server.send(&post("/hook//known", "", "")).await;
    assert!(answer.contains("\r\nlocation: /hook/known\r\n"), "{answer}");
}

#[tokio::test]
async fn any_method_is_a_hook() {
    let server = Running::start(Limits::default()).await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "MADEUP"] {
        let request = post("/hook/known", "", "").replace("POST", method);
        assert_eq!(status(&server.send(&request).await), "200", "{method}");
    }
}

#[tokio::test]
async fn a_body_larger_than_three_mebibytes_is_refused_wherever_it_goes() {
    let mut server = Running::start(Limits::default()).await;
    let whole = "x".repeat(body::LARGEST);
    let part = "x".repeat(0x10000);
    let chunks = format!("10000\r\n{part}\r\n").repeat(48);
    for path in ["/hook/known", "/hook/unknown"] {
        let fits = if path == "/hook/known" { "200" } else { "404" };
        for (headers, body, expected) in [
            (
                format!("content-length: {}\r\n", body::LARGEST),
                whole.clone(),
                fits,
            ),
            (
                format!("content-length: {}\r\n", body::LARGEST + 1),
                String::new(),
                "413",
            ),
            (
                "transfer-encoding: chunked\r\n".to_owned(),
                format!("{chunks}0\r\n\r\n"),
                fits,
            ),
            (
                "transfer-encoding: chunked\r\n".to_owned(),
                format!("{chunks}1\r\nx\r\n"),
                "413",
            ),
        ] {
            let answer = server.send(&post(path, &headers, &body)).await;
            assert_eq!(status(&answer), expected, "{path} {headers}");
        }
    }
    server.taken(2).await;
    assert_eq!(*server.bodies.borrow(), [body::LARGEST; 2]);
}

#[tokio::test]
async fn who_sends_a_hundred_megabytes_sees_the_answer_all_the_same() {
    let server = Running::start(Limits::default()).await;
    let (mut read, mut write) = server.connect().await.into_split();
    let sending = tokio::spawn(async move {
        let head = post("/hook/known", "content-length: 100000000\r\n", "");
        write.write_all(head.as_bytes()).await.unwrap();
        // The server need not take them all.
        let part = vec![b'x'; 1_000_000];
        for _ in 0..100 {
            if write.write_all(&part).await.is_err() {
                break;
            }
        }
    });
    let mut start = vec![0; 12];
    read.read_exact(&mut start).await.unwrap();
    assert_eq!(start, b"HTTP/1.1 413");
    drop(read);
    sending.await.unwrap();
    assert!(server.bodies.borrow().is_empty());
}

#[tokio::test]
async fn heads_are_bounded_too() {
    let server = Running::start(Limits::default()).await;
    let fits = format!("x-long: {}\r\n", "x".repeat(200 * 1024));
    assert_eq!(
        status(&server.send(&post("/hook/known", &fits, "")).await),
        "200"
    );
    let long = format!("x-long: {}\r\n", "x".repeat(300 * 1024));
    assert_eq!(
        status(&server.send(&post("/hook/known", &long, "")).await),
        "431"
    );
    let many = "x: y\r\n".repeat(200);
    assert_eq!(
        status(&server.send(&post("/hook/known", &many, "")).await),
        "431"
    );
    assert_eq!(status(&server.send("nonsense\r\n\r\n").await), "400");
}

#[tokio::test]
async fn only_some_connections_send_large_heads_at_once() {
    let limits = Limits {
        large_heads: 1,
        ..Limits::default()
    };
    let server = Running::start(limits).await;
    let start = format!(
        "POST /hook/known HTTP/1.1\r\nx-long: {}",
        "x".repeat(100 * 1024)
    );
    let rest = "\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut first = server.connect().await;
    first.write_all(start.as_bytes()).await.unwrap();
    // The others are closed, however much they have still to send, until the first one is through.
    let mut turned_away = false;
    while !turned_away {
        let mut second = server.connect().await;
        drop(second.write_all(format!("{start}{rest}").as_bytes()).await);
        let mut answer = Vec::new();
        let ended = second.read_to_end(&mut answer).await;
        turned_away = ended.is_err() || answer.is_empty();
    }
    assert_eq!(
        status(&server.send(&post("/hook/known", "", "")).await),
        "200"
    );
    first.write_all(rest.as_bytes()).await.unwrap();
    assert_eq!(status(&answer(&mut first).await), "200");
    assert_eq!(status(&server.send(&format!("{start}{rest}")).await), "200");
}

#[tokio::test]
async fn a_body_that_ends_early_is_no_hook() {
    let server = Running::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let request = post("/hook/known", "content-length: 10\r\n", "12345");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(status(&answer(&mut stream).await), "400");
    assert!(server.bodies.borrow().is_empty());
}

#[tokio::test]
async fn a_client_that_has_sent_everything_may_say_so() {
    let server = Running::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let request = post("/hook/known", "content-length: 5\r\n", "12345");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(status(&answer(&mut stream).await), "200");
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = Running::start(Limits::default()).await;
    let request =
        |path| format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{{}}");
    let mut all = [request("/hook/unknown"), request("/hook/known")].concat();
    all.push_str(&post("/hook/unknown", "", ""));
    let answers = server.send(&all).await;
    let codes: Vec<_> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|one| &one[..3])
        .collect();
    assert_eq!(codes, ["404", "200", "404"]);
}

#[tokio::test]
async fn many_small_requests_are_no_large_head() {
    let limits = Limits {
        large_heads: 0,
        ..Limits::default()
    };
    let server = Running::start(limits).await;
    let mut stream = server.connect().await;
    let padding = "x".repeat(1000);
    let request = format!(
        "POST /hook/known HTTP/1.1\r\nhost: a\r\nx: {padding}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    for number in 0..40 {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let more = stream.read_buf(&mut answer).await.unwrap_or_default();
            assert_ne!(more, 0, "closed at request {number}");
        }
    }
}

#[tokio::test]
async fn a_slow_client_keeps_nobody_out() {
    let limits = Limits {
        connections: 4,
        ..Limits::default()
    };
    let server = Running::start(limits).await;
    let mut slow = Vec::new();
    for number in 0..20 {
        let mut stream = server.connect().await;
        let start = if number % 2 == 0 {
            "POST /hook/known HTT".to_owned()
        } else {
            post("/hook/known", "content-length: 9\r\n", "123")
        };
        stream.write_all(start.as_bytes()).await.unwrap();
        slow.push(stream);
        assert_eq!(
            status(&server.send(&post("/hook/known", "", "")).await),
            "200"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_is_given_up() {
    let server = Running::start(Limits::default()).await;
    for (start, expected) in [
        (String::new(), ""),
        ("POST /hook/known HTT".to_owned(), ""),
        (post("/hook/known", "content-length: 9\r\n", "123"), "400"),
        (post("/hook/unknown", "content-length: 9\r\n", "123"), "400"),
    ] {
        let answer = server.send(&start).await;
        assert_eq!(status(&answer), expected, "{start}");
    }
    assert!(server.bodies.borrow().is_empty());
}

#[tokio::test]
async fn who_comes_when_too_much_is_going_on_may_come_again() {
    let limits = Limits {
        hooks: 1,
        ..Limits::default()
    };
    let mut server = Running::start(limits).await;
    server.gate.send_replace(false);
    let mut first = server.connect().await;
    let request = post("/hook/known", "", "");
    first.write_all(request.as_bytes()).await.unwrap();
    server.taken(1).await;
    let second = server.send(&request).await;
    assert_eq!(status(&second), "503");
    assert!(second.contains("\r\nretry-after: 1\r\n"), "{second}");
    server.gate.send_replace(true);
    assert_eq!(status(&answer(&mut first).await), "200");
    assert_eq!(status(&server.send(&request).await), "200");
}

#[tokio::test]
async fn what_is_under_way_is_finished_when_the_process_ends() {
    let mut server = Running::start(Limits::default()).await;
    server.gate.send_replace(false);
    let mut idle = server.connect().await;
    let mut first = server.connect().await;
    let request = "POST /hook/known HTTP/1.1\r\nhost: a\r\n\r\n";
    first.write_all(request.as_bytes()).await.unwrap();
    server.taken(1).await;
    server.shutdown.cancel();
    assert_eq!(answer(&mut idle).await, "");
    server.gate.send_replace(true);
    assert_eq!(status(&answer(&mut first).await), "200");
    server.serving.await.unwrap();
    TcpStream::connect(server.address).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_ever() {
    let mut server = Running::start(Limits::default()).await;
    server.gate.send_replace(false);
    let mut first = server.connect().await;
    let request = post("/hook/known", "", "");
    first.write_all(request.as_bytes()).await.unwrap();
    server.taken(1).await;
    server.shutdown.cancel();
    server.serving.await.unwrap();
    assert_eq!(answer(&mut first).await, "");
}
