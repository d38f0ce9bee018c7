//! From a question to the repository on its server.

use std::sync::Arc;

use cloud_identity::{
    CacheEvent, Credential, Identities, Objects, Owner, SettingsError, Tokens, Wanted,
};
use git_remote::{Credentials, Options, Remote, RemoteUrl, Scheme, SshAlgorithms, Tls};
use kube::ResourceExt as _;
use registry_client::Proxy;

use crate::error::AccessError;
use crate::provider::{self, Exchange};
use crate::question::Question;
use crate::reading::{Found, Reading};
use crate::settings::Settings;
use crate::target::Target;

/// Makes remotes; one serves the whole process, and its clones share what they remember.
#[derive(Clone, Debug)]
pub struct Access {
    identities: Identities,
    ssh: SshAlgorithms,
    pool: git_remote::Pool,
}

impl Access {
    /// Fails where the settings contradict each other.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        Ok(Self {
            identities: Identities::new(settings.identities)?,
            ssh: settings.ssh,
            pool: git_remote::Pool::default(),
        })
    }

    /// What exchanges identities of clouds and of GitHub Apps.
    pub fn identities(&self) -> &Identities {
        &self.identities
    }

    /// The repository of a question, with the timeout of its GitRepository. Reads the Secrets behind it; with the
    /// providers `github`, `azure` and `aws` it speaks to their token services, too, where no token is left. The Git server
    /// is not spoken to.
    pub async fn remote(
        &self,
        question: &Question<'_>,
        objects: &impl Objects,
    ) -> Result<Remote, AccessError> {
        self.remote_with(question, objects, |_| {}).await
    }

    /// The same; `seen` is told what the cache of tokens did, where it was asked.
    pub async fn remote_with(
        &self,
        question: &Question<'_>,
        objects: &impl Objects,
        seen: impl FnOnce(CacheEvent) + Send,
    ) -> Result<Remote, AccessError> {
        Target::resolve(question.automation, question.source)?;
        let reading = Reading { question, objects };
        let proxy = reading.proxy().await?;
        let secret = reading.secret().await?.unwrap_or_default();
        let url = parse(&question.source.spec.url)?;
        let (own, tls) = own_credentials(question, &secret)?;
        let credentials = match provider::exchange(question, &url, &secret, &tls)? {
            None => own,
            Some(exchange) => {
                let (event, result) = self.exchange(&reading, exchange, proxy.as_ref()).await?;
                if let Some(event) = event {
                    seen(event);
                }
                result?
            }
        };
        let proxy = proxy
            .as_ref()
            .map(|proxy| reading.for_git(proxy))
            .transpose()?;
        let options = Options {
            tls,
            proxy,
            ssh: self.ssh.clone(),
            pool: self.pool.clone(),
            // Who makes a GitRepository there may name the Secrets of the others, too.
            scope: question.source.namespace().unwrap_or_default(),
            timeout: question.source.spec.timeout().to_std(),
            ..Options::default()
        };
        Remote::new(&with_user_info(question, &url), credentials, options)
            .map_err(|error| AccessError::of_remote(error, secret.full_name))
    }
}

impl Access {
    /// Credentials for an identity, and what the cache did for them.
    async fn exchange<O: Objects>(
        &self,
        reading: &Reading<'_, O>,
        exchange: Exchange,
        proxy: Option<&Proxy>,
    ) -> Result<(Option<CacheEvent>, Result<Credentials, AccessError>), AccessError> {
        let owner = match exchange.cloud {
            None => Owner::Process,
            Some(cloud) => reading.owner(cloud, self.identities.settings()).await?,
        };
        let wanted = Wanted {
            service: exchange.service,
            owner,
        };
        let tokens: Arc<dyn Tokens> = Arc::new(reading.objects.clone());
        let timeout = reading.question.source.spec.timeout().to_std();
        let (event, credential) = self
            .identities
            .credentials(wanted, proxy, &tokens, timeout)
            .await;
        let credentials = credential.map(exchanged).map_err(AccessError::Identity);
        Ok((event, credentials))
    }
}

fn parse(url: &str) -> Result<RemoteUrl, AccessError> {
    url.parse()
        .map_err(|error: git_remote::Error| AccessError::Url {
            url: without_user_info(url),
            problem: error.to_string(),
        })
}

/// A text that is no URL, with nothing of what may be user info: all between the scheme and the last `@`.
fn without_user_info(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    match rest.rsplit_once('@') {
        Some((_, place)) if scheme.is_empty() => format!("***@{place}"),
        Some((_, place)) => format!("{scheme}://***@{place}"),
        None => url.to_owned(),
    }
}

/// What the Secret itself says. A repository over SSH has nothing without one.
fn own_credentials(
    question: &Question<'_>,
    secret: &Found,
) -> Result<(Credentials, Tls), AccessError> {
    Credentials::from_secret(&question.source.spec.url, &secret.values).map_err(|source| {
        AccessError::UseSecret {
            secret: secret.full_name.clone(),
            source,
        }
    })
}

fn exchanged(credential: Credential) -> Credentials {
    match credential {
        Credential::Basic { username, password } => Credentials::Basic { username, password },
        Credential::Bearer(token) => Credentials::Bearer(token),
    }
}

/// The URL for the remote. Its user info fills the gaps of a Secret; beside credentials of a provider it does not count.
fn with_user_info(question: &Question<'_>, url: &RemoteUrl) -> String {
    let spec = &question.source.spec;
    if spec.provider == api::source::GitProvider::Generic || url.scheme() == Scheme::Ssh {
        return spec.url.clone();
    }
    url.as_str().to_owned()
}
