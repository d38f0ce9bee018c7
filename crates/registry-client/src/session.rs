//! Speaking with one registry about one repository: scheme, challenge, authorization.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, select_ok};
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::access::Credentials;
use crate::client::Shared;
use crate::error::{Bound, Failure, Problem};
use crate::excerpt::excerpt;
use crate::exchange::{Answer, Authorization, Call, Exchange};
use crate::flight::Deadline;
use crate::headers::{Challenge, challenges};
use crate::transport::Way;

/// How long a host that may speak plain HTTP has to answer to HTTPS before HTTP is tried beside it.
const HTTPS_FIRST: Duration = Duration::from_millis(300);

/// The most that is read of an answer to `/v2/`: nothing in it counts.
const PING_BYTES: usize = 1 << 20;

/// Which registry, and how it may be reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    /// Host and port as in the image name.
    pub(crate) registry: String,
    /// Whether plain HTTP will do.
    pub(crate) may_be_plain: bool,
    pub(crate) way: Way,
}

/// What `/v2/` told.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Scheme and authority, with the path `/`.
    pub(crate) base: Url,
    /// What the registry asks for; nothing when it let the ping in.
    pub(crate) challenge: Option<Challenge>,
}

/// One call of the client: everything it needs, owned.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) route: Route,
    pub(crate) repository: String,
    pub(crate) credentials: Credentials,
    pub(crate) exchange: Exchange,
}

impl Session {
    /// The same with the deadline of the flight it belongs to.
    pub(crate) fn until(mut self, deadline: Deadline) -> Self {
        self.exchange.deadline = deadline;
        self
    }

    /// The answer to a request below `/v2/<repository>/`, authorized. When the registry refuses what it
    /// took before (a token that ended, a scheme that changed), it is asked once more what it wants.
    pub(crate) async fn request(
        &self,
        method: Method,
        target: &Target<'_>,
        limit: (Bound, usize),
    ) -> Result<Answer, Problem> {
        let endpoint = self.endpoint().await?;
        let mut call = Call::get(target.url(&endpoint, &self.repository)?, limit);
        call.method = method;
        call.accept = Some(target.accept());
        call.authorization = self.authorization(&endpoint, None).await?;
        let outcome = self.exchange.run(&call).await;
        let outcome = outcome.inspect_err(|problem| self.doubt(problem))?;
        if outcome.status != StatusCode::UNAUTHORIZED {
            return Ok(outcome);
        }
        self.shared.forget_endpoint(&self.route);
        self.shared.tokens.forget(self);
        let challenge = challenge_of(&outcome)?;
        let scope = challenge.parameter("scope").map(str::to_owned);
        let endpoint = Endpoint {
            challenge: Some(challenge),
            ..endpoint
        };
        self.shared.keep_endpoint(&self.route, &endpoint);
        let again = self.authorization(&endpoint, scope.as_deref()).await?;
        let header = |sent: &Option<Authorization>| sent.as_ref().map(|sent| sent.header.clone());
        if header(&again) == header(&call.authorization) {
            // What was refused once is refused again, and some registries count.
            return Ok(outcome);
        }
        call.authorization = again;
        self.exchange.run(&call).await
    }

    /// A host that is not reached as before may have moved to another scheme.
    fn doubt(&self, problem: &Problem) {
        if matches!(problem, Problem::Unreachable { .. }) {
            self.shared.forget_endpoint(&self.route);
        }
    }

    /// The problem that an answer without success stands for.
    pub(crate) fn refusal(&self, answer: &Answer) -> Problem {
        answer.refusal(&self.exchange.budget, &self.exchange.registry)
    }

    /// What is known of the registry, asked once for all callers.
    async fn endpoint(&self) -> Result<Endpoint, Problem> {
        if let Some(endpoint) = self.shared.endpoint(&self.route) {
            return Ok(endpoint);
        }
        let session = self.clone();
        let end = self.exchange.deadline.end();
        let flight = self
            .shared
            .pings
            .join(self.route.clone(), end, |deadline| async move {
                let exchange = Exchange {
                    deadline,
                    ..session.exchange.clone()
                };
                let endpoint = discover(&session.route, &exchange).await?;
                session.shared.keep_endpoint(&session.route, &endpoint);
                Ok(endpoint)
            });
        flight.await
    }

    async fn authorization(
        &self,
        endpoint: &Endpoint,
        more_scope: Option<&str>,
    ) -> Result<Option<Authorization>, Problem> {
        if let Credentials::RegistryToken(token) = &self.credentials {
            let authorization = Authorization::new("Bearer", token.expose_secret(), &[]);
            return authorization.ok_or(Problem::BadToken).map(Some);
        }
        match &endpoint.challenge {
            Some(challenge) if challenge.scheme == "bearer" => {
                let token = self
                    .shared
                    .tokens
                    .get(self, endpoint, challenge, more_scope);
                Ok(Some(token.await?))
            }
            _ => Ok(self.basic()),
        }
    }

