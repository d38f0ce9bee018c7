//! Forward proxies.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// A forward proxy that every connection to the server goes through, whatever `NO_PROXY` says; it resolves the host's
/// name. For HTTP and HTTPS it is one of the scheme `http`, `https` or `socks5`, for SSH one of `http` (by `CONNECT`) or
/// `socks5`. `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct Proxy {
    address: Url,
    username: String,
    password: SecretString,
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    Https,
    Socks5,
}

/// An address that no proxy can have. The text does not repeat it, since it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proxy address cannot be used: expected http://, https:// or socks5:// with a host")]
pub struct ProxyError;

impl Proxy {
    /// A proxy at `address`, whose user info counts where `username` is empty.
    pub fn new(address: &str, username: &str, password: SecretString) -> Result<Self, ProxyError> {
        let mut url = Url::parse(address).map_err(|_| ProxyError)?;
        protocol(&url).ok_or(ProxyError)?;
        let (username, password) = if username.is_empty() {
            let text = |part: &str| crate::url::decode(part);
            let password = url.password().unwrap_or_default();
            (text(url.username()), text(password).into())
        } else {
            (username.to_owned(), password)
        };
        // A URL with a host takes both.
        let clean = url.set_username("").and_then(|()| url.set_password(None));
        clean.map_err(|()| ProxyError)?;
        Ok(Self {
            address: url,
            username,
            password,
        })
    }

    /// The same for the HTTP client.
    pub(crate) fn for_http(&self) -> reqwest::Result<reqwest::Proxy> {
        let mut address = self.address.to_string();
        if let Some(rest) = address.strip_prefix("socks5:") {
            // The name with an `h` is the one that lets the proxy resolve host names.
            address = format!("socks5h:{rest}");
        }
        let proxy = reqwest::Proxy::all(address)?;
        Ok(match self.user() {
            Some((username, password)) => proxy.basic_auth(username, password.expose_secret()),
            None => proxy,
        })
    }

    pub(crate) fn protocol(&self) -> Protocol {
        protocol(&self.address).unwrap_or(Protocol::Http)
    }

    /// Host and port.
    pub(crate) fn place(&self) -> (&str, u16) {
        let host = self.address.host_str().unwrap_or_default();
        let usual = match self.protocol() {
            Protocol::Http => 80,
            Protocol::Https => 443,
            Protocol::Socks5 => 1080,
        };
        (
            host.trim_matches(['[', ']']),
            self.address.port().unwrap_or(usual),
        )
    }

    /// Name and password, where there is a name.
    pub(crate) fn user(&self) -> Option<(&str, &SecretString)> {
        Some((self.username.as_str(), &self.password)).filter(|(name, _)| !name.is_empty())
    }

    /// What tells two proxies, or two users of one, apart.
    pub(crate) fn parts(&self) -> [&str; 3] {
        [
            self.address.as_str(),
            &self.username,
            self.password.expose_secret(),
        ]
    }
}

fn protocol(url: &Url) -> Option<Protocol> {
    url.host_str().filter(|host| !host.is_empty())?;
    match url.scheme() {
        "http" => Some(Protocol::Http),
        "https" => Some(Protocol::Https),
        "socks5" => Some(Protocol::Socks5),
        _ => None,
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = self.place();
        f.debug_struct("Proxy")
            .field("protocol", &self.protocol())
            .field("host", &host)
            .field("port", &port)
            .finish_non_exhaustive()
    }
}
