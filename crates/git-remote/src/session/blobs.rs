//! Blobs by their ids: asked for in batches, shown one by one, kept or not.

use std::collections::HashSet;

use gix::{ObjectId, objs::Kind};

use super::Session;
use crate::{
    blobs::{Receiver, Stop, Visit},
    error::{Error, Operation},
    fetch::{self, Bounded, Request},
    keeper::Keeper,
    repository::Repository,
};

/// Blobs asked for at once: as many as fit a request of a megabyte, which is what careful proxies let through.
///
/// Few and large requests: a server sends stored deltas as they are where their bases are asked for too, and searches
/// for new ones where they are not. That is most of its work, and decides how long everything takes.
const BATCH: usize = 20_000;

/// Whether a streamed blob stays in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// A blob that was not fetched, since it is over [`Limits::blob_bytes`](crate::Limits::blob_bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oversize {
    /// The blob.
    pub id: ObjectId,
    /// Its size.
    pub bytes: u64,
}

impl Session {
    /// Fetches those of the blobs that the cache lacks, and keeps them in it. Returns those that are too large.
    pub fn fetch_blobs(
        &mut self,
        repo: &Repository,
        ids: &[ObjectId],
    ) -> Result<Vec<Oversize>, Error> {
        // Looks again on the disk: packs that were just written are not known yet.
        let missing = distinct(ids, |id| !repo.finds(id));
        let mut keeper = Keeper::new(repo);
        let streamed = self.stream(&missing, &mut |id, content| keeper.push(id, content));
        keeper.finish()?;
        streamed.or_else(|error| {
            self.fetch_with_blobs(repo, &missing, error)?;
            Ok(Vec::new())
        })
    }

    /// Shows each blob to `keep`, in no particular order and each once, and stores those that it keeps.
    /// Memory is bounded, whatever the size of the repository. Returns those that are too large.
    ///
    /// Where the server gives out no blobs by id, the cache has all of them anyway, and `keep` decides nothing.
    pub fn stream_blobs(
        &mut self,
        repo: &Repository,
        ids: &[ObjectId],
        keep: &mut dyn FnMut(ObjectId, &[u8]) -> Keep,
    ) -> Result<Vec<Oversize>, Error> {
        let missing = distinct(ids, |id| !repo.has(id));
        let mut left = distinct(ids, |id| repo.has(id));
        let mut shown = HashSet::new();
        let mut keeper = Keeper::new(repo);
        let streamed = self.stream(&missing, &mut |id, content| {
            shown.insert(id);
            match keep(id, content) {
                Keep::Yes => keeper.push(id, content),
                Keep::No => Ok(()),
            }
        });
        keeper.finish()?;
        let mut oversize = streamed.or_else(|error| {
            self.fetch_with_blobs(repo, &missing, error)?;
            left.extend(missing.iter().filter(|id| !shown.contains(*id)));
            Ok::<_, Error>(Vec::new())
        })?;
        oversize.extend(self.show(repo, &left, keep)?);
        Ok(oversize)
    }

    /// Where the server refused to give out blobs by id: fetches the last commit with all of its blobs, if that
    /// brings `ids`. Any other error stays one.
    fn fetch_with_blobs(
        &mut self,
        repo: &Repository,
        ids: &[ObjectId],
        error: Error,
    ) -> Result<(), Error> {
        let refused = matches!(error, Error::ObjectNotFound { .. } | Error::Refused { .. });
        let Some(tip) = repo.tip().filter(|_| refused && !repo.wants_blobs()) else {
            return Err(error);
        };
        self.reopen()?;
        let request = Request {
            wants: &[tip],
            shallow: true,
            ..Request::default()
        };
        self.fetch_pack(repo, &request)?;
        if ids.iter().all(|id| repo.finds(*id)) {
            repo.set_wants_blobs()
        } else {
            Err(error)
        }
    }

    /// Shows blobs that are in the cache.
    fn show(
        &self,
        repo: &Repository,
        ids: &[ObjectId],
        keep: &mut dyn FnMut(ObjectId, &[u8]) -> Keep,
    ) -> Result<Vec<Oversize>, Error> {
        let limit = self.wire.context.limits.blob_bytes;
        let mut oversize = Vec::new();
        for &id in ids {
            let bytes = repo.size(id)?;
            if bytes > limit {
                oversize.push(Oversize { id, bytes });
                continue;
            }
            let content = repo.blob(id)?.ok_or_else(|| repo.missing(id))?;
            keep(id, &content);
        }
        Ok(oversize)
    }

    /// Fetches blobs in batches. What a batch did not bring is asked for again, in ever smaller batches.
    fn stream(&mut self, ids: &[ObjectId], visit: &mut Visit<'_>) -> Result<Vec<Oversize>, Error> {
        self.wire.context.deadline.restart();
        let mut oversize = Vec::new();
        let mut batches: Vec<Vec<ObjectId>> = ids.chunks(BATCH).rev().map(<[_]>::to_vec).collect();
        while let Some(batch) = batches.pop() {
            let mut receiver = Receiver {
                kind: Kind::Blob,
                wanted: batch.iter().copied().collect(),
                oversize: Vec::new(),
                limit: self.wire.context.limits.blob_bytes,
                visit: &mut *visit,
            };
            self.receive(&batch, &mut receiver)?;
            oversize.append(&mut receiver.oversize);
            // In the order asked for: neighbours in a tree are neighbours in the server's deltas.
            let left: Vec<ObjectId> = batch
                .iter()
                .copied()
                .filter(|id| receiver.wanted.contains(id))
                .collect();
            match left.len() {
                0 => {}
                count if count < batch.len() => batches.push(left),
                1 => {
                    return Err(Error::ObjectNotFound {
                        at: self.wire.context.at(Operation::FetchBlobs),
                        id: left[0],
                    });
                }
                count => batches.extend(left.chunks(count.div_ceil(2)).map(<[_]>::to_vec)),
            }
        }
        Ok(oversize)
    }

    /// Fetches one batch.
    fn receive(&mut self, batch: &[ObjectId], receiver: &mut Receiver<'_>) -> Result<(), Error> {
        let context = self.wire.context.clone();
        let request = Request {
            wants: batch,
            ..Request::default()
        };
        fetch::fetch(&mut self.wire, &request, Operation::FetchBlobs, |pack| {
            let what = "a batch of files of more bytes";
            let pack = Bounded::new(pack, context.limits.batch_bytes, what, &context);
            receiver.read(pack).map_err(|stop| match stop {
                Stop::Wire(error) => context.explain(Operation::FetchBlobs, &error),
                Stop::Receiver(error) => error,
            })
        })
    }
}

/// The ids of which `which` is true, each once, in their order.
fn distinct(ids: &[ObjectId], which: impl Fn(ObjectId) -> bool) -> Vec<ObjectId> {
    let mut seen = HashSet::with_capacity(ids.len());
    ids.iter()
        .copied()
        .filter(|id| seen.insert(*id) && which(*id))
        .collect()
}
