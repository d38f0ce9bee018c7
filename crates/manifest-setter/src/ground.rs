//! What a pass stands on: a commit in the cache, and a connection to the server where one is needed.

use std::collections::HashSet;

use git_remote::{Node, ObjectId, Remote, Repository, Session};

use crate::{BlobIndex, Content, Knowledge, PlanError, Progress};

/// A remote, and the session with it where one was needed: opened at most once.
pub(crate) struct Line<'a> {
    remote: &'a Remote,
    session: Option<Session>,
}

impl<'a> Line<'a> {
    pub(crate) fn new(remote: &'a Remote) -> Self {
        Self {
            remote,
            session: None,
        }
    }

    pub(crate) fn remote(&self) -> &'a Remote {
        self.remote
    }

    /// Ends the session, which after an error is of no use.
    pub(crate) fn hang_up(&mut self) {
        self.session = None;
    }

    /// The session, opened where it was not.
    pub(crate) fn session(&mut self) -> Result<&mut Session, PlanError> {
        match &mut self.session {
            Some(session) => Ok(session),
            closed @ None => {
                let session = self.remote.connect().map_err(PlanError::Connect)?;
                Ok(closed.insert(session))
            }
        }
    }

    /// Takes a commit and its trees into the cache. Asks nobody where they are there.
    pub(crate) fn fetch(
        &mut self,
        repository: &Repository,
        commit: ObjectId,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), PlanError> {
        if repository.has_commit(commit) {
            return Ok(());
        }
        progress(Progress::Fetching);
        self.session()?
            .fetch_commit(repository, commit)
            .map_err(PlanError::FetchCommit)
    }
}

/// A commit in the cache.
pub(crate) struct Ground<'a> {
    pub(crate) line: Line<'a>,
    pub(crate) repository: &'a Repository,
    pub(crate) knowledge: &'a Knowledge,
    /// The commit whose files are read.
    pub(crate) commit: ObjectId,
    pub(crate) progress: &'a mut dyn FnMut(Progress),
}

impl Ground<'_> {
    /// What a path of the commit leads to.
    pub(crate) fn node(&self, path: &str) -> Result<Option<Node>, PlanError> {
        self.repository
            .node(self.commit, path)
            .map_err(PlanError::ReadTree)
    }

    /// The content of a blob; `None` where the cache does not have it.
    pub(crate) fn blob(&self, blob: ObjectId) -> Result<Option<Vec<u8>>, PlanError> {
        self.repository.blob(blob).map_err(PlanError::ReadTree)
    }

    /// Takes those of the blobs into the cache that it lacks, at once. Returns those that are too large for that.
    pub(crate) fn fetch_blobs(
        &mut self,
        blobs: &[ObjectId],
    ) -> Result<HashSet<ObjectId>, PlanError> {
        let lacking = |blob: &&ObjectId| !self.repository.has_blob(**blob);
        let lacking: Vec<ObjectId> = blobs.iter().filter(lacking).copied().collect();
        if lacking.is_empty() {
            return Ok(HashSet::new());
        }
        let repository = self.repository;
        let oversize = self
            .session()?
            .fetch_blobs(repository, &lacking)
            .map_err(PlanError::FetchBlobs)?;
        Ok(oversize.into_iter().map(|oversize| oversize.id).collect())
    }

    /// Looks for markers in blobs that were never seen.
    pub(crate) fn learn(
        &mut self,
        index: &mut BlobIndex,
        unseen: Vec<ObjectId>,
    ) -> Result<(), PlanError> {
        if unseen.is_empty() {
            return Ok(());
        }
        let repository = self.repository;
        self.session()?;
        let (session, progress) = (self.line.session()?, &mut self.progress);
        let progress = &mut |done, total| progress(Progress::Reading { done, total });
        index
            .learn(session, repository, unseen, judge, progress)
            .map_err(PlanError::FetchBlobs)
    }

    /// The session. Where blobs do not come by id they come with a commit, and it is this one's that will be asked for.
    fn session(&mut self) -> Result<&mut Session, PlanError> {
        let (repository, commit) = (self.repository, self.commit);
        let session = self.line.session()?;
        session
            .fetch_commit(repository, commit)
            .map_err(PlanError::FetchCommit)?;
        Ok(session)
    }

    /// The error of a commit that describes more than is walked.
    pub(crate) fn limit(&self, what: &'static str, limit: usize) -> PlanError {
        PlanError::ReadTree(git_remote::Error::Tree {
            commit: self.commit,
            what,
            limit,
        })
    }
}

fn judge(content: &[u8]) -> Content {
    if !yaml_setter::may_hold_marker(content) {
        Content::Plain
    } else if content.len() > yaml_setter::MAX_FILE_BYTES {
        Content::TooLarge
    } else {
        Content::Carries
    }
}
