//! One request as the sender made it.

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use crate::Rejection;

/// What of a request counts for who sent it: its headers and its whole body.
///
/// The caller bounds both before it builds one (a body of at most 3 MiB).
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// The headers of the request.
    pub headers: &'a HeaderMap,
    /// The body, from the first byte to the last: signatures are over all of it.
    pub body: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// The first value of a header; empty where it is missing, which is how every rule here takes it.
    pub(crate) fn header(&self, name: &str) -> &'a [u8] {
        self.headers.get(name).map_or(&[], |value| value.as_bytes())
    }

    /// The first value of a header as text; empty where it is missing or not text.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        std::str::from_utf8(self.header(name)).unwrap_or_default()
    }

    /// The media type of the first `Content-Type`, without its parameters.
    pub(crate) fn media_type(&self) -> &'a str {
        essence(self.text(CONTENT_TYPE.as_str()))
    }

    /// Whether any element of the first `Content-Type` is JSON; `+json` types are not.
    pub(crate) fn is_json(&self) -> bool {
        let mut types = self.text(CONTENT_TYPE.as_str()).split(',').map(essence);
        types.any(|media_type| media_type.eq_ignore_ascii_case("application/json"))
    }

    /// The bearer token, trimmed; the word `Bearer ` is taken as Flux takes it, in this case only.
    pub(crate) fn bearer(&self) -> Result<&'a str, Rejection> {
        let token = self.text(AUTHORIZATION.as_str()).strip_prefix("Bearer ");
        match token.map(str::trim) {
            None => Err(Rejection::NotBearer),
            Some("") => Err(Rejection::NoBearer),
            Some(token) => Ok(token),
        }
    }
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    let end = media_type.find(';').unwrap_or(media_type.len());
    media_type[..end].trim()
}
