//! From a client's request to its answer.

use std::future::pending;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, RETRY_AFTER, TRANSFER_ENCODING,
};
use axum::http::{self, HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::State;
use super::call::Call;
use super::connection::Connection;
use super::log::Entry;
use super::rules::{Effect, Point, Verdict};

/// The most that a client may send: what etcd takes, and some more.
const MAX_BODY: usize = 4 << 20;

/// The connection of the client is of no more use: it breaks.
struct Broken;

pub(super) async fn handle(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let call = Call::of(request.method(), request.uri());
    connection.serves(&call);
    let entry = state.log.note(&call);
    if let Ok(response) = answer(&state, &call, entry, request).await {
        response
    } else {
        connection.cut();
        pending().await
    }
}

async fn answer(
    state: &Arc<State>,
    call: &Call,
    entry: Entry,
    request: Request,
) -> Result<Response, Broken> {
    let verdict = state.rules.lock().judge(call);
    let (head, body) = request.into_parts();
    // Read to its end: only then does the server notice when the client goes away.
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| Broken)?;
    state.log.sent(entry, &body);
    verdict.stop_at(Point::Before).await;
    if let Some(answer) = instead(state, &verdict, entry).await? {
        return Ok(answer);
    }
    let response = forward(state, entry, http::Request::from_parts(head, body)).await?;
    verdict.stop_at(Point::After).await;
    if matches!(verdict.effect, Some(Effect::LoseAnswer)) {
        return Err(Broken);
    }
    Ok(response)
}

/// The answer that an effect puts in the place of the API server's, if it does.
async fn instead(
    state: &State,
    verdict: &Verdict,
    entry: Entry,
) -> Result<Option<Response>, Broken> {
    match verdict.effect {
        None | Some(Effect::LoseAnswer) => Ok(None),
        Some(Effect::Status(code)) => Ok(Some(refuse(state, entry, code))),
        Some(Effect::TooManyRequests(seconds)) => {
            let mut response = refuse(state, entry, 429);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
            Ok(Some(response))
        }
        Some(Effect::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            Ok(None)
        }
        Some(Effect::LoseCall) => Err(Broken),
        Some(Effect::Hang) => {
            verdict.healed.cancelled().await;
            Err(Broken)
        }
    }
}

/// Hands the request to the API server. What has been sent is finished there, also when the client goes away.
async fn forward(
    state: &Arc<State>,
    entry: Entry,
    request: http::Request<Bytes>,
) -> Result<Response, Broken> {
    let (mut head, body) = request.into_parts();
    state.log.passed_on(entry);
    remove_hop_by_hop(&mut head.headers);
    let request = http::Request::from_parts(head, kube::client::Body::from(body));
    let state = Arc::clone(state);
    let work = tokio::spawn(async move {
        let response = state.upstream.send(request).await.ok();
        let status = response
            .as_ref()
            .map_or(502, |response| response.status().as_u16());
        state.log.answered(entry, status);
        response
    });
    let response = work.await.ok().flatten().ok_or(Broken)?;
    let (mut head, body) = response.into_parts();
    remove_hop_by_hop(&mut head.headers);
    Ok(Response::from_parts(head, Body::new(body)))
}

/// These describe one connection, and there are two.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
}

/// A failure in the form that the API server gives it.
fn refuse(state: &State, entry: Entry, code: u16) -> Response {
    state.log.answered(entry, code);
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    let status = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": format!("the proxy was told to answer {code}"),
        "reason": reason,
        "code": code,
    });
    let mut response = Response::new(Body::from(status.to_string()));
    *response.status_mut() = StatusCode::from_u16(code).expect("the test names a valid status");
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
