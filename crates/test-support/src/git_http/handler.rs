//! What happens to one request.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header, request};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;

use super::backend::{self, End, header_text};
use super::fault::{Action, Fault, Faults};
use super::log::{Entry, Exchange, Log};
use super::{Access, Protocol};

type Hook = Arc<dyn Fn() + Send + Sync>;

pub(super) struct Shared {
    pub(super) root: PathBuf,
    pub(super) access: Access,
    pub(super) protocol: Protocol,
    pub(super) faults: Faults,
    pub(super) log: Log,
    pub(super) before_receive_pack: Mutex<Option<Hook>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shared")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = target(&parts);
    let entry = shared.log.begin(exchange(&parts, &target));
    let end = match shared.faults.take(&target) {
        Some(Action::Fault(fault)) => match misbehave(fault).await {
            Ok(end) => end,
            Err(response) => return noted(&entry, *response),
        },
        Some(Action::Wait(waiting)) => {
            waiting.wait().await;
            End::Whole
        }
        None => End::Whole,
    };
    if let Some(refusal) = refusal(&shared.access, &parts) {
        return noted(&entry, refusal);
    }
    if parts.uri.path().ends_with("/git-receive-pack") {
        shared.run_hook().await;
    }
    let git_protocol =
        header_text(&parts.headers, "git-protocol").filter(|_| shared.protocol == Protocol::Any);
    let command = backend::command(&shared.root, &parts, git_protocol);
    match backend::run(command, body, Arc::clone(&entry), end).await {
        Ok(response) => response,
        Err(error) => noted(
            &entry,
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
        ),
    }
}

impl Shared {
    async fn run_hook(&self) {
        let hook = self.before_receive_pack.lock().clone();
        if let Some(hook) = hook {
            let ran = tokio::task::spawn_blocking(move || hook()).await;
            ran.expect("the hook of the test does not panic");
        }
    }
}

fn target(parts: &request::Parts) -> String {
    let target = parts.uri.path_and_query().map(ToString::to_string);
    target.unwrap_or_default()
}

fn exchange(parts: &request::Parts, target: &str) -> Exchange {
    let text = |name| header_text(&parts.headers, name).map(str::to_owned);
    Exchange {
        method: parts.method.to_string(),
        target: target.to_owned(),
        protocol: text("git-protocol"),
        authorization: text("authorization"),
        ..Exchange::default()
    }
}

fn noted(entry: &Entry, response: Response) -> Response {
    entry.answered(response.status().as_u16());
    response
}

/// Where the true body is to end, or the answer that stands in for it.
async fn misbehave(fault: Fault) -> Result<End, Box<Response>> {
    let (status, headers, body) = match fault {
        Fault::CloseAfter(bytes) => return Ok(End::Close(bytes)),
        Fault::StallAfter(bytes) => return Ok(End::Stall(bytes)),
        Fault::Hang => std::future::pending().await,
        Fault::Status(status) => (status, Vec::new(), "a fault on purpose\n".to_owned()),
        Fault::Answer {
            status,
            headers,
            body,
        } => (status, headers, body),
        Fault::Html => {
            let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
            let page = "<!DOCTYPE html><html><body><h1>Sign in</h1></body></html>\n";
            (200, headers, page.to_owned())
        }
    };
    Err(Box::new(plain(status, headers, body)))
}

fn plain(status: u16, headers: Vec<(&'static str, String)>, body: String) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let response = response.body(Body::from(body));
    response.expect("a test asks for valid headers")
}

fn refusal(access: &Access, parts: &request::Parts) -> Option<Response> {
    let headers = &parts.headers;
    let (expected, challenge) = match access {
        Access::Anyone => return None,
        Access::Basic { username, password } => {
            let pair = STANDARD.encode(format!("{username}:{password}"));
            (format!("Basic {pair}"), "Basic realm=\"git\"")
        }
        Access::Bearer(token) => (format!("Bearer {token}"), "Bearer realm=\"git\""),
        Access::Checked(check) => {
            let given = header_text(headers, "authorization").unwrap_or_default();
            if basic_pair(given).is_some_and(|(username, password)| {
                let host = header_text(headers, "host").unwrap_or_default();
                check(host, repository(parts.uri.path()), &username, &password)
            }) {
                return None;
            }
            (String::new(), "Basic realm=\"git\"")
        }
    };
    let given = header_text(headers, "authorization");
    let refused = (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, challenge)],
        "authentication required\n",
    );
    (given != Some(expected.as_str())).then(|| refused.into_response())
}

/// User name and password of a header.
fn basic_pair(header: &str) -> Option<(String, String)> {
    let pair = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (username, password) = pair.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}

/// The path of the repository that a request is for.
fn repository(path: &str) -> &str {
    ["/info/refs", "/git-upload-pack", "/git-receive-pack"]
        .iter()
        .find_map(|end| path.strip_suffix(end))
        .unwrap_or(path)
}
