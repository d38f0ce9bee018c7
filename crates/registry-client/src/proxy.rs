//! Forward proxies: where they are, and as whom they are used.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::access::Fingerprint;
use crate::secret::SecretError;

/// The longest address of a proxy, in characters.
const LONGEST_ADDRESS: usize = 2048;

/// What a proxy may speak.
const SCHEMES: [&str; 3] = ["http", "https", "socks5"];

/// A forward proxy that every request of a call goes through, also to this machine itself: `NO_PROXY` belongs to the
/// proxies of the environment and does not count. The proxy resolves the host names. `Debug` shows neither user nor
/// password.
#[derive(Clone)]
pub struct Proxy {
    /// Without user info.
    address: Url,
    username: String,
    password: SecretString,
}

impl Proxy {
    /// A proxy at an address of the scheme `http`, `https` or `socks5` with at most 2,048 characters.
    pub fn new(address: &str) -> Result<Self, SecretError> {
        if address.is_empty() {
            return Err(SecretError::EmptyProxy);
        }
        if address.chars().count() > LONGEST_ADDRESS {
            return Err(SecretError::LongProxy {
                limit: LONGEST_ADDRESS,
            });
        }
        let mut url = Url::parse(address).map_err(|_| SecretError::ParseProxy)?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(SecretError::ProxyScheme {
                schemes: SCHEMES.join(", "),
                scheme: url.scheme().to_owned(),
            });
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(SecretError::ParseProxy);
        }
        let username = decoded(url.username());
        let password = decoded(url.password().unwrap_or_default()).into();
        // A URL with a host takes both.
        let no_user = url.set_username("").and_then(|()| url.set_password(None));
        no_user.map_err(|()| SecretError::ParseProxy)?;
        Ok(Self {
            address: url,
            username,
            password,
        })
    }

    /// The same as a user of its own.
    #[must_use]
    pub fn with_user(self, username: &str, password: SecretString) -> Self {
        Self {
            username: username.to_owned(),
            password,
            ..self
        }
    }

    /// Where it is, without user info.
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    /// As whom it is used; an empty name is nobody.
    pub fn user(&self) -> (&str, &SecretString) {
        (&self.username, &self.password)
    }

    /// Tells two proxies, or two users of one, apart.
    pub fn fingerprint(&self) -> Fingerprint {
        let password = self.password.expose_secret();
        let parts = [self.address.as_str(), &self.username, password];
        Fingerprint::of(&parts.map(str::as_bytes))
    }

    /// The same for the HTTP client, for every scheme and every host.
    pub fn for_http(&self) -> Result<reqwest::Proxy, SecretError> {
        let mut address = self.address.to_string();
        if let Some(rest) = address.strip_prefix("socks5:") {
            // The name with an `h` is the one that lets the proxy resolve host names.
            address = format!("socks5h:{rest}");
        }
        let proxy = reqwest::Proxy::all(address).map_err(|_| SecretError::ParseProxy)?;
        if self.username.is_empty() {
            return Ok(proxy);
        }
        Ok(proxy.basic_auth(&self.username, self.password.expose_secret()))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = (self.address.scheme(), self.address.host_str());
        f.debug_struct("Proxy")
            .field("scheme", &scheme)
            .field("host", &host.unwrap_or_default())
            .field("port", &self.address.port_or_known_default())
            .finish_non_exhaustive()
    }
}

/// User info as it is meant; what is no UTF-8 stays as it is.
fn decoded(text: &str) -> String {
    let bytes = percent_encoding::percent_decode_str(text);
    bytes
        .decode_utf8()
        .map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}
