//! Blobs that stay in the cache, stored a few megabytes at a time.

use gix::{ObjectId, objs::Kind};

use crate::{error::Error, objects::Object, repository::Repository};

/// Bytes that are held before they are stored.
const MAX_HELD: usize = 16 << 20;

/// Collects blobs for a repository.
pub(crate) struct Keeper<'a> {
    repo: &'a Repository,
    held: Vec<Object>,
    bytes: usize,
}

impl<'a> Keeper<'a> {
    /// Collects blobs for `repo`.
    pub(crate) fn new(repo: &'a Repository) -> Self {
        Self {
            repo,
            held: Vec::new(),
            bytes: 0,
        }
    }

    /// Takes a blob.
    pub(crate) fn push(&mut self, id: ObjectId, content: &[u8]) -> Result<(), Error> {
        self.held.push((id, Kind::Blob, content.to_vec()));
        self.bytes += content.len();
        if self.bytes > MAX_HELD {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Stores what is still held.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.bytes = 0;
        self.repo.store(&std::mem::take(&mut self.held))
    }
}
