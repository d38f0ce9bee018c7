//! What an automation reads and where its commits go, derived from its spec and that of the GitRepository.

use api::image::v1::{GitPush, ImageUpdateAutomation};
use api::source::{DEFAULT_BRANCH, GitRepository, GitRepositoryRef};
use git_remote::{Refspec, RefspecError};

/// Why the two specs do not name a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// `spec.git` is missing.
    #[error(
        "source kind 'GitRepository' necessitates field .spec.git: invalid source configuration"
    )]
    NoGit,
    /// Only a tag, a commit or a name is checked out, and no push branch is named.
    #[error(
        "push spec not provided, and cannot be inferred from .spec.git.checkout.ref or GitRepository .spec.ref"
    )]
    NoPushBranch,
    /// `spec.git.push.refspec` cannot be pushed.
    #[error("spec.git.push.refspec: {0}")]
    Refspec(RefspecError),
    /// `spec.update.path` leaves the repository.
    #[error(
        "spec.update.path '{path}' leads out of the repository: expected a path below its root"
    )]
    PathEscapes {
        /// The path as written.
        path: String,
    },
}

/// What is checked out. Where several fields are set the order is commit, name, semver, tag, branch, as in Flux.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checkout {
    /// The head of a branch.
    Branch(String),
    /// A tag.
    Tag(String),
    /// The highest tag in a semver range.
    Semver(String),
    /// A full reference name.
    Name(String),
    /// A commit id.
    Commit(String),
}

/// Where to read and where to push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What the manifests are read from.
    pub checkout: Checkout,
    /// The reference as the two specs give it.
    pub reference: GitRepositoryRef,
    /// Short name of the branch that gets the commit.
    pub push_branch: String,
    /// The additional push, as written.
    pub refspec: Option<String>,
    /// Where to look for manifests: no leading `./`, no trailing slash; empty means everywhere.
    pub path: String,
}

impl Target {
    /// Whether the branch that is read is the one that gets the commit.
    pub fn reads_push_branch(&self) -> bool {
        self.reference.checked_out_branch() == Some(&self.push_branch)
    }

    /// Derives the target.
    pub fn resolve(
        automation: &ImageUpdateAutomation,
        source: &GitRepository,
    ) -> Result<Self, TargetError> {
        let spec = &automation.spec;
        let git = spec.git.as_ref().ok_or(TargetError::NoGit)?;
        let reference = match &git.checkout {
            Some(checkout) => Some(checkout.reference.clone()),
            None => source.spec.reference.clone(),
        };
        let push = git.push.as_ref();
        let push_branch = push_branch(push, reference.as_ref())?;
        let reference = reference.unwrap_or_default();
        let refspec = push.and_then(|push| push.refspec.clone());
        if let Some(refspec) = &refspec {
            Refspec::parse(refspec)
                .and_then(|refspec| refspec.destination(&format!("refs/heads/{push_branch}")))
                .map_err(TargetError::Refspec)?;
        }
        Ok(Self {
            checkout: checkout(&reference),
            reference,
            push_branch,
            refspec,
            path: clean_path(spec.update.path.as_deref().unwrap_or(""))?,
        })
    }
}

fn push_branch(
    push: Option<&GitPush>,
    reference: Option<&GitRepositoryRef>,
) -> Result<String, TargetError> {
    let pushed = push.and_then(|push| push.branch.clone());
    let read = || reference.and_then(|reference| reference.branch.clone());
    pushed.or_else(read).ok_or(TargetError::NoPushBranch)
}

fn checkout(reference: &GitRepositoryRef) -> Checkout {
    let GitRepositoryRef {
        branch,
        tag,
        semver,
        name,
        commit,
    } = reference.clone();
    commit
        .map(Checkout::Commit)
        .or_else(|| name.map(Checkout::Name))
        .or_else(|| semver.map(Checkout::Semver))
        .or_else(|| tag.map(Checkout::Tag))
        .or_else(|| branch.map(Checkout::Branch))
        .unwrap_or_else(|| Checkout::Branch(DEFAULT_BRANCH.to_owned()))
}

/// A path of the repository without `.`, `..`, empty components and a leading slash; a slash in front means the root of
/// the repository, as in Flux. `..` above the root is an error.
pub fn clean_path(path: &str) -> Result<String, TargetError> {
    let mut components = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => {
                components.pop().ok_or_else(|| TargetError::PathEscapes {
                    path: path.to_owned(),
                })?;
            }
            component => components.push(component),
        }
    }
    Ok(components.join("/"))
}

#[cfg(test)]
mod tests;
