//! GitHub: a token of an installation of an App, which its Git servers take as a password.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http::{Method, Request};
use registry_client::Fingerprint;
use rustls::sign::SigningKey;
use serde::Deserialize;
use url::Url;

use self::jwt::KeyError;
pub use self::values::GitHubAppError;
use self::values::{api_url, number, text};
use super::clock;
use super::outlet::Outlet;
use super::problem::Problem;
use crate::cache::Fetched;
use crate::credential::Credential;

mod jwt;
mod values;

/// The user name that goes with a token of an installation.
const USER: &str = "x-access-token";

/// Where GitHub's own API is.
const API: &str = "https://api.github.com/";

/// What tells an App apart, and its requests from those of others.
const KEYS: [&str; 6] = [
    "githubAppID",
    "githubAppClientID",
    "githubAppInstallationOwner",
    "githubAppInstallationID",
    "githubAppPrivateKey",
    "githubAppBaseURL",
];

/// An installation of a GitHub App. Equal where all that its tokens depend on is. `Debug` shows its id alone.
#[derive(Clone)]
pub struct GitHubApp {
    issuer: String,
    installation: Installation,
    api: Url,
    key: Arc<dyn SigningKey>,
    ca_bundle: Option<Vec<u8>>,
    fingerprint: Fingerprint,
}

#[derive(Clone)]
enum Installation {
    Id(u64),
    /// Of an organization or a user, looked up.
    Owner(String),
}

impl GitHubApp {
    /// Whether a Secret has the data of an App at all.
    pub fn is_in(values: &BTreeMap<String, Vec<u8>>) -> bool {
        KEYS[..2]
            .iter()
            .any(|&key| values.get(key).is_some_and(|value| !value.is_empty()))
    }

    /// The App that a Secret describes, by the keys `githubAppID` (or `githubAppClientID`), one of
    /// `githubAppInstallationID` and `githubAppInstallationOwner`, `githubAppPrivateKey` (RSA; PKCS #1 or PKCS #8 in PEM) and
    /// `githubAppBaseURL`. `ca_bundle` are PEM certificates that are trusted for the API besides the system's.
    pub fn from_secret(
        values: &BTreeMap<String, Vec<u8>>,
        ca_bundle: Option<&[u8]>,
    ) -> Result<Self, GitHubAppError> {
        let [id, client, owner, installation, key, api] = KEYS;
        let issuer = match (text(values, client)?, text(values, id)?) {
            (Some(client), _) => client,
            (None, Some(id)) => number(&id, "githubAppID")?.to_string(),
            (None, None) => return Err(GitHubAppError::NoId),
        };
        let installation = match (text(values, owner)?, text(values, installation)?) {
            (None, None) => return Err(GitHubAppError::NoInstallation),
            (Some(_), Some(_)) => return Err(GitHubAppError::TwoInstallations),
            (Some(owner), None) => Installation::Owner(owner),
            (None, Some(id)) => Installation::Id(number(&id, "githubAppInstallationID")?),
        };
        let key = values.get(key).filter(|key| !key.is_empty());
        let key = jwt::read_key(key.ok_or(GitHubAppError::NoKey)?);
        let empty = Vec::new();
        let mut parts: Vec<&[u8]> = KEYS
            .iter()
            .map(|&key| values.get(key).unwrap_or(&empty).as_slice())
            .collect();
        parts.push(ca_bundle.unwrap_or_default());
        Ok(Self {
            issuer,
            installation,
            api: api_url(text(values, api)?.as_deref().unwrap_or(API))?,
            key: key.map_err(|KeyError(problem)| GitHubAppError::Key(problem))?,
            ca_bundle: ca_bundle.map(<[u8]>::to_vec),
            fingerprint: Fingerprint::of(&parts),
        })
    }

    /// Its id, or its client id.
    pub(crate) fn id(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn ca_bundle(&self) -> Option<&[u8]> {
        self.ca_bundle.as_deref()
    }

    /// A token of the installation, as a password.
    pub(super) async fn fetch(&self, outlet: &Outlet) -> Result<Fetched, Problem> {
        let token = jwt::sign(&*self.key, &self.issuer, clock::now());
        let token = token.map_err(|KeyError(detail)| Problem::SetUp {
            detail: detail.to_owned(),
        })?;
        let id = match &self.installation {
            Installation::Id(id) => *id,
            Installation::Owner(owner) => self.find(outlet, owner, &token).await?,
        };
        let path = ["app", "installations", &id.to_string(), "access_tokens"];
        let answer: Issued = self
            .ask(outlet, Method::POST, &path, &token, "a token as JSON")
            .await?;
        let end = DateTime::parse_from_rfc3339(&answer.expires_at).ok();
        let end = end.and_then(|end| u64::try_from(end.timestamp()).ok());
        Ok(Fetched {
            credential: Credential::Basic {
                username: USER.to_owned(),
                password: answer.token.into(),
            },
            lifetime: end.map_or(Duration::ZERO, |end| clock::until(Duration::from_secs(end))),
        })
    }

    /// The installation of an organization, or else of a user.
    async fn find(&self, outlet: &Outlet, owner: &str, token: &str) -> Result<u64, Problem> {
        const EXPECTED: &str = "an installation as JSON";
        let found: Result<Found, _> = self
            .ask(
                outlet,
                Method::GET,
                &["orgs", owner, "installation"],
                token,
                EXPECTED,
            )
            .await;
        let of_organization = match found {
            Ok(found) => return Ok(found.id),
            Err(problem) => problem,
        };
        let found: Result<Found, _> = self
            .ask(
                outlet,
                Method::GET,
                &["users", owner, "installation"],
                token,
                EXPECTED,
            )
            .await;
        found.map(|found| found.id).map_err(|problem| Problem::Identity {
            detail: format!(
                "failed to find organization installation: {of_organization}; failed to find user installation: {problem}"
            ),
            class: problem.class(),
        })
    }

    async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        outlet: &Outlet,
        method: Method,
        path: &[&str],
        token: &str,
        expected: &'static str,
    ) -> Result<T, Problem> {
        let mut place = self.api.clone();
        if let Ok(mut segments) = place.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let request = Request::builder()
            .method(method)
            .uri(place.as_str())
            .header("accept", "application/vnd.github+json")
            .header("authorization", format!("Bearer {token}"))
            .header("x-github-api-version", "2022-11-28")
            .body(Bytes::new())
            .map_err(|error| Problem::setup(&error))?;
        let (request, body) = outlet.body(request).await?;
        // No text of the parser: it may quote the token.
        serde_json::from_slice(&body).map_err(|_| Problem::Unexpected { request, expected })
    }
}

#[derive(Deserialize)]
struct Issued {
    token: String,
    #[serde(default)]
    expires_at: String,
}

#[derive(Deserialize)]
struct Found {
    id: u64,
}

impl PartialEq for GitHubApp {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for GitHubApp {}

impl Hash for GitHubApp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fingerprint.hash(state);
    }
}

impl fmt::Debug for GitHubApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHubApp")
            .field("id", &self.issuer)
            .finish_non_exhaustive()
    }
}
