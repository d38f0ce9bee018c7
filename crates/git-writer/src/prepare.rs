//! The commit of a plan on the head of its branch, in memory.

use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{
    Cache, CommitRequest, Error, Identity, NewCommit, ObjectId, Remote, Repository, Session,
    Signer, SignerError,
};
use k8s_openapi::jiff::Timestamp;

use crate::journal::Sent;
use crate::{WriteError, check};

/// What a plan is written with.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) remote: &'a Remote,
    pub(crate) cache: &'a Cache,
    pub(crate) plan: &'a ImageUpdatePlan,
    pub(crate) signer: Option<&'a Signer>,
    /// The date of the commit.
    pub(crate) seconds: i64,
}

/// Makes the commit of a plan on `parent`, and gives its date with it. Where that is the commit that may have been sent
/// before, it is made again byte for byte.
///
/// Asks nothing of the server when the parent and the files are in the cache. Holds the lock of the cache meanwhile,
/// and not longer: what is pushed is in memory.
pub(crate) fn commit(
    job: Job<'_>,
    parent: ObjectId,
    sent: Option<&Sent>,
) -> Result<(NewCommit, i64), WriteError> {
    match build(job, parent, sent) {
        // The cache said that it has what it has not. Opened again, it starts anew.
        Err(WriteError::Read(Error::Missing { .. })) => build(job, parent, sent),
        other => other,
    }
}

fn build(
    job: Job<'_>,
    parent: ObjectId,
    sent: Option<&Sent>,
) -> Result<(NewCommit, i64), WriteError> {
    let mut source = Source::open(job.remote, job.cache)?;
    source.need_commit(parent)?;
    let blobs = check::same_blobs(job.plan, &source.repository, parent)?;
    source.need_blobs(job.plan, parent, &blobs)?;
    let files = check::contents(job.plan, &source.repository, &blobs)?;
    let author = Identity {
        name: job.plan.spec.author.name.clone(),
        email: job.plan.spec.author.email.clone(),
    };
    let request = CommitRequest {
        parent,
        files: &files,
        committer: author.clone(),
        author,
        seconds: job.seconds,
        message: &job.plan.spec.message,
        signer: job.signer,
    };
    if let Some(sent) = sent.filter(|sent| sent.parent == parent)
        && let Some(same) = again(&source.repository, &request, sent)?
    {
        return Ok((same, sent.seconds));
    }
    dated(&source.repository, request).map_err(WriteError::Commit)
}

/// The commit and its date. A key that is younger than the plan, which may have waited for an approval, cannot sign at the
/// plan's date: then it is now.
fn dated(
    repository: &Repository,
    mut request: CommitRequest<'_>,
) -> Result<(NewCommit, i64), Error> {
    let mut commit = repository.commit(&request);
    if let Err(Error::Sign(problem)) = &commit
        && matches!(**problem, SignerError::NotValidAt { .. })
    {
        request.seconds = Timestamp::now().as_second();
        commit = repository.commit(&request);
    }
    Ok((commit?, request.seconds))
}

/// The commit that may have been sent before, if the plan still leads to it and its key is the one that signs now: what a
/// server refuses for its signature would be refused with any other key.
fn again(
    repository: &Repository,
    request: &CommitRequest<'_>,
    sent: &Sent,
) -> Result<Option<NewCommit>, WriteError> {
    let request = CommitRequest {
        author: request.author.clone(),
        committer: request.committer.clone(),
        seconds: sent.seconds,
        ..*request
    };
    let signature = sent.signature.as_deref();
    let same_key = match (request.signer, signature) {
        (Some(signer), Some(signature)) => signer.is_named_in(signature),
        (signer, signature) => signer.is_none() && signature.is_none(),
    };
    if !same_key {
        return Ok(None);
    }
    let commit = repository
        .commit_again(&request, signature)
        .map_err(WriteError::Commit)?;
    Ok(Some(commit).filter(|commit| commit.id == sent.commit))
}

/// The cached repository, and a conversation with the server when there is something to ask for.
pub(crate) struct Source<'a> {
    remote: &'a Remote,
    session: Option<Session>,
    pub(crate) repository: Repository,
}

impl<'a> Source<'a> {
    pub(crate) fn open(remote: &'a Remote, cache: &Cache) -> Result<Self, WriteError> {
        Ok(Self {
            remote,
            session: None,
            repository: cache.repository(remote).map_err(WriteError::Read)?,
        })
    }

    /// Sees to it that the cache has a commit and its trees.
    pub(crate) fn need_commit(&mut self, commit: ObjectId) -> Result<(), WriteError> {
        if self.repository.has_commit(commit) {
            return Ok(());
        }
        self.fetch_commit(commit)
    }

    /// Sees to it that the cache has these blobs of a commit.
    pub(crate) fn need_blobs(
        &mut self,
        plan: &ImageUpdatePlan,
        commit: ObjectId,
        blobs: &[ObjectId],
    ) -> Result<(), WriteError> {
        if blobs.iter().all(|blob| self.repository.has_blob(*blob)) {
            return Ok(());
        }
        // Where the server gives out no blobs by id, they come with the commit that was fetched last.
        self.fetch_commit(commit)?;
        let repository = &self.repository;
        let session = session(&mut self.session, self.remote)?;
        let oversize = session
            .fetch_blobs(repository, blobs)
            .map_err(WriteError::Read)?;
        match oversize.first() {
            None => Ok(()),
            Some(oversize) => Err(WriteError::TooLarge {
                path: check::path_of(plan, oversize.id),
                bytes: oversize.bytes,
            }),
        }
    }

    fn fetch_commit(&mut self, commit: ObjectId) -> Result<(), WriteError> {
        session(&mut self.session, self.remote)?
            .fetch_commit(&self.repository, commit)
            .map_err(WriteError::Read)
    }
}

fn session<'s>(
    open: &'s mut Option<Session>,
    remote: &Remote,
) -> Result<&'s mut Session, WriteError> {
    match open {
        Some(session) => Ok(session),
        None => Ok(open.insert(remote.connect().map_err(WriteError::Read)?)),
    }
}
