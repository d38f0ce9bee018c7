//! Git's smart HTTP, on reqwest.
//!
//! gix brings an HTTP client of its own, and lets others take its place through the trait [`Http`]. This one
//! keeps what the other drops: the deadline of the whole operation, the server's words about an error,
//! redirects of requests that carry a token, and one pool of connections for reading and pushing.

mod client;
mod exchange;
mod pool;

use std::{any::Any, io::Cursor};

use gix_transport::client::blocking_io::http::{GetResponse, Http, PostBodyDataKind, PostResponse};
use reqwest::{
    StatusCode, Url,
    blocking::{RequestBuilder, Response},
    header::{
        AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, USER_AGENT,
    },
};

pub(crate) use client::{Clients, install_provider};
use exchange::{Body, Headers, Posted};
pub use pool::Pool;

use crate::{
    deadline::Deadline,
    fault::{Fault, Faults},
};

/// What servers see as the client. Some of them require that it starts with `git/`.
pub(crate) const AGENT: &str = concat!("git/repin-", env!("CARGO_PKG_VERSION"));

/// Redirects that are followed, one after the other.
const MAX_REDIRECTS: usize = 5;

/// The requests of one session.
pub(crate) struct Backend {
    pub(crate) clients: Clients,
    /// Where the credentials belong.
    pub(crate) origin: Url,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) deadline: Deadline,
    pub(crate) faults: Faults,
    /// Where a redirect of the first request led.
    pub(crate) redirected: Option<String>,
}

impl Http for Backend {
    type Headers = Headers;
    type ResponseBody = Body;
    type PostBody = Posted;

    fn get(
        &mut self,
        url: &str,
        base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix::error::Result<GetResponse<Self::Headers, Self::ResponseBody>> {
        let headers = header_map(headers);
        let response = self
            .follow(url, base_url, &headers)
            .map_err(gix::error::Error::from_error)?;
        let body = Body::ready(response, self.faults.clone());
        Ok(GetResponse {
            headers: Headers::Ready(Cursor::new(announced(url).into_bytes())),
            body,
        })
    }

    fn post(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _body: PostBodyDataKind,
    ) -> gix::error::Result<PostResponse<Self::Headers, Self::ResponseBody, Self::PostBody>> {
        let parsed = Url::parse(url).map_err(gix::error::Error::from_error)?;
        let request = self.request(reqwest::Method::POST, parsed, header_map(headers));
        let request = request.map_err(gix::error::Error::from_error)?;
        let expected = content_type(url);
        Ok(exchange::post(
            request,
            expected,
            self.deadline.clone(),
            self.faults.clone(),
        ))
    }

    fn configure(&mut self, _config: &dyn Any) -> gix::error::Result {
        Ok(())
    }

    fn redirected_base_url(&self) -> Option<String> {
        self.redirected.clone()
    }
}

impl Backend {
    /// Sends a GET request, follows redirects that keep the end of the path, and checks the answer.
    fn follow(
        &mut self,
        url: &str,
        base_url: &str,
        headers: &HeaderMap,
    ) -> std::io::Result<Response> {
        let tail = url.strip_prefix(base_url).unwrap_or(url);
        let mut target = Url::parse(url).map_err(std::io::Error::other)?;
        for _ in 0..=MAX_REDIRECTS {
            let request = self.request(reqwest::Method::GET, target.clone(), headers.clone())?;
            let response = send(request, &self.deadline, &self.faults)?;
            let Some(next) = redirect(&target, &response) else {
                return checked(response, &content_type(url), &self.faults);
            };
            let safe = next.scheme() == "https" || next.scheme() == target.scheme();
            let Some(base) = next.as_str().strip_suffix(tail).filter(|_| safe) else {
                return Err(self.faults.raise(Fault::Redirect {
                    location: self.faults.sanitise(&shown(&next)),
                }));
            };
            self.redirected = Some(base.to_owned());
            target = next;
        }
        Err(self.faults.raise(Fault::Redirect {
            location: self.faults.sanitise(&shown(&target)),
        }))
    }

