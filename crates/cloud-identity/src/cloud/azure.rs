//! Azure: a token of Entra, exchanged for one of the registry; Azure DevOps takes it as it is.

mod environment;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::{Url, form_urlencoded};

pub(crate) use self::environment::Environment;
use super::outlet::Outlet;
use super::problem::Problem;
use super::{Subject, clock, file};
use crate::cache::Fetched;
use crate::credential::Credential as Given;
use crate::environment::Environment as Variables;

/// The user name that goes with a refresh token of a registry.
const USER: &str = "00000000-0000-0000-0000-000000000000";

/// How a client says that its assertion is a JSON web token, RFC 7523.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Where the metadata server of Azure's machines is.
const METADATA: &str = "http://169.254.169.254";

/// Where Entra is, by the end of the registry's host; the last one is the rest.
const AUTHORITIES: [(&str, &str); 3] = [
    (".azurecr.cn", "https://login.chinacloudapi.cn"),
    (".azurecr.us", "https://login.microsoftonline.us"),
    ("", "https://login.microsoftonline.com"),
];

/// A client of Entra, and how it shows that it is the one.
struct Client {
    tenant: String,
    id: String,
    proof: Proof,
}

enum Proof {
    Secret(SecretString),
    Assertion(SecretString),
}

/// What a token for Azure DevOps is for.
const DEVOPS_SCOPE: &str = "499b84ac-1321-427f-aa17-267ca6975798/.default";

#[derive(Deserialize)]
struct FromEntra {
    access_token: String,
    /// Seconds: a number, or from metadata servers a text.
    #[serde(default)]
    expires_in: serde_json::Value,
}

/// A token of Entra.
struct Token {
    secret: SecretString,
    lifetime: Duration,
}

impl From<FromEntra> for Token {
    fn from(answer: FromEntra) -> Self {
        let seconds = answer.expires_in.as_u64();
        let of_text = || answer.expires_in.as_str()?.parse().ok();
        Self {
            lifetime: Duration::from_secs(seconds.or_else(of_text).unwrap_or_default()),
            secret: answer.access_token.into(),
        }
    }
}

#[derive(Deserialize)]
struct FromRegistry {
    refresh_token: String,
}

impl Client {
    /// The form of the grant for clients that act as themselves, RFC 6749, section 4.4.
    fn grant(&self, scope: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.id)
            .append_pair("scope", scope);
        match &self.proof {
            Proof::Secret(secret) => form.append_pair("client_secret", secret.expose_secret()),
            Proof::Assertion(token) => form
                .append_pair("client_assertion_type", ASSERTION_TYPE)
                .append_pair("client_assertion", token.expose_secret()),
        };
        form.finish()
    }
}

/// Credentials of the registry at `host`.
pub(super) async fn fetch(
    outlet: &Outlet,
    variables: &Variables,
    host: &str,
    subject: &Subject,
) -> Result<Fetched, Problem> {
    let scope = Environment::load(variables)?.scope()?;
    let token = token(outlet, variables, (&scope, host), subject).await?;
    exchange(outlet, host, &token.secret).await
}

/// Credentials of Azure DevOps.
pub(super) async fn devops(
    outlet: &Outlet,
    variables: &Variables,
    subject: &Subject,
) -> Result<Fetched, Problem> {
    let token = token(outlet, variables, (DEVOPS_SCOPE, ""), subject).await?;
    Ok(Fetched {
        credential: Given::Bearer(token.secret),
        lifetime: token.lifetime,
    })
}

/// A token of Entra for one scope; `host` says in which of Azure's clouds.
async fn token(
    outlet: &Outlet,
    variables: &Variables,
    (scope, host): (&str, &str),
    subject: &Subject,
) -> Result<Token, Problem> {
    let client = match subject {
        Subject::Client { tenant, id, token } => Some(Client {
            tenant: tenant.clone(),
            id: id.clone(),
            proof: Proof::Assertion(token.0.clone()),
        }),
        _ => of_process(variables).await?,
    };
    match client {
        Some(client) => {
            let authority = authority(variables, host)?;
            entra(outlet, authority, &client, scope).await
        }
        None => managed(outlet, variables, scope).await,
    }
}

