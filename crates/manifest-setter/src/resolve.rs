//! From what is to be checked out to commit ids, by the references of the remote.

use std::sync::Arc;

use git_remote::{ObjectId, RemoteRef, RemoteUrl, Repository, Session};
use tag_policy::Constraint;

use crate::ground::Line;
use crate::{PlanError, Progress};
use git_access::{Checkout, Target};

/// The commits a pass starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// What is checked out.
    pub checkout: ObjectId,
    /// The short name of the tag that is checked out, where that is the highest one in a range.
    pub tag: Option<Arc<str>>,
    /// The head of the push branch, where it exists.
    pub push: Option<ObjectId>,
}

impl Heads {
    /// The commit that is edited: the head of the push branch where it exists already, else what is checked out. Where a
    /// commit, a tag or a range is checked out, every push after the first one builds on what was pushed before.
    pub fn base(&self, target: &Target) -> ObjectId {
        self.push
            .filter(|_| !target.reads_push_branch())
            .unwrap_or(self.checkout)
    }
}

/// The heads whose base is in the cache, fetched where it was not: `known`, else what the remote says.
pub(crate) fn fetched(
    line: &mut Line<'_>,
    repository: &Repository,
    (target, known): (&Target, Option<&Heads>),
    progress: &mut dyn FnMut(Progress),
) -> Result<Heads, PlanError> {
    if let Some(heads) = known {
        match line.fetch(repository, heads.base(target), progress) {
            // The commit may be gone since: a branch that was forced, and housekeeping.
            Err(PlanError::FetchCommit(error)) if is_gone(&error) => line.hang_up(),
            fetched => return fetched.map(|()| heads.clone()),
        }
    }
    let url = line.remote().url();
    let heads = heads(line.session()?, url, target)?;
    line.fetch(repository, heads.base(target), progress)
        .map(|()| heads)
}

/// Whether the server answered that it does not have the object, or does not give it out.
fn is_gone(error: &git_remote::Error) -> bool {
    matches!(
        error,
        git_remote::Error::ObjectNotFound { .. } | git_remote::Error::Refused { .. }
    )
}

/// Asks the remote for the references that the target needs, and for no others.
pub(crate) fn heads(
    session: &mut Session,
    remote: &RemoteUrl,
    target: &Target,
) -> Result<Heads, PlanError> {
    let push_branch = format!("refs/heads/{}", target.push_branch);
    let wanted = match &target.checkout {
        Checkout::Branch(branch) => format!("refs/heads/{branch}"),
        Checkout::Tag(tag) => format!("refs/tags/{tag}"),
        Checkout::Semver(_) => "refs/tags/".to_owned(),
        Checkout::Name(name) => name.clone(),
        Checkout::Commit(_) => push_branch.clone(),
    };
    let refs = session
        .refs(&[&wanted, &push_branch])
        .map_err(PlanError::ListReferences)?;
    let find = |name: &str| {
        refs.iter()
            .find(|reference| reference.name == name)
            .map(RemoteRef::commit)
    };
    let mut tag = None;
    let checkout = match &target.checkout {
        Checkout::Branch(_) | Checkout::Tag(_) | Checkout::Name(_) => match find(&wanted) {
            Some(commit) => commit,
            // Asked for by name, the remote tells a missing reference from an empty repository.
            None => session
                .find_ref(&wanted)
                .map_err(PlanError::ListReferences)?
                .commit(),
        },
        Checkout::Semver(range) => {
            let highest = highest(range, &refs)?.ok_or_else(|| PlanError::NoTagInRange {
                range: range.clone(),
                remote: remote.to_string(),
            })?;
            tag = Some(highest.0.into());
            highest.1
        }
        Checkout::Commit(commit) => {
            ObjectId::from_hex(commit.as_bytes()).map_err(|_| PlanError::ParseCommit {
                commit: commit.clone(),
            })?
        }
    };
    Ok(Heads {
        checkout,
        tag,
        push: find(&push_branch),
    })
}

/// The highest tag in a range, and its commit.
fn highest<'a>(
    range: &str,
    refs: &'a [RemoteRef],
) -> Result<Option<(&'a str, ObjectId)>, PlanError> {
    let constraint = Constraint::parse(range).map_err(|source| PlanError::ParseSemver {
        range: range.to_owned(),
        source,
    })?;
    let tags = || {
        refs.iter()
            .filter_map(|reference| Some((reference.name.strip_prefix("refs/tags/")?, reference)))
    };
    let highest = tag_policy::highest_semver(&constraint, tags().map(|(tag, _)| tag));
    Ok(tags()
        .find(|(tag, _)| Some(*tag) == highest)
        .map(|(tag, reference)| (tag, reference.commit())))
}
