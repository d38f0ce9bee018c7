//! How the token services of the clouds are spoken to.

mod scrub;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use parking_lot::Mutex;
use registry_client::{Fingerprint, Proxy};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::problem::Problem;
use crate::environment::Environment;

/// The longest time for one request (Flux).
const LONGEST_REQUEST: Duration = Duration::from_secs(10);

/// The longest time for a connection to a metadata server, which is near or not there at all.
const LONGEST_METADATA_CONNECT: Duration = Duration::from_secs(2);

/// The most that is read of an answer.
const ANSWER_BYTES: usize = 1 << 20;

/// Above this many proxies, the clients are built anew.
const MANY_OUTLETS: usize = 32;

/// Where the metadata servers of machines and containers are, besides those that the environment names.
const METADATA_HOSTS: [&str; 6] = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "[fd00:ec2::254]",
    "[fd00:ec2::23]",
    "metadata.google.internal",
];

/// The variables that name further ones: a URL, or a host with its port.
const METADATA_VARIABLES: [&str; 4] = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "GCE_METADATA_HOST",
];

/// The proxy, and the certificates that are trusted besides the system's.
type Ways = (Option<Fingerprint>, Option<Fingerprint>);

/// The outlets of a process, one for each proxy and each CA.
#[derive(Debug)]
pub(crate) struct Outlets {
    environment: Environment,
    outlets: Mutex<HashMap<Ways, Outlet>>,
}

/// Sends requests to token services, through one proxy or that of the environment, and to metadata servers without
/// any. It follows no redirect, and holds no answer larger than a mebibyte.
#[derive(Clone, Debug)]
pub(crate) struct Outlet {
    proxied: reqwest::Client,
    direct: reqwest::Client,
    metadata: Arc<[String]>,
    /// Whether `proxied` goes through a proxy of the caller, which always counts.
    has_proxy: bool,
    /// Of that proxy's user.
    proxy_secrets: Arc<[SecretString]>,
    sts: Option<Url>,
}

impl Outlets {
    pub(crate) fn new(environment: Environment) -> Self {
        Self {
            environment,
            outlets: Mutex::default(),
        }
    }

    pub(crate) fn of(
        &self,
        proxy: Option<&Proxy>,
        ca_bundle: Option<&[u8]>,
    ) -> Result<Outlet, Problem> {
        let key = (
            proxy.map(Proxy::fingerprint),
            ca_bundle.map(|pem| Fingerprint::of(&[pem])),
        );
        // Held while an outlet is built, so that a thousand first callers build one.
        let mut outlets = self.outlets.lock();
        if let Some(outlet) = outlets.get(&key) {
            return Ok(outlet.clone());
        }
        if outlets.len() >= MANY_OUTLETS {
            outlets.clear();
        }
        let outlet = Outlet::new(&self.environment, proxy, ca_bundle)?;
        outlets.insert(key, outlet.clone());
        Ok(outlet)
    }
}

impl Outlet {
    fn new(
        environment: &Environment,
        proxy: Option<&Proxy>,
        ca_bundle: Option<&[u8]>,
    ) -> Result<Self, Problem> {
        let mut proxied = client(environment)?;
        if let Some(pem) = ca_bundle {
            let roots = reqwest::Certificate::from_pem_bundle(pem);
            proxied = proxied.tls_certs_merge(roots.map_err(|error| Problem::setup(&error))?);
        }
        if let Some(proxy) = proxy {
            let proxy = proxy.for_http();
            proxied = proxied.proxy(proxy.map_err(|error| Problem::setup(&error))?);
        }
        let direct = client(environment)?
            .no_proxy()
            .connect_timeout(LONGEST_METADATA_CONNECT);
        let of_environment = METADATA_VARIABLES.iter();
        let of_environment = of_environment.filter_map(|&name| environment.get(name));
        let metadata = METADATA_HOSTS.iter().copied().chain(of_environment);
        Ok(Self {
            proxied: proxied.build().map_err(|error| Problem::setup(&error))?,
            direct: direct.build().map_err(|error| Problem::setup(&error))?,
            metadata: metadata.map(authority).collect(),
            has_proxy: proxy.is_some(),
            proxy_secrets: proxy
                .map(scrub::secrets_of_proxy)
                .unwrap_or_default()
                .into(),
            sts: super::aws::endpoint(environment, "STS")?,
        })
    }

