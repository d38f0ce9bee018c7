//! The token services of AWS, Azure and Google Cloud, and the API of GitHub, in process.
//!
//! They check what the real ones check: signatures (SigV4 with the body's hash, the tokens of ServiceAccounts), audiences,
//! roles, scopes and headers. What they refuse they refuse with a text that repeats the secrets of the request, as bad
//! services do, so that a test can see that none gets any further.

mod aws;
mod azure;
mod gcp;
mod github;
mod jwt;
mod sigv4;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::aws::code_commit_admits;
pub use self::azure::devops_token;
pub use self::github::{APP_ID, APP_INSTALLATION, APP_ORGANIZATION, APP_TOKEN, APP_USER};
pub use self::jwt::{service_account_token, unsigned};
use crate::ssh_keys::SshKey;
use crate::tls::{ServerIdentity, TlsListener};

/// The role that STS hands out credentials of.
pub const ROLE: &str = "arn:aws:iam::123456789012:role/repin";
/// The access key that belongs in the environment, and its secret.
pub const ENVIRONMENT_KEY: (&str, &str) = ("AKIAENVIRONMENT", "environment-s3cret-key");
/// The tenant of Entra.
pub const TENANT: &str = "11111111-2222-3333-4444-555555555555";
/// The client of Entra.
pub const CLIENT: &str = "66666666-7777-8888-9999-000000000000";
/// The client's secret.
pub const CLIENT_SECRET: &str = "client-s3cret-of-entra";
/// The service account of Google Cloud that may be impersonated.
pub const GCP_ACCOUNT: &str = "puller@project-1.iam.gserviceaccount.com";
/// The workload identity provider of Google Cloud.
pub const GCP_PROVIDER: &str =
    "projects/123/locations/global/workloadIdentityPools/pool/providers/cluster";
/// The token with which containers ask for their credentials.
pub const CONTAINER_TOKEN: &str = "container-s3cret-token";

/// A service of a cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Security Token Service of AWS.
    Sts,
    /// ECR.
    Ecr,
    /// Public ECR.
    EcrPublic,
    /// The metadata server of AWS's machines.
    Imds,
    /// The credentials of containers (EKS Pod Identity).
    Container,
    /// Entra.
    Entra,
    /// The metadata server of Azure's machines.
    AzureMetadata,
    /// The exchange of a registry of Azure.
    AcrExchange,
    /// The metadata server of Google Cloud.
    GcpMetadata,
    /// Security Token Service of Google Cloud.
    GcpSts,
    /// IAM Credentials of Google Cloud.
    IamCredentials,
    /// The API of GitHub.
    GitHub,
}

/// All services on one port; they stop when it is dropped.
#[derive(Debug)]
pub struct Cloud {
    /// Where they listen with plain HTTP: a free port of 127.0.0.1.
    pub addr: SocketAddr,
    /// Where the metadata servers of machines and containers listen: another one.
    pub metadata: SocketAddr,
    state: Arc<Services>,
    servers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Services {
    lifetime: Mutex<Duration>,
    down: Mutex<Option<(Service, u16)>>,
    requests: Mutex<Vec<Service>>,
    /// The public key of the GitHub App, PKCS #1.
    app_key: Mutex<Vec<u8>>,
}

/// A request with its body.
struct Call<'a> {
    services: &'a Services,
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    body: &'a Bytes,
}

/// What a service answers: a success, or why not.
type Answer = Result<Response, String>;

impl Cloud {
    /// All services, with tokens that are good for an hour.
    pub async fn start() -> Self {
        let (services, metadata) = (bind().await, bind().await);
        let address = |listener: &TcpListener| listener.local_addr().expect("the socket is bound");
        let (addr, near) = (address(&services), address(&metadata));
        let state = Arc::new(Services {
            lifetime: Mutex::new(Duration::from_secs(3600)),
            down: Mutex::default(),
            requests: Mutex::default(),
            app_key: Mutex::default(),
        });
        let servers = [services, metadata].map(|listener| {
            let app = router(&state);
            tokio::spawn(async move {
                // `axum::serve` never returns by itself.
                drop(axum::serve(listener, app).await);
            })
        });
        Self {
            addr,
            metadata: near,
            state,
            servers: servers.into(),
        }
    }

    /// The same services with HTTPS at another port: those that are reached under the registry's own name.
    pub async fn listen_tls(&mut self, identity: &ServerIdentity) -> SocketAddr {
        let listener = bind().await;
        let addr = listener.local_addr().expect("the socket is bound");
        let listener = TlsListener::new(listener, identity.rustls_config(&["http/1.1"]))
            .expect("the socket is bound");
        let app = router(&self.state);
        self.servers.push(tokio::spawn(async move {
            // `axum::serve` never returns by itself.
            drop(axum::serve(listener, app).await);
        }));
        addr
    }