    /// Name and password, also where the registry did not ask for them.
    pub(crate) fn basic(&self) -> Option<Authorization> {
        let (value, password) = self.credentials.basic()?;
        Authorization::new("Basic", &value, &[password.expose_secret()])
    }
}

/// What is asked of a repository.
pub(crate) enum Target<'a> {
    /// The first page of the tags.
    Tags,
    /// A further page.
    Page(&'a Url),
    /// The manifest of a tag, in any of these types.
    Manifest { tag: &'a str, accept: &'static str },
}

impl Target<'_> {
    fn url(&self, endpoint: &Endpoint, repository: &str) -> Result<Url, Problem> {
        let path = match self {
            Self::Page(url) => return Ok((*url).clone()),
            Self::Tags => format!("v2/{repository}/tags/list?n=1000"),
            Self::Manifest { tag, .. } => format!("v2/{repository}/manifests/{tag}"),
        };
        join(&endpoint.base, &path)
    }

    fn accept(&self) -> &'static str {
        match self {
            Self::Tags | Self::Page(_) => "application/json",
            Self::Manifest { accept, .. } => accept,
        }
    }
}

/// `GET /v2/` by every scheme the route allows: the first that answers decides.
async fn discover(route: &Route, exchange: &Exchange) -> Result<Endpoint, Problem> {
    if !route.may_be_plain {
        return ping("https", route, exchange).await;
    }
    // Repetitions would only keep a plain registry waiting.
    let only_once = exchange.once();
    let mut https: BoxFuture<'_, _> = ping("https", route, &only_once).boxed();
    let first = tokio::time::timeout(HTTPS_FIRST, &mut https).await;
    match first {
        Ok(Ok(endpoint)) => Ok(endpoint),
        Ok(Err(tls)) => {
            let plain = ping("http", route, exchange).await;
            plain.map_err(|plain| more_telling(tls, plain))
        }
        Err(_slow) => {
            let plain = ping("http", route, exchange).boxed();
            select_ok([https, plain])
                .await
                .map(|(endpoint, _)| endpoint)
        }
    }
}

/// A certificate that does not hold, and an alert of a server, say more than what happens when that server is spoken to
/// in plain HTTP. Where the server speaks no TLS at all, the plain answer says more.
fn more_telling(tls: Problem, plain: Problem) -> Problem {
    match &tls {
        Problem::Unreachable {
            failure: Failure::Tls,
            detail,
            ..
        } if detail.contains("certificate") || detail.contains("alert") => tls,
        _ => plain,
    }
}

async fn ping(scheme: &str, route: &Route, exchange: &Exchange) -> Result<Endpoint, Problem> {
    let base = base_url(scheme, &route.registry)?;
    let call = Call::get(join(&base, "v2/")?, (Bound::PageBytes, PING_BYTES));
    let answer = exchange.run(&call).await?;
    let challenge = match answer.status {
        StatusCode::OK => None,
        StatusCode::UNAUTHORIZED => Some(challenge_of(&answer)?),
        _ => return Err(answer.refusal(&exchange.budget, &exchange.registry)),
    };
    Ok(Endpoint { base, challenge })
}

/// The challenge of a 401 that this client can meet, Bearer before Basic. A server that names none is
/// taken to mean Basic.
fn challenge_of(answer: &Answer) -> Result<Challenge, Problem> {
    let values = answer.headers.get_all(WWW_AUTHENTICATE).iter();
    let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let mut offered: Vec<Challenge> = values.iter().flat_map(|value| challenges(value)).collect();
    for scheme in ["bearer", "basic"] {
        if let Some(at) = offered.iter().position(|offer| offer.scheme == scheme) {
            return Ok(offered.swap_remove(at));
        }
    }
    if offered.is_empty() {
        return Ok(Challenge {
            scheme: "basic".to_owned(),
            parameters: Vec::new(),
        });
    }
    Err(Problem::Challenge {
        request: answer.call.describe(),
        found: answer.excerpt(&values.join(", ")),
    })
}

pub(crate) fn base_url(scheme: &str, registry: &str) -> Result<Url, Problem> {
    let url = Url::parse(&format!("{scheme}://{registry}/"));
    url.map_err(|error| no_address(registry, &error.to_string()))
}

fn join(base: &Url, path: &str) -> Result<Url, Problem> {
    let url = base.join(path);
    let url = url.map_err(|error| no_address(path, &error.to_string()))?;
    // Dots as a segment would lead to somebody else's repository.
    let wanted = path.split('?').next().unwrap_or_default();
    if url.path().strip_prefix('/') != Some(wanted) {
        return Err(no_address(path, "its path is not in normal form"));
    }
    Ok(url)
}

fn no_address(text: &str, detail: &str) -> Problem {
    Problem::Address {
        text: excerpt::<&str>(text, &[]),
        detail: detail.to_owned(),
    }
}