    /// A request with credentials, if it goes where they belong.
    fn request(
        &self,
        method: reqwest::Method,
        url: Url,
        mut headers: HeaderMap,
    ) -> std::io::Result<RequestBuilder> {
        let client = self.clients.for_scheme(url.scheme(), &self.faults)?;
        if let Some(authorization) = self
            .authorization
            .as_ref()
            .filter(|_| belongs(&url, &self.origin))
        {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        Ok(client.request(method, url).headers(headers))
    }
}

/// Sends a request within the deadline.
fn send(
    request: RequestBuilder,
    deadline: &Deadline,
    faults: &Faults,
) -> std::io::Result<Response> {
    let Some(left) = deadline.remaining() else {
        return Err(faults.raise(Fault::Timeout));
    };
    request
        .timeout(left)
        .send()
        .map_err(|error| faults.raise(Fault::from_reqwest(error)))
}

/// The response, if it is a success and Git's.
fn checked(response: Response, expected: &str, faults: &Faults) -> std::io::Result<Response> {
    let status = response.status();
    if !status.is_success() {
        let detail = client::detail(response, faults);
        return Err(faults.raise(Fault::Status {
            status: status.as_u16(),
            detail,
        }));
    }
    let found = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    if found.trim() == expected {
        return Ok(response);
    }
    let found = faults.sanitise(found);
    Err(faults.raise(Fault::ContentType {
        expected: expected.to_owned(),
        found,
    }))
}

/// Where a response redirects to.
fn redirect(from: &Url, response: &Response) -> Option<Url> {
    let redirects = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let location = response.headers().get(LOCATION).filter(|_| redirects)?;
    from.join(location.to_str().ok()?).ok()
}

/// Whether credentials for `origin` may go to `url`: the same host, and the same port or the step from HTTP to HTTPS.
fn belongs(url: &Url, origin: &Url) -> bool {
    let port = |url: &Url| url.port_or_known_default();
    let upgraded = origin.scheme() == "http"
        && url.scheme() == "https"
        && port(origin) == Some(80)
        && port(url) == Some(443);
    url.host() == origin.host()
        && (upgraded || url.scheme() == origin.scheme() && port(url) == port(origin))
}

/// A redirect's target without what may be secret in it.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Only a URL without a host refuses these, and an HTTP URL has one.
    let _ = (url.set_username(""), url.set_password(None));
    url.set_query(None);
    url.into()
}

/// The content type of Git's answer to a request of this URL.
fn content_type(url: &str) -> String {
    match url.rsplit_once("?service=") {
        Some((_, service)) => format!("application/x-{service}-advertisement"),
        None => format!(
            "application/x-{}-result",
            url.rsplit('/').next().unwrap_or_default()
        ),
    }
}

/// The one header that gix looks at; it was checked before.
fn announced(url: &str) -> String {
    format!("content-type:{}\n", content_type(url))
}

/// gix's header lines, with our name as the agent.
fn header_map(lines: impl IntoIterator<Item = impl AsRef<str>>) -> HeaderMap {
    let mut headers: HeaderMap = lines
        .into_iter()
        .filter_map(|line| {
            let (name, value) = line.as_ref().split_once(':')?;
            Some((
                HeaderName::try_from(name).ok()?,
                HeaderValue::try_from(value.trim()).ok()?,
            ))
        })
        .collect();
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_to_their_own_host_only() {
        for (url, origin, expected) in [
            ("https://h/x", "https://h/y", true),
            ("https://h:443/x", "https://h/y", true),
            ("https://h/x", "http://h/y", true),
            ("https://h:8443/x", "https://h/y", false),
            ("https://h:8443/x", "http://h:8080/y", false),
            ("http://h/x", "https://h/y", false),
            ("https://other/x", "https://h/y", false),
            ("https://h.evil/x", "https://h/y", false),
        ] {
            let parse = |text: &str| Url::parse(text).unwrap();
            assert_eq!(
                belongs(&parse(url), &parse(origin)),
                expected,
                "{origin} to {url}"
            );
        }
    }

    #[test]
    fn content_types_follow_the_request() {
        for (url, expected) in [
            (
                "http://h/r/info/refs?service=git-upload-pack",
                "application/x-git-upload-pack-advertisement",
            ),
            (
                "http://h/r/git-receive-pack",
                "application/x-git-receive-pack-result",
            ),
        ] {
            assert_eq!(content_type(url), expected);
        }
    }
}
