//! One HTTP exchange: within the budget, bounded, repeated when that may help.

mod failure;
mod redirect;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Method, Response, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use self::failure::problem_of;
use crate::address::same_host;
use crate::budget::Budget;
use crate::error::{Bound, Problem, Status};
use crate::excerpt::excerpt;
use crate::flight::Deadline;

/// How much of an answer that is no success is read.
const ERROR_BYTES: usize = 8 << 10;

/// What to send.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) accept: Option<&'static str>,
    pub(crate) authorization: Option<Authorization>,
    pub(crate) form: Option<Form>,
    /// The bound of the body, and what to call it.
    pub(crate) limit: (Bound, usize),
}

/// The value of an `Authorization` header, and what must not turn up in a text because of it.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) header: HeaderValue,
    pub(crate) secrets: Vec<String>,
}

/// A body of the type `application/x-www-form-urlencoded`, and the secret in it.
#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) body: String,
    pub(crate) secret: String,
}

impl Authorization {
    /// Nothing when the value is not fit for a header.
    pub(crate) fn new(scheme: &str, value: &str, secrets: &[&str]) -> Option<Self> {
        let mut header: HeaderValue = format!("{scheme} {value}").parse().ok()?;
        header.set_sensitive(true);
        let secrets = secrets.iter().copied().chain([value]);
        Some(Self {
            header,
            secrets: secrets.map(str::to_owned).collect(),
        })
    }
}

impl Call {
    pub(crate) fn get(url: Url, limit: (Bound, usize)) -> Self {
        Self {
            method: Method::GET,
            url,
            accept: None,
            authorization: None,
            form: None,
            limit,
        }
    }

    /// Method and URL as they may stand in an error: without user info and query.
    pub(crate) fn describe(&self) -> String {
        let (scheme, path) = (self.url.scheme(), self.url.path());
        let host = self.url.host_str().unwrap_or_default();
        let port = self
            .url
            .port()
            .map_or_else(String::new, |port| format!(":{port}"));
        let method = &self.method;
        format!("{method} {scheme}://{host}{port}{path}")
    }

    fn is_anonymous(&self) -> bool {
        self.authorization.is_none() && self.form.is_none()
    }

    fn secrets(&self) -> Vec<&str> {
        let sent = self.authorization.iter().flat_map(|sent| &sent.secrets);
        let form = self.form.iter().map(|form| &form.secret);
        sent.chain(form).map(String::as_str).collect()
    }
}

/// What came back, complete.
pub(crate) struct Answer {
    pub(crate) call: Call,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// It came from another host than the one that was asked. A registry may lead its clients to servers that it cannot
    /// reach itself, so nothing of such a body is told.
    is_foreign: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What is told of an answer whose content may be a secret.
    pub(crate) fn size_and_type(&self) -> String {
        let content_type = self.header(CONTENT_TYPE.as_str()).unwrap_or("no type");
        let content_type = self.excerpt(content_type);
        format!("{} bytes of {content_type}", self.body.len())
    }

    /// Content type and first bytes.
    pub(crate) fn found(&self) -> String {
        if self.is_foreign {
            return format!("{} from another host", self.size_and_type());
        }
        let content_type = self.header(CONTENT_TYPE.as_str()).unwrap_or("no type");
        let content_type = self.excerpt(content_type);
        let start = &self.body[..self.body.len().min(ERROR_BYTES)];
        match self.excerpt(&String::from_utf8_lossy(start)).as_str() {
            "" => format!("{content_type} without content"),
            text => format!("{content_type}: {text:?}"),
        }
    }

    /// Foreign text, made fit for an error message.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        excerpt(text, &self.call.secrets())
    }

    /// The problem that an answer without success stands for.
    pub(crate) fn refusal(&self, budget: &Budget, registry: &str) -> Problem {
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            return Problem::Throttled {
                registry: registry.to_owned(),
                retry_after: budget.paused_for(),
            };
        }
        Problem::Status {
            request: self.call.describe(),
            status: Status(self.status.as_u16()),
            detail: self.detail(),
            anonymous: self.call.is_anonymous(),
        }
    }

    /// What the registry says about an error: codes and messages of the OCI distribution spec, or the
    /// words of a token server.
    fn detail(&self) -> String {
        #[derive(Deserialize)]
        struct Refusal {
            #[serde(default)]
            errors: Vec<Entry>,
            #[serde(default, alias = "details", alias = "error_description")]
            message: String,
        }
        #[derive(Deserialize)]
        struct Entry {
            #[serde(default)]
            code: String,
            #[serde(default)]
            message: String,
        }
        let refusal = serde_json::from_slice::<Refusal>(&self.body).ok();
        let Some(refusal) = refusal.filter(|_| !self.is_foreign) else {
            return String::new();
        };
        let texts = refusal.errors.iter().take(3).map(|entry| {
            let both = format!("{}: {}", entry.code, entry.message);
            both.trim_matches([':', ' ']).to_owned()
        });
        let texts: Vec<String> = texts.chain([refusal.message]).collect();
        self.excerpt(texts.join("; ").trim_matches([';', ' ']))
    }
}

