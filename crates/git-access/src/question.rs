//! What an access is for.

use api::image::v1::{ImageUpdateAutomation, LocalObjectReference};
use api::source::GitRepository;
use kube::ResourceExt as _;

/// What is done with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Listing and fetching, as the Secret of the GitRepository.
    Read,
    /// Pushing, as `spec.git.push.secretRef` of the automation where it names a Secret.
    Push,
}

/// Who wants to reach which repository.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Where the repository is.
    pub source: &'a GitRepository,
    /// For whom.
    pub automation: &'a ImageUpdateAutomation,
    /// What for.
    pub purpose: Purpose,
}

impl Question<'_> {
    /// The Secret with the credentials, in the namespace of the GitRepository.
    pub fn secret(&self) -> Option<&LocalObjectReference> {
        let git = self.automation.spec.git.as_ref();
        let push = git.and_then(|git| git.push.as_ref());
        let of_push = push.and_then(|push| push.secret_ref.as_ref());
        match self.purpose {
            Purpose::Push => of_push.or(self.source.spec.secret_ref.as_ref()),
            Purpose::Read => self.source.spec.secret_ref.as_ref(),
        }
    }
}

/// The Secrets that [`Access::remote()`](crate::Access::remote) reads for a question: namespace and name of each. A change
/// of one of them is worth another try.
pub fn secrets(question: &Question<'_>) -> Vec<(String, String)> {
    let namespace = question.source.namespace().unwrap_or_default();
    let proxy = question.source.spec.proxy_secret_ref.as_ref();
    let references = proxy.into_iter().chain(question.secret());
    references
        .map(|reference| (namespace.clone(), reference.name.clone()))
        .collect()
}
