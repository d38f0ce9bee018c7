//! What is known of a blob id stays true for ever: whether its content carries a marker.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use git_remote::{Keep, ObjectId, Oversize, Repository, Session};

/// Bytes of one record: the object id, and 1 where the blob carries a marker.
const RECORD: usize = 21;
/// A file of more than this many bytes (three million blobs) is begun anew.
const MAX_BYTES: u64 = 64 << 20;

/// Which blobs carry markers, remembered in a small file beside the cached repository.
///
/// The file is a list of fixed-size records that only grows; a torn or foreign tail is ignored, and a file that
/// vanishes costs one more reading of the blobs, nothing else.
#[derive(Debug)]
pub struct BlobIndex {
    path: PathBuf,
    known: HashMap<ObjectId, bool>,
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

    /// Whether the blob carries a marker; `None` when its content was never seen.
    pub fn carries(&self, blob: &ObjectId) -> Option<bool> {
        self.known.get(blob).copied()
    }

    /// Remembers what the content of a blob showed.
    pub fn remember(&mut self, blob: ObjectId, carries: bool) {
        if self.known.insert(blob, carries).is_none() {
            self.fresh.extend_from_slice(blob.as_slice());
            self.fresh.push(u8::from(carries));
        }
    }

    /// Streams the blobs whose content was never seen, remembers what `carries` says of it, and keeps in the cache only
    /// what carries something. `progress` is told how many are read, and of how many. Returns those that are too large to
    /// be read.
    ///
    /// What was learned before a failure stays true and is saved. An index that cannot be written costs time only.
    pub fn learn(
        &mut self,
        session: &mut Session,
        repository: &Repository,
        blobs: impl IntoIterator<Item = ObjectId>,
        carries: impl Fn(&[u8]) -> bool,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<Oversize>, git_remote::Error> {
        // In the order given, which for a tree is close to that of the server's deltas.
        let mut asked = HashSet::new();
        let unseen: Vec<ObjectId> = blobs
            .into_iter()
            .filter(|blob| self.carries(blob).is_none() && asked.insert(*blob))
            .collect();
        let mut done = 0;
        let streamed = session.stream_blobs(repository, &unseen, &mut |blob, content| {
            let carries = carries(content);
            self.remember(blob, carries);
            done += 1;
            progress(done, unseen.len());
            if carries { Keep::Yes } else { Keep::No }
        });
        if let Err(error) = self.save() {
            tracing::warn!(%error, path = %self.path.display(), "cannot write what is known of blobs");
        }
        streamed
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

fn records(bytes: &[u8]) -> HashMap<ObjectId, bool> {
    bytes
        .chunks_exact(RECORD)
        .filter_map(|record| {
            let (id, carries) = record.split_at(RECORD - 1);
            Some((ObjectId::try_from(id).ok()?, carries == [1]))
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
        index.remember(id(1), true);
        index.remember(id(2), false);
        index.save().unwrap();
        index.remember(id(3), true);
        index.save().unwrap();

        let index = BlobIndex::open(dir.path(), "markers");
        assert_eq!(index.carries(&id(1)), Some(true));
        assert_eq!(index.carries(&id(2)), Some(false));
        assert_eq!(index.carries(&id(3)), Some(true));
        assert_eq!(index.carries(&id(4)), None);
    }

    #[test]
    fn a_torn_file_keeps_its_whole_records_and_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut index = BlobIndex::open(dir.path(), "markers");
        index.remember(id(1), true);
        index.save().unwrap();
        let file = dir.path().join("markers");
        let mut bytes = fs::read(&file).unwrap();
        bytes.extend_from_slice(&[2; 7]);
        fs::write(&file, bytes).unwrap();

        let mut index = BlobIndex::open(dir.path(), "markers");
        assert_eq!(index.carries(&id(1)), Some(true));
        index.remember(id(3), false);
        index.save().unwrap();
        assert_eq!(
            BlobIndex::open(dir.path(), "markers").carries(&id(3)),
            Some(false)
        );
    }
}
