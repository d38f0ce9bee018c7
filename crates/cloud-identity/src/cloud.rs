//! Credentials for the services of clouds, for the process or for a ServiceAccount.

pub(crate) mod aws;
pub(crate) mod azure;
mod clock;
mod file;
pub(crate) mod gcp;
mod git_server;
mod github;
pub(crate) mod identity;
mod outlet;
mod problem;
mod registry;
mod wanted;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use registry_client::Proxy;
use reqsign::{Context, ProvideCredentialDyn};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;

use self::file::Files;
use self::gcp::Gke;
pub use self::git_server::{CodeCommit, GitServer, GitUrlError};
pub use self::github::{GitHubApp, GitHubAppError};
pub use self::identity::Identity;
use self::outlet::{Outlet, Outlets};
pub use self::problem::Problem;
pub use self::registry::Registry;
pub use self::wanted::{Owner, Service, Wanted};
use crate::cache::Fetched;
use crate::environment::Environment;
use crate::error::{IdentityError, Whose};
use crate::objects::{Objects, ReadError};

/// The audience of a ServiceAccount's token for AWS.
const AWS_AUDIENCE: &str = "sts.amazonaws.com";

/// The audience of a ServiceAccount's token for Azure.
const AZURE_AUDIENCE: &str = "api://AzureADTokenExchange";

/// A cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
}

/// What is needed to speak to clouds.
#[derive(Debug)]
pub(crate) struct Clouds {
    environment: Environment,
    outlets: Outlets,
    gke: OnceCell<Gke>,
}

/// An owner with what it shows to its cloud.
pub(crate) enum Subject {
    /// Whoever the process is.
    Process,
    /// A role of AWS.
    Role {
        role: String,
        session: String,
        token: Token,
    },
    /// A client of Azure.
    Client {
        tenant: String,
        id: String,
        token: Token,
    },
    /// A member of a workload identity pool of Google Cloud.
    Federated {
        audience: String,
        email: Option<String>,
        token: Token,
    },
}

/// A token of a ServiceAccount.
#[derive(Clone)]
pub(crate) struct Token(SecretString);

impl Token {
    fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Tokens of ServiceAccounts, whoever gives them.
pub trait Tokens: Send + Sync {
    /// A fresh token of a ServiceAccount for one audience.
    fn token<'a>(
        &'a self,
        namespace: &'a str,
        account: &'a str,
        audience: &'a str,
    ) -> BoxFuture<'a, Result<SecretString, ReadError>>;
}

impl<O: Objects> Tokens for O {
    fn token<'a>(
        &'a self,
        namespace: &'a str,
        account: &'a str,
        audience: &'a str,
    ) -> BoxFuture<'a, Result<SecretString, ReadError>> {
        Box::pin(Objects::token(self, namespace, account, audience))
    }
}

