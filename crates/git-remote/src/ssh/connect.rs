//! The TCP connection to a server, through a proxy where there is one.

use std::io;
use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{SshError, Target};
use crate::proxy::{Protocol, Proxy};

/// The longest answer of an HTTP proxy, in bytes.
const ANSWER_BYTES: usize = 16 << 10;

/// What is said of a proxy that asks for another user.
const WRONG_USER: &str =
    "it does not accept the user: check username and password of the proxy's Secret";

/// Connects. The caller bounds the time.
pub(super) async fn connect(target: &Target<'_>) -> Result<TcpStream, SshError> {
    let Some(proxy) = target.proxy else {
        let connecting = TcpStream::connect((target.host, target.port)).await;
        return connecting.map_err(|source| SshError::Connect {
            address: target.address(),
            source,
        });
    };
    through(proxy, target).await.map_err(|source| {
        let (host, port) = proxy.place();
        SshError::Proxy {
            proxy: super::address(host, port),
            address: target.address(),
            source,
        }
    })
}

async fn through(proxy: &Proxy, target: &Target<'_>) -> io::Result<TcpStream> {
    let protocol = proxy.protocol();
    if protocol == Protocol::Https {
        let text = "SSH does not go through a proxy of the scheme https: use one of http or socks5";
        return Err(io::Error::new(io::ErrorKind::Unsupported, text));
    }
    let mut stream = TcpStream::connect(proxy.place()).await?;
    match protocol {
        Protocol::Socks5 => socks5(&mut stream, proxy, target).await?,
        Protocol::Http | Protocol::Https => tunnel(&mut stream, proxy, target).await?,
    }
    Ok(stream)
}

/// `CONNECT`, RFC 9110, section 9.3.6.
async fn tunnel(stream: &mut TcpStream, proxy: &Proxy, target: &Target<'_>) -> io::Result<()> {
    let address = target.address();
    let mut request = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n");
    if let Some((name, password)) = proxy.user() {
        let pair = BASE64_STANDARD.encode(format!("{name}:{}", password.expose_secret()));
        request = format!("{request}Proxy-Authorization: Basic {pair}\r\n");
    }
    stream
        .write_all(format!("{request}\r\n").as_bytes())
        .await?;
    let mut answer = Vec::new();
    // Byte by byte: what follows the empty line is the server's greeting.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= ANSWER_BYTES {
            return Err(io::Error::other("the answer has no end"));
        }
        answer.push(stream.read_u8().await?);
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).unwrap_or_default();
    match status.parse::<u16>() {
        Ok(200..=299) => Ok(()),
        Ok(407) => Err(io::Error::other(WRONG_USER)),
        Ok(status) => Err(io::Error::other(format!("it refuses (HTTP {status})"))),
        Err(_) => Err(io::Error::other("it does not answer as an HTTP proxy")),
    }
}

/// SOCKS 5, RFC 1928. The proxy resolves the name.
async fn socks5(stream: &mut TcpStream, proxy: &Proxy, target: &Target<'_>) -> io::Result<()> {
    const NO_USER: u8 = 0;
    const WITH_USER: u8 = 2;
    let user = proxy.user();
    let offer: &[u8] = match user {
        Some(_) => &[5, 2, NO_USER, WITH_USER],
        None => &[5, 1, NO_USER],
    };
    stream.write_all(offer).await?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    match (chosen, user) {
        ([5, NO_USER], _) => {}
        ([5, WITH_USER], Some((name, password))) => log_in(stream, name, password).await?,
        ([5, _], _) => return Err(io::Error::other(WRONG_USER)),
        _ => return Err(io::Error::other("it does not answer as a SOCKS 5 proxy")),
    }
    // Version 5, connect, reserved.
    let mut request = vec![5, 1, 0];
    match target.host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        Err(_) => {
            request.push(3);
            push_text(&mut request, "host name", target.host)?;
        }
    }
    request.extend(target.port.to_be_bytes());
    stream.write_all(&request).await?;
    finish_socks5(stream).await
}

/// RFC 1929.
async fn log_in(stream: &mut TcpStream, name: &str, password: &SecretString) -> io::Result<()> {
    let mut login = vec![1];
    push_text(&mut login, "user name", name)?;
    push_text(&mut login, "password", password.expose_secret())?;
    stream.write_all(&login).await?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await?;
    match answer[1] {
        0 => Ok(()),
        _ => Err(io::Error::other(WRONG_USER)),
    }
}

/// Reads the answer to the request, with the address that nobody needs.
async fn finish_socks5(stream: &mut TcpStream) -> io::Result<()> {
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    if answer[1] != 0 {
        let text = format!("it refuses (SOCKS 5 reply {})", answer[1]);
        return Err(io::Error::other(text));
    }
    let length = match answer[3] {
        1 => 4,
        4 => 16,
        _ => usize::from(stream.read_u8().await?),
    };
    let mut address = vec![0; length + 2];
    stream.read_exact(&mut address).await?;
    Ok(())
}

/// A text with its length in one byte.
fn push_text(message: &mut Vec<u8>, what: &str, text: &str) -> io::Result<()> {
    let length = u8::try_from(text.len())
        .map_err(|_| io::Error::other(format!("the {what} is longer than 255 bytes")))?;
    message.push(length);
    message.extend(text.as_bytes());
    Ok(())
}
