//! Documents with keys, and where they are, over HTTP.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hook_payload::JwkSet;
use reqwest::header::CACHE_CONTROL;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::IssuerKeys;
use super::held::Fresh;

/// How long one request may take, its redirects and its body included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 3;
/// The largest document, in bytes.
const BYTES: usize = 1 << 20;

/// Why keys cannot be had. Names the address, which is one that a Receiver names, and nothing of a token.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// It is no address.
    #[error("{url}: expected an http:// or https:// URL")]
    Address {
        /// What the issuer or its document says.
        url: String,
    },
    /// There is no HTTP client.
    #[error("client for keys: {0}")]
    Client(#[source] Arc<reqwest::Error>),
    /// The server cannot be reached, or does not end its answer.
    #[error("get {url}: {source}")]
    Get {
        /// The address.
        url: String,
        /// What went wrong.
        source: Arc<reqwest::Error>,
    },
    /// The server has no document.
    #[error("get {url}: the server answered {status}")]
    Status {
        /// The address.
        url: String,
        /// What the server answered.
        status: StatusCode,
    },
    /// The document is too large.
    #[error("get {url}: the document has more than {BYTES} bytes")]
    Size {
        /// The address.
        url: String,
    },
    /// It is not of the form that it should have.
    #[error("get {url}: {source}")]
    Form {
        /// The address.
        url: String,
        /// What does not fit.
        source: Arc<serde_json::Error>,
    },
    /// The document is another issuer's.
    #[error(
        "issuer did not match the issuer returned by provider, expected {expected:?} got {found:?}"
    )]
    Issuer {
        /// The issuer that was asked.
        expected: String,
        /// The one that its document names.
        found: String,
    },
}

/// What an OpenID Connect provider says of itself, as far as it counts here.
#[derive(Deserialize)]
struct Discovery {
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    jwks_uri: String,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
}

/// An HTTP client that is made when it is needed first: with its certificates it takes memory that most never need.
#[derive(Clone, Debug, Default)]
pub(super) struct Http {
    client: Arc<OnceLock<Client>>,
}

/// The keys of the provider at `issuer`, by way of its discovery document.
pub(super) async fn discover(http: &Http, issuer: &str) -> Result<Fresh, FetchError> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    let url = format!("{base}/.well-known/openid-configuration");
    let (provider, _): (Discovery, _) = http.document(&url).await?;
    if provider.issuer != issuer {
        return Err(FetchError::Issuer {
            expected: issuer.to_owned(),
            found: provider.issuer,
        });
    }
    let (set, lifetime) = http.document(&provider.jwks_uri).await?;
    let algorithms = provider.id_token_signing_alg_values_supported;
    Ok(Fresh {
        keys: Arc::new(IssuerKeys { set, algorithms }),
        lifetime,
    })
}

impl Http {
    /// The keys at a known place.
    pub(super) async fn keys(&self, url: &str) -> Result<Fresh, FetchError> {
        let (set, lifetime): (JwkSet, _) = self.document(url).await?;
        let algorithms = Vec::new();
        Ok(Fresh {
            keys: Arc::new(IssuerKeys { set, algorithms }),
            lifetime,
        })
    }

    /// A document, and how long it counts.
    async fn document<T: DeserializeOwned>(
        &self,
        url: &str,
    ) -> Result<(T, Option<Duration>), FetchError> {
        let address = Url::parse(url).ok();
        let address = address.filter(|url| matches!(url.scheme(), "http" | "https"));
        let address = address.ok_or_else(|| FetchError::Address {
            url: url.to_owned(),
        })?;
        let response = self.client()?.get(address).send().await;
        let response = response.map_err(|source| failed(url, source))?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status {
                url: url.to_owned(),
                status: response.status(),
            });
        }
        let lifetime = lifetime(&response);
        let body = body(url, response).await?;
        let document = serde_json::from_slice(&body).map_err(|source| FetchError::Form {
            url: url.to_owned(),
            source: Arc::new(source),
        })?;
        Ok((document, lifetime))
    }

    fn client(&self) -> Result<&Client, FetchError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::limited(REDIRECTS))
            .pool_max_idle_per_host(1)
            .build()
            .map_err(|source| FetchError::Client(Arc::new(source)))?;
        Ok(self.client.get_or_init(|| client))
    }
}

fn failed(url: &str, source: reqwest::Error) -> FetchError {
    FetchError::Get {
        url: url.to_owned(),
        source: Arc::new(source.without_url()),
    }
}

async fn body(url: &str, mut response: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|source| failed(url, source))?
    {
        if body.len() + chunk.len() > BYTES {
            return Err(FetchError::Size {
                url: url.to_owned(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `max-age` of `Cache-Control`; none where the server does not say.
fn lifetime(response: &Response) -> Option<Duration> {
    let control = response.headers().get(CACHE_CONTROL)?.to_str().ok()?;
    let mut directives = control.split(',').map(str::trim);
    let seconds = directives.find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then_some(value)
    });
    seconds?.parse().ok().map(Duration::from_secs)
}