impl Clouds {
    pub(crate) fn new(environment: Environment) -> Self {
        Self {
            outlets: Outlets::new(environment.clone()),
            environment,
            gke: OnceCell::new(),
        }
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Credentials from the cloud, at the cost of one to three requests.
    pub(crate) async fn fetch(
        &self,
        wanted: &Wanted,
        proxy: Option<&Proxy>,
        tokens: &Arc<dyn Tokens>,
    ) -> Result<Fetched, IdentityError> {
        let whose = Whose::from(wanted);
        let failed = |problem| IdentityError::Exchange {
            whose: whose.clone(),
            problem,
        };
        let ca_bundle = match &wanted.service {
            Service::Git(GitServer::GitHub(app)) => app.ca_bundle(),
            Service::Git(_) | Service::Registry(_) => None,
        };
        let outlet = self.outlets.of(proxy, ca_bundle).map_err(failed)?;
        let subject = self.subject(wanted, &outlet, tokens.as_ref()).await?;
        let environment = &self.environment;
        let fetched = match &wanted.service {
            Service::Registry(Registry::Acr { host }) => {
                azure::fetch(&outlet, environment, host, &subject).await
            }
            Service::Registry(Registry::Gar) => gcp::fetch(&outlet, environment, &subject).await,
            Service::Registry(registry @ (Registry::Ecr { .. } | Registry::EcrPublic)) => {
                let region = registry.region().unwrap_or_default();
                aws::fetch(&outlet, environment, (registry, region), &subject).await
            }
            Service::Git(GitServer::GitHub(app)) => app.fetch(&outlet).await,
            Service::Git(GitServer::AzureDevOps) => {
                azure::devops(&outlet, environment, &subject).await
            }
            Service::Git(GitServer::CodeCommit(place)) => {
                aws::codecommit(&outlet, environment, place, &subject).await
            }
        };
        fetched.map_err(failed)
    }

    /// The owner, with a fresh token where it is a ServiceAccount.
    async fn subject(
        &self,
        wanted: &Wanted,
        outlet: &Outlet,
        tokens: &dyn Tokens,
    ) -> Result<Subject, IdentityError> {
        let Owner::Account {
            namespace,
            name,
            identity,
        } = &wanted.owner
        else {
            return Ok(Subject::Process);
        };
        let (of_token, of_exchange) = self.audiences(identity, wanted, outlet).await?;
        let token = tokens.token(namespace, name, &of_token).await;
        let token = token
            .map(Token)
            .map_err(|source| IdentityError::CreateToken {
                account: format!("{namespace}/{name}"),
                source,
            })?;
        Ok(match identity.clone() {
            Identity::Aws { role } => Subject::Role {
                role,
                session: session(namespace, name, &wanted.service),
                token,
            },
            Identity::Azure { tenant, client } => Subject::Client {
                tenant,
                id: client,
                token,
            },
            Identity::Gcp { email, .. } => Subject::Federated {
                audience: of_exchange,
                email,
                token,
            },
        })
    }

    /// The audience of a ServiceAccount's token, and that of its exchange.
    async fn audiences(
        &self,
        identity: &Identity,
        wanted: &Wanted,
        outlet: &Outlet,
    ) -> Result<(String, String), IdentityError> {
        let audience = match identity {
            Identity::Aws { .. } => AWS_AUDIENCE.to_owned(),
            Identity::Azure { .. } => AZURE_AUDIENCE.to_owned(),
            Identity::Gcp { provider: None, .. } => {
                return Ok(self.gke(outlet, &wanted.owner).await?.audiences());
            }
            Identity::Gcp {
                provider: Some(provider),
                ..
            } => format!("//iam.googleapis.com/{provider}"),
        };
        Ok((audience.clone(), audience))
    }

    async fn gke(&self, outlet: &Outlet, owner: &Owner) -> Result<&Gke, IdentityError> {
        let gke = self
            .gke
            .get_or_try_init(|| Gke::load(outlet, &self.environment));
        gke.await.map_err(|problem| IdentityError::Exchange {
            whose: Whose::from(owner),
            problem,
        })
    }
}

/// How a session of a role is called in the logs of AWS: at most 64 characters.
fn session(namespace: &str, name: &str, service: &Service) -> String {
    let region = match service {
        Service::Registry(registry) => registry.region().unwrap_or_default(),
        Service::Git(server) => server.region().unwrap_or_default(),
    };
    let session = format!("{name}.{namespace}.{region}.repin.dev");
    let fits = |c: &char| c.is_ascii_alphanumeric() || "_=,.@-".contains(*c);
    session.chars().filter(fits).take(64).collect()
}

/// What the library works with: our environment, our files, our outlet, and no commands.
fn context(outlet: &Outlet, environment: &Environment) -> Context {
    Context::new()
        .with_env(environment.clone())
        .with_file_read(Files)
        .with_http_send(outlet.clone())
}

/// What the first provider that applies gives; one that applies and fails is the end.
async fn first<C>(
    providers: &[Box<dyn ProvideCredentialDyn<Credential = C>>],
    context: &Context,
) -> Result<Option<C>, Problem>
where
    C: Send + Sync + Unpin + 'static,
{
    for provider in providers {
        let found = provider.provide_credential_dyn(context).await;
        if let Some(credential) = found.map_err(|error| Problem::identity(&error))? {
            return Ok(Some(credential));
        }
    }
    Ok(None)
}
