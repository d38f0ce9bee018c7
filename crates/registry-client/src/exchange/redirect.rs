//! Redirects, followed here and not by the HTTP client, which does not know what a request carries.

use reqwest::header::LOCATION;
use reqwest::{Client, Method, Response, StatusCode};
use url::Url;

use super::failure::problem_of;
use super::{Call, request};
use crate::address::{refuse_redirect, same_host};
use crate::error::Problem;

/// The answer to a call, behind all redirects. Credentials stay with the host they were meant for.
pub(super) async fn send(http: &Client, call: &Call) -> Result<Response, Problem> {
    let mut current = call.clone();
    let mut previous = Vec::new();
    loop {
        let response = request(http, &current).send().await;
        let response = response.map_err(|error| problem_of(call, error))?;
        let Some(next) = target(&current.url, &response) else {
            return Ok(response);
        };
        previous.push(current.url.clone());
        let refused = |refusal| Problem::Redirect {
            request: call.describe(),
            refusal,
        };
        if let Some(refusal) = refuse_redirect(&previous, &next) {
            return Err(refused(refusal));
        }
        current = redirected(current, response.status(), next)
            .map_err(|refusal| refused(refusal.to_owned()))?;
    }
}

/// Where an answer leads; an answer that leads nowhere is the answer.
fn target(from: &Url, response: &Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let mut next = from.join(location).ok()?;
    if !matches!(next.scheme(), "http" | "https") {
        return None;
    }
    // Both schemes take them; what stands there would be sent as credentials.
    let no_user = next.set_username("").and_then(|()| next.set_password(None));
    no_user.ok().map(|()| next)
}

/// The call at its new place. Only 307 and 308 repeat a body.
fn redirected(call: Call, status: StatusCode, next: Url) -> Result<Call, &'static str> {
    let mut moved = call;
    let repeats = matches!(
        status,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
    );
    if !repeats && moved.method != Method::HEAD {
        moved.method = Method::GET;
        moved.form = None;
    }
    if !same_host(&moved.url, &next) {
        if moved.form.is_some() {
            return Err("a redirect that takes credentials to another host is not followed");
        }
        moved.authorization = None;
    }
    moved.url = next;
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Bound;
    use crate::exchange::{Authorization, Form};

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// A call with an authorization, and with a form where it is a `POST`.
    fn call(method: Method) -> Call {
        let form = (method == Method::POST).then(|| Form {
            body: "refresh_token=s3cret".to_owned(),
            secret: "s3cret".to_owned(),
        });
        Call {
            method,
            authorization: Authorization::new("Basic", "s3cret", &[]),
            form,
            ..Call::get(url("https://auth.io/token"), (Bound::TokenBytes, 1))
        }
    }

    #[test]
    fn credentials_stay_with_their_host() {
        let same = "https://auth.io/other";
        let other = "https://evil.io/token";
        for (method, status, to, expected) in [
            (Method::GET, 302, same, Some((Method::GET, true, false))),
            (Method::GET, 307, same, Some((Method::GET, true, false))),
            (Method::GET, 302, other, Some((Method::GET, false, false))),
            (Method::GET, 308, other, Some((Method::GET, false, false))),
            (Method::HEAD, 302, other, Some((Method::HEAD, false, false))),
            (Method::POST, 302, other, Some((Method::GET, false, false))),
            (Method::POST, 303, same, Some((Method::GET, true, false))),
            (Method::POST, 307, same, Some((Method::POST, true, true))),
            (Method::POST, 307, other, None),
            (Method::POST, 308, other, None),
            (Method::POST, 308, "https://auth.io:8443/token", None),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let moved = redirected(call(method.clone()), status, url(to)).ok();
            let found = moved.map(|call| {
                let (authorization, form) = (call.authorization.is_some(), call.form.is_some());
                (call.method, authorization, form)
            });
            assert_eq!(found, expected, "{method} {status} {to}");
        }
    }
}
