//! HTTP: tunnels by `CONNECT`, and requests with a whole URL.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use url::Url;

use super::{State, refuse, relay};

/// The longest head of a request.
const HEAD_BYTES: usize = 64 << 10;

pub(super) async fn serve<S>(mut client: S, state: &State) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let head = read_head(&mut client).await?;
    if *state.tells.lock() {
        let tale = format!(
            "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n{} {}",
            login(&head).unwrap_or_default(),
            credentials(&head).unwrap_or_default()
        );
        return client.write_all(tale.as_bytes()).await;
    }
    let said = credentials(&head);
    let said = said.as_deref().and_then(|said| said.split_once(':'));
    if !state.admits(said) {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(refusal.as_bytes()).await;
    }
    let mut words = head.split(' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    if method == Some("CONNECT") {
        let server = state.connect(target).await?;
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        return relay(client, server).await;
    }
    let url = Url::parse(target).map_err(|_| refuse("no whole URL"))?;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let mut server = state.connect(&format!("{host}:{port}")).await?;
    server.write_all(forwarded(&head, &url).as_bytes()).await?;
    relay(client, server).await
}

/// The head of a request as its server wants it: the path alone, nothing for proxies, and one request per connection.
fn forwarded(head: &str, url: &Url) -> String {
    let mut lines = head.split("\r\n");
    let method = lines.next().and_then(|line| line.split(' ').next());
    let query = url
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    let mut forwarded = format!(
        "{} {}{query} HTTP/1.1\r\n",
        method.unwrap_or_default(),
        url.path()
    );
    for line in lines.take_while(|line| !line.is_empty()) {
        let name = line
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if !matches!(
            name.as_str(),
            "proxy-authorization" | "proxy-connection" | "connection"
        ) {
            forwarded.push_str(line);
            forwarded.push_str("\r\n");
        }
    }
    forwarded + "Connection: close\r\n\r\n"
}

async fn read_head<S: AsyncRead + Unpin>(client: &mut S) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > HEAD_BYTES {
            return Err(refuse("the head is too long"));
        }
        head.push(client.read_u8().await?);
    }
    String::from_utf8(head).map_err(|_| refuse("the head is no text"))
}

/// What the client says of its user, as it does.
fn login(head: &str) -> Option<&str> {
    head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("proxy-authorization")
            .then(|| value.trim())
    })
}

/// User and password, as Basic has them.
fn credentials(head: &str) -> Option<String> {
    let decoded = STANDARD.decode(login(head)?.strip_prefix("Basic ")?).ok()?;
    String::from_utf8(decoded).ok()
}
