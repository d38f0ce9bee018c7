//! SOCKS 5, RFC 1928, with user and password, RFC 1929.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{State, refuse, relay};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;

pub(super) async fn serve(mut client: TcpStream, state: &State) -> io::Result<()> {
    let [_version, methods] = read(&mut client).await?;
    let mut offered = vec![0; usize::from(methods)];
    client.read_exact(&mut offered).await?;
    if state.admits(None) {
        client.write_all(&[VERSION, NO_AUTHENTICATION]).await?;
    } else if offered.contains(&USER_AND_PASSWORD) {
        client.write_all(&[VERSION, USER_AND_PASSWORD]).await?;
        authenticate(&mut client, state).await?;
    } else {
        return client.write_all(&[VERSION, NO_ACCEPTABLE_METHOD]).await;
    }
    let target = read_target(&mut client).await?;
    let server = state.connect(&target).await?;
    // Success, with an address that nobody reads.
    client
        .write_all(&[VERSION, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        .await?;
    relay(client, server).await
}

async fn authenticate(client: &mut TcpStream, state: &State) -> io::Result<()> {
    let [_version] = read(client).await?;
    let username = read_text(client).await?;
    let password = read_text(client).await?;
    let admitted = state.admits(Some((&username, &password)));
    client.write_all(&[1, u8::from(!admitted)]).await?;
    if admitted {
        Ok(())
    } else {
        Err(refuse("a wrong password"))
    }
}

async fn read_target(client: &mut TcpStream) -> io::Result<String> {
    let [_version, command, _reserved, kind] = read(client).await?;
    if command != 1 {
        return Err(refuse("only CONNECT is served"));
    }
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(client).await?).to_string(),
        3 => read_text(client).await?,
        4 => format!("[{}]", Ipv6Addr::from(read::<16>(client).await?)),
        _ => return Err(refuse("no such kind of address")),
    };
    let port = u16::from_be_bytes(read(client).await?);
    Ok(format!("{host}:{port}"))
}

async fn read<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// A text with its length before it.
async fn read_text(client: &mut TcpStream) -> io::Result<String> {
    let [length] = read(client).await?;
    let mut text = vec![0; usize::from(length)];
    client.read_exact(&mut text).await?;
    String::from_utf8(text).map_err(|_| refuse("no text"))
}
