//! The ways in which the registry fails on demand.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LINK, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tokio_util::io::ReaderStream;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/v2/`
    Ping,
    /// `/token`
    Token,
    /// `/v2/<repository>/tags/list`
    Tags,
    /// `/v2/<repository>/manifests/<tag>`
    Manifest,
    /// Everything else; as the subject of a fault, a hold or a count: every request.
    Any,
}

impl Endpoint {
    pub(super) fn of(path: &str) -> Self {
        match path {
            "/v2" | "/v2/" => Self::Ping,
            "/token" => Self::Token,
            path if path.ends_with("/tags/list") => Self::Tags,
            path if path.contains("/manifests/") => Self::Manifest,
            _ => Self::Any,
        }
    }

    pub(super) fn covers(self, other: Self) -> bool {
        self == Self::Any || self == other
    }
}

/// One way to fail.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A status with headers and a body.
    Status {
        /// The status code.
        code: u16,
        /// Names and values.
        headers: Vec<(String, String)>,
        /// The body, sent as `application/json`.
        body: String,
    },
    /// 200 and a login page.
    Html,
    /// 200 and this text as JSON.
    Json(String),
    /// Half a page, then the connection breaks.
    BreakOff,
    /// A page that never ends.
    HugeBody,
    /// Pages with new tags that go on for ever.
    EndlessPages,
    /// A page whose `Link` names that page again.
    RepeatedLink,
    /// New links for ever, always with the same tags.
    RepeatedTags,
    /// No answer at all.
    Hang,
    /// The right answer, so much later and hardly more.
    Delay(Duration),
    /// A redirect (307) to this URL.
    Redirect(String),
}

impl Effect {
    /// A bare status.
    pub fn status(code: u16) -> Self {
        Self::status_with(code, &[])
    }

    /// A status with headers.
    pub fn status_with(code: u16, headers: &[(&str, &str)]) -> Self {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Self::Status {
            code,
            headers: headers.iter().map(owned).collect(),
            body: String::new(),
        }
    }
}

/// Faults to come, oldest first.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Planned>);

#[derive(Debug)]
struct Planned {
    endpoint: Endpoint,
    left: Option<usize>,
    effect: Effect,
}

impl Faults {
    pub(super) fn add(&mut self, endpoint: Endpoint, times: Option<usize>, effect: Effect) {
        self.0.push(Planned {
            endpoint,
            left: times,
            effect,
        });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Uses up one fault for a request to `endpoint`.
    pub(super) fn take(&mut self, endpoint: Endpoint) -> Option<Effect> {
        let planned = self.0.iter_mut().find(|planned| {
            planned.endpoint.covers(endpoint) && planned.left.is_none_or(|left| left > 0)
        })?;
        if let Some(left) = &mut planned.left {
            *left -= 1;
        }
        Some(planned.effect.clone())
    }
}

/// The answer an effect stands for, or nothing when the request is answered as usual (later).
pub(super) async fn answer(effect: Effect, path: &str, query: &str) -> Option<Response> {
    Some(match effect {
        Effect::Status {
            code,
            headers,
            body,
        } => status(code, headers, body),
        Effect::Html => html(),
        Effect::Json(text) => json(text),
        Effect::BreakOff => broken_off(),
        Effect::HugeBody => huge(),
        Effect::EndlessPages => endless(path, query),
        Effect::RepeatedLink => linked(r#"{"tags":["1.0.0"]}"#, &format!("{path}?{query}")),
        Effect::RepeatedTags => {
            let next = page_number(query) + 1;
            linked(r#"{"tags":["1.0.0"]}"#, &format!("{path}?last={next}"))
        }
        Effect::Hang => std::future::pending().await,
        Effect::Delay(delay) => {
            // A timer of tokio waits for the next full millisecond, which doubles a delay of one.
            let slept = tokio::task::spawn_blocking(move || std::thread::sleep(delay));
            slept.await.expect("sleeping does not fail");
            return None;
        }
        Effect::Redirect(url) => status(307, vec![(LOCATION.to_string(), url)], String::new()),
    })
}

fn status(code: u16, headers: Vec<(String, String)>, body: String) -> Response {
    let mut response = json(body);
    *response.status_mut() = StatusCode::from_u16(code).expect("the test names a valid status");
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("the test names a valid header");
        let value: HeaderValue = value.parse().expect("the test names a valid header value");
        response.headers_mut().append(name, value);
    }
    response
}

pub(super) fn json(text: String) -> Response {
    with_type("application/json", Body::from(text))
}

fn html() -> Response {
    let page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>";
    with_type("text/html; charset=utf-8", Body::from(page))
}

fn with_type(content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}

/// Announces more than it sends: hyper then closes the connection.
fn broken_off() -> Response {
    let half: &[u8] = br#"{"name":"app","tags":["1.0.0","1.0."#;
    let body = Body::from_stream(ReaderStream::new(half.chain(Broken { flushed: false })));
    let mut response = with_type("application/json", body);
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from_static("1000"));
    response
}

/// Fails, but lets what was written before it reach the client first.
struct Broken {
    flushed: bool,
}

impl AsyncRead for Broken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.flushed {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        self.flushed = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn huge() -> Response {
    let start: &[u8] = br#"{"name":"app","tags":[""#;
    let body = start.chain(tokio::io::repeat(b'1'));
    with_type(
        "application/json",
        Body::from_stream(ReaderStream::new(body)),
    )
}

fn endless(path: &str, query: &str) -> Response {
    let page = page_number(query);
    let tags: Vec<String> = (0..10).map(|i| format!("1.{page}.{i}")).collect();
    let body = serde_json::json!({"name": "app", "tags": tags}).to_string();
    linked(&body, &format!("{path}?n=10&last={}", page + 1))
}

fn page_number(query: &str) -> usize {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "last")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0)
}

fn linked(body: &str, target: &str) -> Response {
    let mut response = json(body.to_owned());
    let link = format!("<{target}>; rel=\"next\"");
    let link: HeaderValue = link.parse().expect("paths are valid header values");
    response.headers_mut().insert(LINK, link);
    response
}
