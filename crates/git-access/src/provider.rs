//! How the provider of a GitRepository has credentials made.

use api::source::GitProvider;
use cloud_identity::{Cloud, GitHubApp, GitServer, Service};
use git_remote::{RemoteUrl, Scheme, Tls};
use url::Url;

use crate::error::AccessError;
use crate::question::Question;
use crate::reading::Found;

/// An identity that is exchanged for credentials.
pub(crate) struct Exchange {
    /// What they are for.
    pub(crate) service: Service,
    /// The cloud of the identity; an App is one of its own.
    pub(crate) cloud: Option<Cloud>,
}

/// What a question needs an exchange of; nothing where the credentials are those of the Secret. Over SSH the key of the
/// Secret counts with every provider, for tokens are of no use there.
pub(crate) fn exchange(
    question: &Question<'_>,
    url: &RemoteUrl,
    secret: &Found,
    tls: &Tls,
) -> Result<Option<Exchange>, AccessError> {
    let has_app = GitHubApp::is_in(&secret.values);
    let over_ssh = url.scheme() == Scheme::Ssh;
    match question.source.spec.provider {
        GitProvider::Generic => match &secret.full_name {
            Some(name) if has_app => Err(AccessError::UnexpectedApp {
                secret: name.clone(),
            }),
            _ => Ok(None),
        },
        GitProvider::Github if !has_app => Err(AccessError::NoApp {
            secret: secret.full_name.clone(),
        }),
        GitProvider::Github | GitProvider::Azure if over_ssh => Ok(None),
        GitProvider::Github => {
            let app = GitHubApp::from_secret(&secret.values, tls.ca_bundle.as_deref());
            let app = app.map_err(|source| AccessError::App {
                secret: secret.full_name.clone(),
                source,
            })?;
            Ok(Some(at(GitServer::GitHub(app), None)))
        }
        GitProvider::Azure => {
            let server = GitServer::azure(&place(url)?).map_err(AccessError::Server)?;
            Ok(Some(at(server, Some(Cloud::Azure))))
        }
        GitProvider::Aws => {
            let server = GitServer::code_commit(&place(url)?).map_err(AccessError::Server)?;
            Ok(Some(at(server, Some(Cloud::Aws))))
        }
    }
}

fn at(server: GitServer, cloud: Option<Cloud>) -> Exchange {
    Exchange {
        service: Service::Git(server),
        cloud,
    }
}

fn place(url: &RemoteUrl) -> Result<Url, AccessError> {
    Url::parse(url.as_str()).map_err(|error| AccessError::Url {
        url: url.to_string(),
        problem: error.to_string(),
    })
}