    /// What was asked, for errors, and the body of the answer, which is a success.
    pub(super) async fn body(&self, request: Request<Bytes>) -> Result<(String, Bytes), Problem> {
        let name = describe(&request);
        let answer = self.send(request).await?;
        if answer.status().is_success() {
            return Ok((name, answer.into_body()));
        }
        Err(Problem::status(name, answer.status(), answer.body()))
    }

    /// The answer, whatever its status. What the request holds of secrets is not in it, where it is no success.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Problem> {
        let request = self.at_endpoint(request);
        let name = describe(&request);
        let mut secrets = scrub::secrets_of(&request);
        let of_proxy = self.proxy_secrets.iter();
        secrets.extend(of_proxy.map(|secret| secret.expose_secret().to_owned()));
        let unreachable = |error: reqwest::Error| Problem::Unreachable {
            request: name.clone(),
            detail: scrub::scrub(&innermost(&error.without_url()), &secrets),
        };
        let http = if self.is_direct(&request) {
            &self.direct
        } else {
            &self.proxied
        };
        let request =
            reqwest::Request::try_from(request).map_err(|error| Problem::setup(&error))?;
        let mut response = http.execute(request).await.map_err(unreachable)?;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_BYTES {
                return Err(Problem::TooLarge {
                    request: name,
                    limit: ANSWER_BYTES,
                });
            }
        }
        let status = response.status();
        // The library puts the body of everything else into its errors.
        let body = if status == StatusCode::OK {
            body.freeze()
        } else {
            scrub::scrub(&String::from_utf8_lossy(&body), &secrets).into()
        };
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        Ok(answer)
    }

    /// The request, where STS is at another place than Amazon's.
    fn at_endpoint(&self, mut request: Request<Bytes>) -> Request<Bytes> {
        let is_sts = request.uri().host().is_some_and(super::aws::is_sts);
        if let Some(sts) = self.sts.as_ref().filter(|_| is_sts)
            && let Ok(uri) = sts.as_str().parse()
        {
            *request.uri_mut() = uri;
        }
        request
    }

    /// Whether a request goes past all proxies: metadata servers are near, and the proxies of the environment are not
    /// for this machine itself.
    fn is_direct(&self, request: &Request<Bytes>) -> bool {
        let Some(authority) = request.uri().authority() else {
            return false;
        };
        let is_loopback = || match authority.host().trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => authority.host() == "localhost",
        };
        self.metadata
            .iter()
            .any(|known| authority == known.as_str())
            || (!self.has_proxy && is_loopback())
    }
}

impl reqsign::HttpSend for Outlet {
    async fn http_send(&self, request: Request<Bytes>) -> reqsign::Result<Response<Bytes>> {
        let answer = self.send(request).await;
        answer.map_err(|problem| {
            reqsign::Error::unexpected("the request failed").with_source(problem)
        })
    }
}

fn client(environment: &Environment) -> Result<reqwest::ClientBuilder, Problem> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("repin/", env!("CARGO_PKG_VERSION")))
        .timeout(LONGEST_REQUEST)
        .referer(false)
        .redirect(Policy::none());
    if let Some(path) = environment.get("SSL_CERT_FILE") {
        let pem = super::file::read(path).map_err(|error| Problem::setup(&error))?;
        let roots = reqwest::Certificate::from_pem_bundle(&pem);
        builder = builder.tls_certs_merge(roots.map_err(|error| Problem::setup(&error))?);
    }
    Ok(builder)
}

/// Host and port of a URL, or what stands for them already.
fn authority(place: &str) -> String {
    let rest = place.split_once("://").map_or(place, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}

/// Method and place, without query: the texts of errors.
fn describe<T>(request: &Request<T>) -> String {
    let uri = request.uri();
    let scheme = uri.scheme_str().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let port = uri
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    format!("{} {scheme}://{host}{port}{}", request.method(), uri.path())
}

fn innermost(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(next) = source.source() {
        source = next;
    }
    source.to_string()
}
