//! Objects of one kind out of a pack, one after the other: the blobs of one batch, the commits of a history.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io::{self, BufRead},
};

use gix::{ObjectId, objs::Kind};
use gix_pack::data::entry::Header;

use crate::{
    error::Error,
    pack::{Entries, Item, apply_delta},
    session::Oversize,
};

/// Bytes of decoded objects that are held as bases of later deltas. A delta whose base is gone is asked for again.
const MAX_BASES: usize = 32 << 20;

/// Why decoding ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The pack could not be read.
    Wire(io::Error),
    /// The receiver of the objects failed.
    Receiver(Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Wire(error)
    }
}

/// Gets each wanted object once.
pub(crate) type Visit<'a> = dyn FnMut(ObjectId, &[u8]) -> Result<(), Error> + 'a;

/// Takes the objects of one kind.
pub(crate) struct Receiver<'a> {
    /// Blobs or commits.
    pub(crate) kind: Kind,
    /// The objects that are wanted; those that came are removed.
    pub(crate) wanted: HashSet<ObjectId>,
    /// Objects over the limit.
    pub(crate) oversize: Vec<Oversize>,
    /// Bytes of one object.
    pub(crate) limit: u64,
    pub(crate) visit: &'a mut Visit<'a>,
}

impl Receiver<'_> {
    /// Reads a pack to its last entry. The object ids are computed from the content, never believed.
    pub(crate) fn read(&mut self, pack: impl BufRead) -> Result<(), Stop> {
        self.read_with(pack, Bases::new(MAX_BASES))
    }

    fn read_with(&mut self, pack: impl BufRead, mut bases: Bases) -> Result<(), Stop> {
        let mut entries = Entries::new(pack)?;
        while let Some(item) = entries.next()? {
            if let Some(content) = self.content(&mut entries, &item, &bases)? {
                let id = self.deliver(&content)?;
                bases.push(item.offset, id, content);
            }
        }
        Ok(())
    }

    /// The object of an entry; `None` if it is of another kind, too large, or a delta of something that is not there any more.
    fn content<R: BufRead>(
        &mut self,
        entries: &mut Entries<R>,
        item: &Item,
        bases: &Bases,
    ) -> Result<Option<Vec<u8>>, Stop> {
        let base = match item.header {
            header if header.as_kind() == Some(self.kind) => {
                if item.size > self.limit {
                    self.oversize(entries, item.size)?;
                    return Ok(None);
                }
                return Ok(Some(entries.bytes(size(item.size))?));
            }
            Header::OfsDelta { base_distance } => item.offset.checked_sub(base_distance),
            Header::RefDelta { base_id } => bases.offset(base_id),
            Header::Commit | Header::Tree | Header::Blob | Header::Tag => None,
        };
        match base.and_then(|offset| bases.get(offset)) {
            Some(base) if item.size <= self.limit => {
                let delta = entries.bytes(size(item.size))?;
                Ok(apply_delta(base, &delta, self.limit))
            }
            _ => {
                entries.content(item.size, |_| ())?;
                Ok(None)
            }
        }
    }

    /// Learns the id of an object that is too large, without holding it.
    fn oversize<R: BufRead>(&mut self, entries: &mut Entries<R>, bytes: u64) -> Result<(), Stop> {
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(&gix::objs::encode::loose_header(self.kind, bytes));
        entries.content(bytes, |chunk| hasher.update(chunk))?;
        let id = hasher.try_finalize().map_err(io::Error::other)?;
        if self.wanted.remove(&id) {
            self.oversize.push(Oversize { id, bytes });
        }
        Ok(())
    }

    fn deliver(&mut self, content: &[u8]) -> Result<ObjectId, Stop> {
        let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, self.kind, content)
            .map_err(io::Error::other)?;
        if self.wanted.remove(&id) {
            (self.visit)(id, content).map_err(Stop::Receiver)?;
        }
        Ok(id)
    }
}

/// Decoded objects by where they are in the pack, the oldest leaving first.
struct Bases {
    limit: usize,
    contents: HashMap<u64, Vec<u8>>,
    offsets: HashMap<ObjectId, u64>,
    order: VecDeque<(u64, ObjectId)>,
    bytes: usize,
}

impl Bases {
    /// Holds at most `limit` bytes.
    fn new(limit: usize) -> Self {
        Self {
            limit,
            contents: HashMap::new(),
            offsets: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
        }
    }

    fn push(&mut self, offset: u64, id: ObjectId, content: Vec<u8>) {
        self.bytes += content.len();
        self.contents.insert(offset, content);
        self.offsets.insert(id, offset);
        self.order.push_back((offset, id));
        while self.bytes > self.limit {
            let Some((offset, id)) = self.order.pop_front() else {
                break;
            };
            self.offsets.remove(&id);
            self.bytes -= self
                .contents
                .remove(&offset)
                .map_or(0, |content| content.len());
        }
    }

    fn get(&self, offset: u64) -> Option<&[u8]> {
        self.contents.get(&offset).map(Vec::as_slice)
    }

    fn offset(&self, id: ObjectId) -> Option<u64> {
        self.offsets.get(&id).copied()
    }
}

/// A size that was compared with a limit before.
fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