/// The client that the environment describes, by its secret or by its federated token; without one, the machine has
/// an identity.
async fn of_process(variables: &Variables) -> Result<Option<Client>, Problem> {
    let (Some(tenant), Some(id)) = (
        variables.get("AZURE_TENANT_ID"),
        variables.get("AZURE_CLIENT_ID"),
    ) else {
        return Ok(None);
    };
    let proof = if let Some(secret) = variables.get("AZURE_CLIENT_SECRET") {
        Proof::Secret(secret.into())
    } else if let Some(path) = variables.get("AZURE_FEDERATED_TOKEN_FILE") {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || file::read(&path)).await;
        let failed = |detail: String| Problem::Variable {
            variable: "AZURE_FEDERATED_TOKEN_FILE".to_owned(),
            detail,
        };
        let bytes = read
            .map_err(|error| failed(error.to_string()))?
            .map_err(|error| failed(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| failed("is no text".to_owned()))?;
        Proof::Assertion(text.trim().into())
    } else {
        return Ok(None);
    };
    Ok(Some(Client {
        tenant: tenant.to_owned(),
        id: id.to_owned(),
        proof,
    }))
}

fn authority(variables: &Variables, host: &str) -> Result<Url, Problem> {
    let of_cloud = AUTHORITIES.iter().find(|(end, _)| host.ends_with(end));
    let of_cloud = of_cloud.map_or("", |(_, authority)| authority);
    place(variables, "AZURE_AUTHORITY_HOST", of_cloud)
}

/// The place that a variable names, or the usual one.
fn place(variables: &Variables, variable: &str, usual: &str) -> Result<Url, Problem> {
    match variables.url(variable)? {
        Some(url) => Ok(url),
        None => Url::parse(usual).map_err(|error| Problem::setup(&error)),
    }
}

/// A token for a client.
async fn entra(
    outlet: &Outlet,
    mut place: Url,
    client: &Client,
    scope: &str,
) -> Result<Token, Problem> {
    if let Ok(mut path) = place.path_segments_mut() {
        path.pop_if_empty()
            .extend([client.tenant.as_str(), "oauth2", "v2.0", "token"]);
    }
    let form = client.grant(scope);
    let answer: FromEntra = post(outlet, &place, form, "a token of Entra as JSON").await?;
    Ok(answer.into())
}

/// The identity of the machine, or of the pod that its metadata server knows.
async fn managed(outlet: &Outlet, variables: &Variables, scope: &str) -> Result<Token, Problem> {
    let mut place = place(variables, "AZURE_POD_IDENTITY_AUTHORITY_HOST", METADATA)?;
    place.set_path("/metadata/identity/oauth2/token");
    let resource = scope.strip_suffix("/.default").unwrap_or(scope);
    place
        .query_pairs_mut()
        .append_pair("api-version", "2018-02-01")
        .append_pair("resource", resource)
        .extend_pairs(variables.get("AZURE_CLIENT_ID").map(|id| ("client_id", id)));
    let request = Request::get(place.as_str())
        .header("Metadata", "true")
        .body(Bytes::new())
        .map_err(|error| Problem::setup(&error))?;
    let answer: FromEntra = ask(outlet, request, "a token of Entra as JSON").await?;
    Ok(answer.into())
}

/// The registry's own token for one of Entra.
async fn exchange(outlet: &Outlet, host: &str, token: &SecretString) -> Result<Fetched, Problem> {
    let place = Url::parse(&format!("https://{host}/oauth2/exchange"));
    let place = place.map_err(|error| Problem::setup(&error))?;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "access_token")
        .append_pair("service", host)
        .append_pair("access_token", token.expose_secret())
        .finish();
    let answer: FromRegistry =
        post(outlet, &place, form, "a token of the registry as JSON").await?;
    let lifetime = end_of(&answer.refresh_token).map_or(Duration::ZERO, clock::until);
    Ok(Fetched {
        credential: Given::Basic {
            username: USER.to_owned(),
            password: answer.refresh_token.into(),
        },
        lifetime,
    })
}

/// When a JSON web token ends, by its own words; its signature is the registry's business.
fn end_of(token: &str) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    Duration::try_from_secs_f64(claims.exp).ok()
}

async fn post<T: for<'de> Deserialize<'de>>(
    outlet: &Outlet,
    place: &Url,
    form: String,
    expected: &'static str,
) -> Result<T, Problem> {
    let request = Request::post(place.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.into())
        .map_err(|error| Problem::setup(&error))?;
    ask(outlet, request, expected).await
}

async fn ask<T: for<'de> Deserialize<'de>>(
    outlet: &Outlet,
    request: Request<Bytes>,
    expected: &'static str,
) -> Result<T, Problem> {
    let (request, body) = outlet.body(request).await?;
    // No text of the parser: it may quote the token.
    serde_json::from_slice(&body).map_err(|_| Problem::Unexpected { request, expected })
}
