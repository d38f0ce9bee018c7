//! From a request to its answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request as HttpRequest, State as Shared};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LINK, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::auth::{TokenAuth, is_basic};
use super::fault::{self, Endpoint, json};
use super::log::Request;
use super::store::MANIFEST_TYPE;
use super::{Auth, Links, State};

const DIGEST_HEADER: HeaderName = HeaderName::from_static("docker-content-digest");

pub(super) async fn handle(Shared(state): Shared<Arc<State>>, request: HttpRequest) -> Response {
    let (head, body) = request.into_parts();
    let endpoint = Endpoint::of(head.uri.path());
    let request = Request::new(endpoint, &head.method, &head.uri, &head.headers);
    let visit = state.gate.enter(request.clone());
    state.gate.wait(endpoint).await;
    let effect = state.faults.lock().take(endpoint);
    if let Some(effect) = effect
        && let Some(response) = fault::answer(effect, &request.path, &request.query).await
    {
        return response;
    }
    let response = match endpoint {
        Endpoint::Token => state.token(&request, body).await,
        _ => state.answer(&request),
    };
    drop(visit);
    response
}

impl State {
    fn answer(&self, request: &Request) -> Response {
        let rest = request.path.strip_prefix("/v2/").unwrap_or_default();
        let split = match request.endpoint {
            Endpoint::Tags => rest.strip_suffix("/tags/list").map(|name| (name, "")),
            Endpoint::Manifest => rest.split_once("/manifests/"),
            _ => Some(("", "")),
        };
        let (repository, tag) = split.unwrap_or_default();
        if let Some(refusal) = self.refusal(request, repository) {
            return refusal;
        }
        match request.endpoint {
            Endpoint::Ping => json("{}".to_owned()),
            Endpoint::Tags => self.tags(request, repository),
            Endpoint::Manifest => self.manifest(request, repository, tag),
            Endpoint::Token | Endpoint::Any => error(404, "NOT_FOUND", "no such page"),
        }
    }

    /// The 401 for a request that lacks the right credentials.
    fn refusal(&self, request: &Request, repository: &str) -> Option<Response> {
        let settings = self.settings.lock().clone();
        let authorization = request.header(AUTHORIZATION.as_str());
        let challenge = match &settings.auth {
            Auth::Open => return None,
            Auth::Basic { username, password } => {
                if is_basic(authorization, username, password) {
                    return None;
                }
                "Basic realm=\"test\"".to_owned()
            }
            Auth::Token(auth) => {
                let scope = scope_of(repository);
                if self.tokens.lock().allows(authorization, &scope) {
                    return None;
                }
                let own = format!("{}/token", self.base);
                let realm = auth.realm.as_ref().unwrap_or(&own);
                format!("Bearer realm=\"{realm}\",service=\"test-registry\",scope=\"{scope}\"")
            }
        };
        let mut response = error(401, "UNAUTHORIZED", "authentication required");
        insert(response.headers_mut(), WWW_AUTHENTICATE, &challenge);
        Some(response)
    }

    fn tags(&self, request: &Request, repository: &str) -> Response {
        let Some(tags) = self.store.lock().tags(repository) else {
            return error(404, "NAME_UNKNOWN", "repository name not known to registry");
        };
        let settings = self.settings.lock().clone();
        let asked: usize = parameter(&request.query, "n")
            .and_then(|n| n.parse().ok())
            .unwrap_or(usize::MAX);
        let last = parameter(&request.query, "last").unwrap_or_default();
        let start = tags.partition_point(|tag| tag.as_str() <= last.as_str());
        let size = asked.min(settings.page_size);
        let page = &tags[start..tags.len().min(start.saturating_add(size))];
        let mut response = json(page_json(repository, page));
        if let Some(last) = page.last()
            && start + page.len() < tags.len()
        {
            let base = match settings.links {
                Links::Absolute => self.base.as_str(),
                Links::Relative => "",
            };
            let link = format!(
                "<{base}{}?n={size}&last={last}>; rel=\"next\"",
                request.path
            );
            insert(response.headers_mut(), LINK, &link);
        }
        response
    }

    fn manifest(&self, request: &Request, repository: &str, tag: &str) -> Response {
        let mut store = self.store.lock();
        let known = store.tags(repository).is_some_and(|tags| {
            let found = tags.binary_search_by(|known| known.as_str().cmp(tag));
            found.is_ok()
        });
        if !known {
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown");
        }
        let manifest = store.manifest(repository, tag);
        let length = manifest.body.len().to_string();
        let body = match request.method {
            Method::HEAD => Body::empty(),
            _ => Body::from(manifest.body),
        };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        insert(headers, CONTENT_TYPE, MANIFEST_TYPE);
        insert(headers, CONTENT_LENGTH, &length);
        if self.settings.lock().digest_header {
            insert(headers, DIGEST_HEADER, &manifest.digest);
        }
        response
    }

    async fn token(&self, request: &Request, body: Body) -> Response {
        let auth = self.settings.lock().auth.clone();
        let Auth::Token(auth) = auth else {
            return error(404, "NOT_FOUND", "this registry gives no tokens");
        };
        let body = axum::body::to_bytes(body, 65_536).await.unwrap_or_default();
        let form = String::from_utf8_lossy(&body).into_owned();
        let fields = match request.method {
            Method::POST => form.as_str(),
            _ => request.query.as_str(),
        };
        if !may_have_token(&auth, request, &form) {
            return error(401, "UNAUTHORIZED", "incorrect username or password");
        }
        let scope = parameter(fields, "scope").unwrap_or_default();
        let token = self.tokens.lock().give(&scope, auth.lifetime);
        let answer = serde_json::json!({
            "token": token,
            "access_token": token,
            "expires_in": auth.lifetime.as_secs(),
        });
        json(answer.to_string())
    }
}

fn may_have_token(auth: &TokenAuth, request: &Request, form: &str) -> bool {
    if request.method == Method::POST {
        let given = parameter(form, "refresh_token");
        return given.is_some() && given == auth.identity_token;
    }
    let authorization = request.header(AUTHORIZATION.as_str());
    match authorization {
        "" => auth.anonymous,
        _ => is_basic(authorization, &auth.username, &auth.password),
    }
}

/// The scope a request needs; none in particular for the ping.
fn scope_of(repository: &str) -> String {
    match repository {
        "" => String::new(),
        _ => format!("repository:{repository}:pull"),
    }
}

fn page_json(repository: &str, tags: &[String]) -> String {
    #[derive(Serialize)]
    struct Page<'a> {
        name: &'a str,
        tags: &'a [String],
    }
    let page = Page {
        name: repository,
        tags,
    };
    serde_json::to_string(&page).expect("strings are valid JSON")
}

fn error(code: u16, name: &str, message: &str) -> Response {
    let body = serde_json::json!({"errors": [{"code": name, "message": message}]});
    let mut response = json(body.to_string());
    *response.status_mut() = StatusCode::from_u16(code).expect("the codes above are valid");
    response
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let value: HeaderValue = value.parse().expect("no control characters in here");
    headers.insert(name, value);
}

/// The first value of a query or form parameter.
fn parameter(fields: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(fields.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