    /// The variables by which the tools of the clouds find these services instead of the real ones.
    pub fn variables(&self) -> Vec<(String, String)> {
        let (base, near) = (
            format!("http://{}", self.addr),
            format!("http://{}", self.metadata),
        );
        [
            ("AWS_ENDPOINT_URL_STS", format!("{base}/sts")),
            ("AWS_ENDPOINT_URL_ECR", format!("{base}/ecr")),
            ("AWS_ENDPOINT_URL_ECR_PUBLIC", format!("{base}/ecr-public")),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", near.clone()),
            ("AZURE_AUTHORITY_HOST", format!("{base}/entra")),
            ("AZURE_POD_IDENTITY_AUTHORITY_HOST", near),
            ("GCE_METADATA_HOST", self.metadata.to_string()),
            (
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_STS",
                format!("{base}/gcp-sts/"),
            ),
            (
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
                format!("{base}/iam/"),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The API of GitHub: `githubAppBaseURL`.
    pub fn github_url(&self) -> String {
        format!("http://{}/github", self.addr)
    }

    /// Makes this the key of the GitHub App.
    pub fn register_app(&self, key: &SshKey) {
        *self.state.app_key.lock() = key.public_key_pkcs1();
    }

    /// How long what is given out from now on is good for.
    pub fn set_lifetime(&self, lifetime: Duration) {
        *self.state.lifetime.lock() = lifetime;
    }

    /// Answers every request to `service` with this status from now on.
    pub fn fail(&self, service: Service, status: u16) {
        *self.state.down.lock() = Some((service, status));
    }

    /// Forgets the failure.
    pub fn heal(&self) {
        *self.state.down.lock() = None;
    }

    /// How many requests a service has had.
    pub fn count(&self, service: Service) -> usize {
        let requests = self.state.requests.lock();
        requests.iter().filter(|&&asked| asked == service).count()
    }

    /// How many requests all services have had.
    pub fn requests(&self) -> usize {
        self.state.requests.lock().len()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

impl Services {
    /// When what is given out now ends, in seconds since 1970.
    fn end(&self) -> u64 {
        now() + self.lifetime.lock().as_secs()
    }

    /// How often a service was asked, for secrets that differ from one time to the next.
    fn number(&self, service: Service) -> usize {
        let requests = self.requests.lock();
        requests.iter().filter(|&&asked| asked == service).count()
    }
}

impl Call<'_> {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// A field of the form, or of the query.
    fn field(&self, name: &str) -> String {
        let query = self.uri.query().unwrap_or_default().as_bytes();
        let of_form = url::form_urlencoded::parse(self.body);
        let mut fields = of_form.chain(url::form_urlencoded::parse(query));
        let found = fields.find(|(key, _)| key == name);
        found.map_or_else(String::new, |(_, value)| value.into_owned())
    }
}

/// Fails with a text that repeats what was sent.
fn expect(what: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what} is {found:?}"))
}

async fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0")
        .await
        .expect("127.0.0.1 has a free port")
}

fn router(state: &Arc<Services>) -> Router {
    Router::new()
        .fallback(any(handle))
        .with_state(Arc::clone(state))
}

async fn handle(State(services): State<Arc<Services>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20)
        .await
        .unwrap_or_default();
    let call = Call {
        services: &services,
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
        body: &body,
    };
    let Some(service) = service_of(parts.uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    services.requests.lock().push(service);
    let down = services.down.lock().filter(|(down, _)| *down == service);
    let (status, why) = match (down, answer(service, &call)) {
        (None, Ok(response)) => return response,
        (None, Err(why)) => (403, why),
        (Some((_, status)), _) => (status, "down".to_owned()),
    };
    let sent = format!("{:?} {}", parts.headers, String::from_utf8_lossy(&body));
    let decoded: String = url::form_urlencoded::parse(&body)
        .map(|(_, value)| value + " ")
        .collect();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, format!("{why}; you sent {sent} {decoded}")).into_response()
}

fn service_of(path: &str) -> Option<Service> {
    let prefixes = [
        ("/sts", Service::Sts),
        ("/ecr-public", Service::EcrPublic),
        ("/ecr", Service::Ecr),
        ("/latest/", Service::Imds),
        ("/container", Service::Container),
        ("/entra/", Service::Entra),
        ("/metadata/identity/", Service::AzureMetadata),
        ("/oauth2/exchange", Service::AcrExchange),
        ("/computeMetadata/", Service::GcpMetadata),
        ("/gcp-sts/", Service::GcpSts),
        ("/iam/", Service::IamCredentials),
        ("/github/", Service::GitHub),
    ];
    let found = prefixes.iter().find(|(prefix, _)| path.starts_with(prefix));
    found.map(|&(_, service)| service)
}

fn answer(service: Service, call: &Call<'_>) -> Answer {
    match service {
        Service::Sts => aws::assume_role(call),
        Service::Ecr => aws::private_token(call),
        Service::EcrPublic => aws::public_token(call),
        Service::Imds => aws::metadata(call),
        Service::Container => aws::container(call),
        Service::Entra => azure::entra(call),
        Service::AzureMetadata => azure::metadata(call),
        Service::AcrExchange => azure::exchange(call),
        Service::GcpMetadata => gcp::metadata(call),
        Service::GcpSts => gcp::exchange(call),
        Service::IamCredentials => gcp::impersonate(call),
        Service::GitHub => github::answer(call),
    }
}
