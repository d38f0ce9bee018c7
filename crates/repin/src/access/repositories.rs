//! From a GitRepository to the repository on its server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::image::v1::ImageUpdateAutomation;
use api::source::{GitProvider, GitRepository};
use git_access::{Access, Objects, Question, ReadError, Settings, secrets};
use git_remote::{Credentials, Options, Remote, RemoteUrl};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::ResourceExt as _;
use secrecy::SecretString;

use super::{AccessError, full_name};
use crate::environment;
use crate::objects::Store;

/// Makes remotes from the objects, and from the surroundings: the environment, and the cloud identity of this process.
#[derive(Debug)]
pub(crate) struct Repositories(Access);

impl Repositories {
    pub(crate) fn new() -> Self {
        let access = Access::new(Settings::default());
        Self(access.expect("without a default ServiceAccount all settings agree"))
    }

    /// The repository of a GitRepository, with the Secret that counts for this purpose where the objects have it. Where
    /// they do not, the credentials of the environment count, and then the identity of the process in a cloud.
    pub(crate) async fn remote(
        &self,
        store: &Store,
        question: &Question<'_>,
    ) -> Result<Remote, AccessError> {
        let (files, purpose) = (Files::of(store, question), question.purpose);
        let (mut source, mut automation) = (question.source.clone(), question.automation.clone());
        let has_secret = has_secret(store, question);
        if !has_secret {
            forget_secrets(&mut source, &mut automation);
        }
        if !has_secret && let Some(credentials) = surrounding_credentials(store, &source)? {
            return with_surroundings(&source, credentials);
        }
        if files.could_be_read(&source) {
            let source_name = full_name(&source);
            return Err(AccessError::GitProxy { source_name });
        }
        // Nobody gives tokens of ServiceAccounts here.
        source.spec.service_account_name = None;
        let question = Question {
            source: &source,
            automation: &automation,
            purpose,
        };
        let made = self.0.remote(&question, &files).await;
        made.map_err(|error| AccessError::Git {
            source_name: full_name(&source),
            source: error,
        })
    }
}

/// The repository as whoever the environment says.
fn with_surroundings(
    source: &GitRepository,
    credentials: Credentials,
) -> Result<Remote, AccessError> {
    let source_name = full_name(source);
    if source.spec.proxy_secret_ref.is_some() {
        return Err(AccessError::GitProxy { source_name });
    }
    let options = Options {
        timeout: source.spec.timeout().to_std(),
        scope: source.namespace().unwrap_or_default(),
        ..Options::default()
    };
    let made = Remote::new(&source.spec.url, credentials, options);
    made.map_err(|source| AccessError::Remote {
        source_name,
        source,
    })
}

/// The credentials of the environment, which are meant for one host: objects that name several do not get them.
fn surrounding_credentials(
    store: &Store,
    source: &GitRepository,
) -> Result<Option<Credentials>, AccessError> {
    let url = &source.spec.url;
    let credentials = environment::git_credentials(url).map_err(AccessError::Environment)?;
    let hosts: BTreeSet<String> = store
        .sources
        .iter()
        .filter_map(|source| source.spec.url.parse::<RemoteUrl>().ok())
        .map(|url| url.host().to_ascii_lowercase())
        .collect();
    match credentials {
        Credentials::Anonymous if url.starts_with("ssh://") && !of_cloud(source) => {
            Err(AccessError::NoSshKey {
                source_name: full_name(source),
            })
        }
        Credentials::Anonymous => Ok(None),
        _ if hosts.len() > 1 => Err(AccessError::SeveralHosts {
            source_name: full_name(source),
            hosts: hosts.into_iter().collect::<Vec<_>>().join(", "),
        }),
        credentials => Ok(Some(credentials)),
    }
}

/// The Secrets that one question is about, as far as they are there.
#[derive(Clone, Debug)]
struct Files(Arc<BTreeMap<String, Secret>>);

impl Files {
    fn of(store: &Store, question: &Question<'_>) -> Self {
        let named = secrets(question).into_iter();
        let found = named.filter_map(|(namespace, name)| {
            let secret = store.secrets.get(&namespace, &name)?.clone();
            Some((name, secret))
        });
        Self(Arc::new(found.collect()))
    }
}

/// Whether the Secret with the credentials for a question is among the objects.
pub(crate) fn has_secret(store: &Store, question: &Question<'_>) -> bool {
    let namespace = question.source.namespace().unwrap_or_default();
    let reference = question.secret();
    reference.is_some_and(|secret| store.secrets.get(&namespace, &secret.name).is_some())
}

/// Takes the references to Secrets with credentials out, where they lead nowhere.
fn forget_secrets(source: &mut GitRepository, automation: &mut ImageUpdateAutomation) {
    source.spec.secret_ref = None;
    let git = automation.spec.git.as_mut();
    if let Some(push) = git.and_then(|git| git.push.as_mut()) {
        push.secret_ref = None;
    }
}

impl Files {
    /// Whether an identity of this process would go through a proxy of the objects that could read it, which takes a CA
    /// of the objects, too: they may be somebody else's proposal.
    fn could_be_read(&self, source: &GitRepository) -> bool {
        let has_ca = |secret: &Secret| {
            let data = secret.data.as_ref();
            data.is_some_and(|data| {
                ["ca.crt", "caFile"]
                    .iter()
                    .any(|&key| data.contains_key(key))
            })
        };
        of_cloud(source) && source.spec.proxy_secret_ref.is_some() && self.0.values().any(has_ca)
    }
}

/// Whether the credentials come from an identity of this process.
fn of_cloud(source: &GitRepository) -> bool {
    matches!(source.spec.provider, GitProvider::Aws | GitProvider::Azure)
}

impl Objects for Files {
    async fn secret(&self, _namespace: &str, name: &str) -> Result<Option<Secret>, ReadError> {
        Ok(self.0.get(name).cloned())
    }

    async fn service_account(
        &self,
        _namespace: &str,
        _name: &str,
    ) -> Result<Option<ServiceAccount>, ReadError> {
        Ok(None)
    }

    async fn token(
        &self,
        _namespace: &str,
        _account: &str,
        _audience: &str,
    ) -> Result<SecretString, ReadError> {
        Err(ReadError::new(
            "the command line has no tokens of ServiceAccounts",
        ))
    }
}
