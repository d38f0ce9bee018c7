//! What is known of a blob id stays true for ever: whether its content carries what is looked for.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use git_remote::{Keep, ObjectId, Repository, Session};

/// Bytes of one record: the object id, and what the content is, as [`Content`] numbers it.
const RECORD: usize = 21;
/// A file of more than this many bytes (three million blobs) is begun anew.
const MAX_BYTES: u64 = 64 << 20;

/// What the content of a blob is to whoever looks for something in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// What is looked for is not in it.
    Plain = 0,
    /// What is looked for is in it.
    Carries = 1,
    /// It is too large to be read.
    TooLarge = 2,
}

impl From<bool> for Content {
    fn from(carries: bool) -> Self {
        if carries { Self::Carries } else { Self::Plain }
    }
}

impl Content {
    fn of(byte: u8) -> Option<Self> {
        [Self::Plain, Self::Carries, Self::TooLarge]
            .into_iter()
            .find(|content| *content as u8 == byte)
    }
}

/// Which blobs carry what is looked for, remembered in a small file beside the cached repository.
///
/// The file is a list of fixed-size records that only grows; a torn or foreign tail is ignored, and a file that
/// vanishes costs one more reading of the blobs, nothing else.
#[derive(Debug)]
pub struct BlobIndex {
    path: PathBuf,
    known: HashMap<ObjectId, Content>,
    fresh: Vec<u8>,
}

impl BlobIndex {
    /// Reads the index `name` in `dir`; a missing, oversized or unreadable file is an empty one.
    pub fn open(dir: &Path, name: &str) -> Self {
        let path = dir.join(name);
        let usable = fs::metadata(&path).is_ok_and(|file| file.len() <= MAX_BYTES);
        let bytes = if usable {
            fs::read(&path).unwrap_or_default()
        } else {
            Vec::new()
        };
        if !usable || bytes.len() % RECORD != 0 {
            // Appending after a torn record would misread all that follow it.
            fs::remove_file(&path).ok();
        }
        Self {
            path,
            known: records(&bytes),
            fresh: Vec::new(),
        }
    }

    /// What the blob is; `None` when its content was never seen.
    pub fn content(&self, blob: &ObjectId) -> Option<Content> {
        self.known.get(blob).copied()
    }

    /// Remembers what the content of a blob showed.
    pub fn remember(&mut self, blob: ObjectId, content: Content) {
        if self.known.insert(blob, content).is_none() {
            self.fresh.extend_from_slice(blob.as_slice());
            self.fresh.push(content as u8);
        }
    }

    /// Streams the blobs whose content was never seen, remembers what `judge` says of it, and keeps in the cache only
    /// what carries what is looked for. `progress` is told how many are read, and of how many. What the remote's bound
    /// keeps from being read is [`Content::TooLarge`].
    ///
    /// What was learned before a failure stays true and is saved. An index that cannot be written costs time only.
    pub fn learn(
        &mut self,
        session: &mut Session,
        repository: &Repository,
        blobs: impl IntoIterator<Item = ObjectId>,
        judge: impl Fn(&[u8]) -> Content,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), git_remote::Error> {
        let unseen = self.unseen(blobs);
        let mut done = 0;
        let streamed = session.stream_blobs(repository, &unseen, &mut |blob, bytes| {
            let content = judge(bytes);
            self.remember(blob, content);
            done += 1;
            progress(done, unseen.len());
            match content {
                Content::Carries => Keep::Yes,
                Content::Plain | Content::TooLarge => Keep::No,
            }
        });
        for oversize in streamed.iter().flatten() {
            self.remember(oversize.id, Content::TooLarge);
        }
        if let Err(error) = self.save() {
            tracing::warn!(%error, path = %self.path.display(), "cannot write what is known of blobs");
        }
        streamed.map(drop)
    }

    /// Those whose content was never seen, each once, in the order given, which for a tree is close to that of the
    /// server's deltas.
    pub fn unseen(&self, blobs: impl IntoIterator<Item = ObjectId>) -> Vec<ObjectId> {
        let mut asked = HashSet::new();
        blobs
            .into_iter()
            .filter(|blob| self.content(blob).is_none() && asked.insert(*blob))
            .collect()
    }

    /// Appends what was learned since the index was opened, in one write.
    pub fn save(&mut self) -> io::Result<()> {
        if self.fresh.is_empty() {
            return Ok(());
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)?
            .write_all(&self.fresh)?;
        self.fresh.clear();
        Ok(())
    }
}

fn records(bytes: &[u8]) -> HashMap<ObjectId, Content> {
    bytes
        .chunks_exact(RECORD)
        .filter_map(|record| {
            let (content, id) = record.split_last()?;
            Some((ObjectId::try_from(id).ok()?, Content::of(*content)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> ObjectId {
        ObjectId::try_from([byte; 20].as_slice()).unwrap()
    }

    #[test]
    fn what_was_learned_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let mut index = BlobIndex::open(dir.path(), "markers");
        index.remember(id(1), Content::Carries);
        index.remember(id(2), Content::Plain);
        index.save().unwrap();
        index.remember(id(3), Content::TooLarge);
        index.save().unwrap();

        let index = BlobIndex::open(dir.path(), "markers");
        assert_eq!(index.content(&id(1)), Some(Content::Carries));
        assert_eq!(index.content(&id(2)), Some(Content::Plain));
        assert_eq!(index.content(&id(3)), Some(Content::TooLarge));
        assert_eq!(index.content(&id(4)), None);
    }

    #[test]
    fn a_torn_file_keeps_its_whole_records_and_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut index = BlobIndex::open(dir.path(), "markers");
        index.remember(id(1), Content::Carries);
        index.save().unwrap();
        let file = dir.path().join("markers");
        let mut bytes = fs::read(&file).unwrap();
        bytes.extend_from_slice(&[2; 7]);
        fs::write(&file, bytes).unwrap();

        let mut index = BlobIndex::open(dir.path(), "markers");
        assert_eq!(index.content(&id(1)), Some(Content::Carries));
        index.remember(id(3), Content::Plain);
        index.save().unwrap();
        assert_eq!(
            BlobIndex::open(dir.path(), "markers").content(&id(3)),
            Some(Content::Plain)
        );
    }
}