/// What all exchanges with one registry share.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) http: Client,
    pub(crate) registry: String,
    pub(crate) budget: Arc<Budget>,
    pub(crate) deadline: Deadline,
    pub(crate) retry_delays: Arc<[Duration]>,
}

impl Exchange {
    /// The same without repetitions.
    pub(crate) fn once(&self) -> Self {
        Self {
            retry_delays: Arc::default(),
            ..self.clone()
        }
    }

    /// The answer to a call, whatever its status. Repeats the call on passing errors and on the statuses
    /// that Flux repeats, as long as there is time.
    pub(crate) async fn run(&self, call: &Call) -> Result<Answer, Problem> {
        let mut delays = self.retry_delays.iter();
        loop {
            let outcome = self.attempt(call).await;
            let may_help = match &outcome {
                Ok(answer) => is_passing(answer.status),
                Err(Problem::Unreachable { failure, .. }) => failure.is_temporary(),
                Err(_) => false,
            };
            let Some(&delay) = delays.next().filter(|_| may_help) else {
                return outcome;
            };
            let delay = with_jitter(delay);
            if Instant::now() + delay > self.deadline.end() {
                return outcome;
            }
            tracing::debug!(request = call.describe(), ?delay, "request is repeated");
            tokio::time::sleep(delay).await;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, Problem> {
        let turn = self.budget.turn(&self.deadline).await;
        let permit = turn.map_err(|exhausted| Problem::Throttled {
            registry: self.registry.clone(),
            retry_after: Some(exhausted.retry_after),
        })?;
        let response = redirect::send(&self.http, call).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let is_foreign = !same_host(&call.url, response.url());
        self.budget.observe(status, &headers);
        let body = read_body(call, response).await?;
        drop(permit);
        Ok(Answer {
            call: call.clone(),
            status,
            headers,
            body,
            is_foreign,
        })
    }
}

fn request(http: &Client, call: &Call) -> reqwest::RequestBuilder {
    let mut request = http.request(call.method.clone(), call.url.clone());
    if let Some(accept) = call.accept {
        request = request.header(ACCEPT, accept);
    }
    if let Some(authorization) = &call.authorization {
        request = request.header(AUTHORIZATION, authorization.header.clone());
    }
    if let Some(form) = &call.form {
        request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.body.clone());
    }
    request
}

/// The whole body of a success up to its bound; the start of the body of anything else.
async fn read_body(call: &Call, mut response: Response) -> Result<Vec<u8>, Problem> {
    let (bound, limit) = call.limit;
    let success = response.status().is_success();
    let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
    let mut body = Vec::with_capacity(announced.min(64 << 10));
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(|error| problem_of(call, error))? else {
            return Ok(body);
        };
        body.extend_from_slice(&chunk);
        if !success && body.len() >= ERROR_BYTES {
            body.truncate(ERROR_BYTES);
            return Ok(body);
        }
        if body.len() > limit {
            let request = call.describe();
            return Err(Problem::TooLarge {
                request,
                bound,
                limit,
            });
        }
    }
}

/// The statuses that Flux repeats, whatever the body.
fn is_passing(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        408 | 429 | 499 | 500 | 502 | 503 | 504 | 522
    )
}

/// Up to a tenth more, so that callers who failed together do not come back together.
fn with_jitter(delay: Duration) -> Duration {
    // A fresh `RandomState` hashes differently each time: enough of a die for this.
    let die = RandomState::new().hash_one(delay) % 1000;
    let thousandth = delay / 10_000;
    delay + thousandth * u32::try_from(die).unwrap_or(0)
}
