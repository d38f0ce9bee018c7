//! One HTTP request to a process of this machine.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Status and body of `GET http://127.0.0.1:PORT{path}`.
///
/// It asks in HTTP/1.0, so that the answer ends with the connection and comes in one piece.
pub(super) async fn get(port: u16, path: &str) -> io::Result<(u16, String)> {
    let answer = tokio::time::timeout(TIMEOUT, ask(port, path)).await??;
    parse(&answer).ok_or_else(|| io::Error::other(format!("no HTTP answer: {answer}")))
}

async fn ask(port: u16, path: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {path} HTTP/1.0\r\nhost: 127.0.0.1:{port}\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_status_and_a_body() {
        let answer = "HTTP/1.0 503 Service Unavailable\r\ncontent-length: 7\r\n\r\ncaches\n";
        assert_eq!(parse(answer), Some((503, "caches\n".to_owned())));
        assert_eq!(parse("SSH-2.0-OpenSSH"), None);
    }
}
