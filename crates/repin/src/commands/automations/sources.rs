//! Which repository an automation reads and writes.

use api::image::v1::ImageUpdateAutomation;
use api::source::{GitRepository, GitRepositoryRef};
use git_access::{Purpose, Question};
use git_remote::{Remote, RemoteUrl};
use kube::ResourceExt as _;

use super::AutomationError;
use crate::access::{Repositories as Accesses, full_name, has_secret};
use crate::args::ObjectArgs;
use crate::load;
use crate::objects::Store;

/// The objects, and the repository of `--repo`.
pub(super) struct Sources<'a> {
    pub(super) store: &'a Store,
    pub(super) accesses: Accesses,
    pub(super) repo: Option<&'a Remote>,
    pub(super) args: &'a ObjectArgs,
}

/// The repository of one automation.
#[derive(Clone)]
pub(crate) struct Repositories {
    /// Its GitRepository.
    pub(crate) source: GitRepository,
    /// Where it reads.
    pub(crate) reading: Remote,
    /// Where it pushes: the same repository, with credentials of its own where the automation names some.
    pub(crate) writing: Remote,
}

/// Where an automation writes.
pub(super) enum Place {
    /// To its GitRepository, which is that of `--repo` if there is one.
    Here(Box<Repositories>),
    /// To another repository than `--repo`, given without user info.
    Elsewhere(String),
}

impl Sources<'_> {
    /// The repository of an automation.
    pub(super) async fn of(
        &self,
        automation: &ImageUpdateAutomation,
    ) -> Result<Place, AutomationError> {
        let source = self.source(automation)?;
        if let Some(repo) = self.repo {
            let url: RemoteUrl =
                source
                    .spec
                    .url
                    .parse()
                    .map_err(|error| AutomationError::ParseUrl {
                        source_name: full_name(&source),
                        source: error,
                    })?;
            if !url.is_same_repository(repo.url()) {
                return Ok(Place::Elsewhere(url.to_string()));
            }
        }
        let reading = self.remote(&source, automation, Purpose::Read).await?;
        let git = automation.spec.git.as_ref();
        let push = git.and_then(|git| git.push.as_ref());
        let writing = match push.and_then(|push| push.secret_ref.as_ref()) {
            Some(_) => self.remote(&source, automation, Purpose::Push).await?,
            None => reading.clone(),
        };
        Ok(Place::Here(Box::new(Repositories {
            source,
            reading,
            writing,
        })))
    }

    /// The remote for a purpose. With `--repo`, a Secret that is not among the objects leaves the URL and the credentials
    /// that were given for it.
    async fn remote(
        &self,
        source: &GitRepository,
        automation: &ImageUpdateAutomation,
        purpose: Purpose,
    ) -> Result<Remote, AutomationError> {
        let question = Question {
            source,
            automation,
            purpose,
        };
        match self.repo {
            Some(repo) if !has_secret(self.store, &question) => Ok(repo.clone()),
            _ => {
                let remote = self.accesses.remote(self.store, &question).await;
                remote.map_err(AutomationError::Access)
            }
        }
    }

    /// The GitRepository of an automation; with `--repo`, one that is not among the objects is that repository.
    fn source(&self, automation: &ImageUpdateAutomation) -> Result<GitRepository, AutomationError> {
        let reference = &automation.spec.source_ref;
        let own = || automation.namespace();
        let namespace = reference.namespace.clone().or_else(own).unwrap_or_default();
        let from = format!("ImageUpdateAutomation '{}'", full_name(automation));
        let found = self
            .store
            .sources
            .expect(&namespace, &reference.name, &from);
        match (found, &self.args.repo) {
            (Ok(source), _) => Ok(source.clone()),
            (Err(_), Some(url)) => {
                let mut source = load::stand_in(&namespace, &reference.name, url);
                source.spec.reference = Some(GitRepositoryRef {
                    branch: self.args.branch.clone(),
                    ..GitRepositoryRef::default()
                });
                Ok(source)
            }
            (Err(error), None) => Err(AutomationError::FindSource(error)),
        }
    }
}
