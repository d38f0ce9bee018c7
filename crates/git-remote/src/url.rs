//! Where a repository is, without the user info that its URL may hold.

use std::fmt;

use secrecy::SecretString;

use crate::error::Error;

/// How the server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// SSH.
    Ssh,
}

impl Scheme {
    /// As URLs write it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ssh => "ssh",
        }
    }
}

/// The URL of a repository. What it displays never holds user info, a query or a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUrl {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
    text: String,
}

/// The user info of a URL, each part percent-decoded.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserInfo {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<SecretString>,
}

impl RemoteUrl {
    /// Splits `url` into the place and the user info.
    pub(crate) fn parse(url: &str) -> Result<(Self, UserInfo), Error> {
        let error = |problem: &str| Error::Url {
            problem: problem.to_owned(),
        };
        let mut parsed = ::url::Url::parse(url).map_err(|_| error("it cannot be parsed"))?;
        let (scheme, default_port) = match parsed.scheme() {
            "http" => (Scheme::Http, 80),
            "https" => (Scheme::Https, 443),
            "ssh" => (Scheme::Ssh, 22),
            other => return Err(error(&format!("the scheme '{other}' is not supported"))),
        };
        let info = UserInfo {
            user: Some(decode(parsed.username())).filter(|user| !user.is_empty()),
            password: parsed
                .password()
                .map(|password| SecretString::from(decode(password))),
        };
        let host = parsed
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| error("it has no host"))?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let path = decode(parsed.path());
        if path.trim_matches('/').is_empty() {
            return Err(error("it has no path"));
        }
        // Only a URL without a host refuses these, and this one has a host.
        let _ = (parsed.set_username(""), parsed.set_password(None));
        parsed.set_query(None);
        parsed.set_fragment(None);
        let url = Self {
            scheme,
            host,
            port: parsed.port().unwrap_or(default_port),
            path,
            text: parsed.into(),
        };
        Ok((url, info))
    }

    /// How the server is spoken to.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host's name or address, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's default if the URL names none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path as a server's command over SSH gets it: percent-decoded, `/~user/x` without its slash.
    pub(crate) fn command_path(&self) -> &str {
        if self.path.starts_with("/~") {
            &self.path[1..]
        } else {
            &self.path
        }
    }

    /// Whether both name the same repository, however it is reached: the same host and path, and for the same scheme
    /// the same port. A closing slash and `.git` do not count.
    pub fn is_same_repository(&self, other: &Self) -> bool {
        let path = |url: &Self| {
            let path = url.path.trim_end_matches('/');
            path.strip_suffix(".git").unwrap_or(path).to_owned()
        };
        self.host.eq_ignore_ascii_case(&other.host)
            && (self.scheme != other.scheme || self.port == other.port)
            && path(self) == path(other)
    }

    /// The whole URL without user info.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Reads a URL and drops its user info.
impl std::str::FromStr for RemoteUrl {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        Self::parse(url).map(|(url, _)| url)
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// User info or a path as it is meant.
pub(crate) fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn urls_are_split_and_cleaned() {
        for (url, shown, host, port, path) in [
            ("https://h/a.git", "https://h/a.git", "h", 443, "/a.git"),
            (
                "http://u:p@h:81/a%20b?x=1#y",
                "http://h:81/a%20b",
                "h",
                81,
                "/a b",
            ),
            ("ssh://git@h/~me/a", "ssh://h/~me/a", "h", 22, "~me/a"),
            (
                "ssh://h:2222/srv/a",
                "ssh://h:2222/srv/a",
                "h",
                2222,
                "/srv/a",
            ),
            ("ssh://git@[::1]:22/a", "ssh://[::1]:22/a", "::1", 22, "/a"),
        ] {
            let (parsed, _) = RemoteUrl::parse(url).unwrap();
            assert_eq!(parsed.to_string(), shown);
            assert_eq!(
                (parsed.host(), parsed.port(), parsed.command_path()),
                (host, port, path)
            );
        }
    }

    #[test]
    fn user_info_is_decoded() {
        let (_, info) = RemoteUrl::parse("https://me%40corp:p%3Aw@h/a").unwrap();
        assert_eq!(info.user.as_deref(), Some("me@corp"));
        assert_eq!(info.password.unwrap().expose_secret(), "p:w");
        let (_, info) = RemoteUrl::parse("https://h/a").unwrap();
        assert!(info.user.is_none() && info.password.is_none());
    }
}
