//! What is answered: a status and, but for what Go's `net/http` itself would say, nothing else.

use axum::http::header::{CONNECTION, CONTENT_TYPE, LOCATION, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use http_body_util::Full;

/// An answer, ready to be sent.
pub(crate) type Answer = Response<Full<Bytes>>;

const NOT_FOUND: &[u8] = b"404 page not found\n";
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// No more requests are read from the connection.
pub(crate) const CLOSE: HeaderValue = HeaderValue::from_static("close");
/// In seconds.
const SOON: HeaderValue = HeaderValue::from_static("1");

/// A status without a body.
pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

/// The server has too much to do: the sender may try again.
pub(crate) fn busy() -> Answer {
    let mut answer = empty(StatusCode::SERVICE_UNAVAILABLE);
    answer.headers_mut().insert(RETRY_AFTER, SOON);
    answer
}

/// A status after which nothing more is read from the connection.
pub(crate) fn last(status: StatusCode) -> Answer {
    let mut answer = empty(status);
    answer.headers_mut().insert(CONNECTION, CLOSE);
    answer
}

/// Nothing is served there.
pub(crate) fn not_found() -> Answer {
    let mut answer = Answer::new(Full::new(Bytes::from_static(NOT_FOUND)));
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer.headers_mut().insert(CONTENT_TYPE, PLAIN);
    answer
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    answer
}

/// The tidy path is `location`. Only who reads pages gets a page.
pub(crate) fn redirect(method: &Method, location: &str) -> Answer {
    let Ok(value) = HeaderValue::try_from(location) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let mut answer = empty(StatusCode::TEMPORARY_REDIRECT);
    answer.headers_mut().insert(LOCATION, value);
    if *method == Method::GET || *method == Method::HEAD {
        answer.headers_mut().insert(CONTENT_TYPE, HTML);
    }
    if *method == Method::GET {
        let location = escaped(location);
        let page = format!("<a href=\"{location}\">Temporary Redirect</a>.\n\n");
        *answer.body_mut() = Full::new(page.into());
    }
    answer
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_cannot_be_made_to_say_more() {
        let text = escaped("/hook/?a=\"><script>'&");
        assert_eq!(text, "/hook/?a=&#34;&gt;&lt;script&gt;&#39;&amp;");
    }

    #[test]
    fn only_a_get_has_a_page() {
        let page = |method| {
            let answer = redirect(&method, "/hook/");
            let typed = answer.headers().contains_key(CONTENT_TYPE);
            (typed, http_body::Body::size_hint(answer.body()).exact())
        };
        assert_eq!(page(Method::POST), (false, Some(0)));
        assert_eq!(page(Method::HEAD), (true, Some(0)));
        assert_eq!(page(Method::GET), (true, Some(42)));
    }
}
