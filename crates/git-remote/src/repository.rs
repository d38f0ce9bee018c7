//! One bare repository of the cache: what it holds, and how it changes.

use std::{
    fs,
    io::{self, BufRead},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use gix::{
    ObjectId,
    objs::{Exists as _, Find as _, FindExt as _, FindHeader as _, Kind, Write as _},
    odb,
};
use gix_zlib::Compression;

use crate::{
    cache::Lock,
    commit::{self, CommitRequest, NewCommit, Seal},
    error::{Cause, Error},
    objects::{self, Object},
    tree,
};

/// From this number of objects on, they are written as a pack, not each as a file.
const PACK_FROM: usize = 32;
/// Holds the id of the commit that was fetched last: what the next fetch builds on.
const TIP: &str = "tip";
/// Says that objects are missing which should be there.
const DAMAGED: &str = "damaged";
/// Says that the server does not give out blobs by id, so that commits are fetched with them.
const WITH_BLOBS: &str = "with-blobs";

/// One bare repository of the cache, locked for this process while it lives.
///
/// It holds commits and trees, and those blobs that were kept. Everything in it can be fetched again.
pub struct Repository {
    dir: PathBuf,
    odb: odb::Handle,
    _lock: Lock,
}

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// The path from the root, with `/`.
    pub path: String,
    /// The content; of a submodule the commit.
    pub blob: ObjectId,
    /// What it is.
    pub kind: FileKind,
}

/// What a path of a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    Regular,
    /// A file with the executable bit.
    Executable,
    /// A symbolic link; the blob is its target.
    Symlink,
    /// A commit of another repository.
    Submodule,
}

impl Repository {
    /// Opens the repository in `dir`, which `lock` protects. Its layout must be there.
    pub(crate) fn open(dir: PathBuf, lock: Lock, packs: usize) -> io::Result<Self> {
        // gix has no more slots than it is given at first, and each fetch of this run may add a pack.
        let slots = u16::try_from(packs.saturating_mul(2).saturating_add(256)).unwrap_or(u16::MAX);
        let options = odb::store::init::Options {
            slots: odb::store::init::Slots::Given(slots),
            use_multi_pack_index: false,
            ..Default::default()
        };
        let odb = odb::at_opts(dir.join("objects"), gix::hash::Kind::Sha1, None, options)?;
        Ok(Self {
            dir,
            odb,
            _lock: lock,
        })
    }

    /// Every file of the commit at or under `under` (`""` and `"."`: everything), in the lexical order of the
    /// paths' bytes. `under` may be a file. A path that is no UTF-8 is left out, with a warning.
    pub fn files(&self, commit: ObjectId, under: &str) -> Result<Vec<FileEntry>, Error> {
        tree::files(self, commit, under)
    }

    /// The file at each of these paths of a commit, in their order; `None` where there is none. Reads each directory
    /// on the way to them once, and no other.
    pub fn find_files(
        &self,
        commit: ObjectId,
        paths: &[&str],
    ) -> Result<Vec<Option<FileEntry>>, Error> {
        tree::find(self, commit, paths)
    }

    /// Whether the cache has this blob.
    pub fn has_blob(&self, id: ObjectId) -> bool {
        self.finds(id)
    }

    /// A blob, `None` if the cache does not have it.
    pub fn blob(&self, id: ObjectId) -> Result<Option<Vec<u8>>, Error> {
        let mut buffer = Vec::new();
        match self.odb.try_find(&id, &mut buffer) {
            Ok(None) => Ok(None),
            Ok(Some(object)) if object.kind == Kind::Blob => Ok(Some(buffer)),
            Ok(Some(_)) | Err(_) => Err(self.missing(id)),
        }
    }

    /// Whether the cache has the commit. It never has one without its trees, unless it was damaged.
    pub fn has_commit(&self, id: ObjectId) -> bool {
        self.odb
            .try_header(&id)
            .is_ok_and(|found| found.is_some_and(|header| header.kind == Kind::Commit))
    }

    /// The directory, for small files of the caller's own. They stay when objects are removed to save space,
    /// and vanish with the cache.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes a commit in memory that replaces the content of existing files.
    pub fn commit(&self, request: &CommitRequest<'_>) -> Result<NewCommit, Error> {
        let seal = request.signer.map_or(Seal::Unsigned, Seal::Sign);
        commit::create(self, request, seal)
    }

    /// Makes a commit again, with the signature that it got the first time; the request's signer is not asked.
    pub fn commit_again(
        &self,
        request: &CommitRequest<'_>,
        signature: Option<&str>,
    ) -> Result<NewCommit, Error> {
        commit::create(
            self,
            request,
            signature.map_or(Seal::Unsigned, Seal::Signed),
        )
    }

    /// Takes a commit that was pushed into the cache, so that it need not be fetched. Does nothing where the cache has
    /// not its parent any more, with which it shares most of its trees.
    pub fn adopt(&self, commit: &NewCommit) -> Result<(), Error> {
        if !self.has_commit(commit.parent) {
            return Ok(());
        }
        self.store(&commit.objects)?;
        self.move_tip(commit.id)
    }

    /// Whether the cache has an object, as far as is known without looking at the disk again.
    pub(crate) fn has(&self, id: ObjectId) -> bool {
        self.odb.exists_without_refresh(&id)
    }

    /// Whether the cache has an object, with a look at the disk where that is not known.
    pub(crate) fn finds(&self, id: ObjectId) -> bool {
        self.odb.exists(&id)
    }

    /// Bytes of an object of the cache.
    pub(crate) fn size(&self, id: ObjectId) -> Result<u64, Error> {
        let header = self.odb.try_header(&id).ok().flatten();
        header
            .map(|header| header.size)
            .ok_or_else(|| self.missing(id))
    }

    /// Reads a tree into `buffer`.
    pub(crate) fn tree<'a>(
        &self,
        id: ObjectId,
        buffer: &'a mut Vec<u8>,
    ) -> Result<gix::objs::TreeRefIter<'a>, Error> {
        self.odb
            .find_tree_iter(&id, buffer)
            .map_err(|_| self.missing(id))
    }

    /// The tree of a commit.
    pub(crate) fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, Error> {
        if !self.has_commit(commit) {
            // It may never have been fetched: no damage.
            return Err(Error::Missing {
                id: commit,
                dir: self.dir.clone(),
            });
        }
        let mut buffer = Vec::new();
        let mut found = self
            .odb
            .find_commit_iter(&commit, &mut buffer)
            .map_err(|_| self.missing(commit))?;
        found.tree_id().map_err(|_| self.missing(commit))
    }

    /// The error for an object that should be there. The objects are removed when the repository is next opened.
    pub(crate) fn missing(&self, id: ObjectId) -> Error {
        self.mark_damaged();
        Error::Missing {
            id,
            dir: self.dir.clone(),
        }
    }

    /// Lets the objects be removed when the repository is next opened.
    pub(crate) fn mark_damaged(&self) {
        // Where this fails the directory is gone, which is just as good.
        fs::write(self.dir.join(DAMAGED), "").ok();
    }

    /// Whether the objects of the repository in `dir` cannot be relied on.
    pub(crate) fn is_damaged(dir: &Path) -> bool {
        dir.join(DAMAGED).exists()
    }

    /// Removes every object of the repository in `dir`, and what is known about them. Other files stay.
    pub(crate) fn clear(dir: &Path) -> io::Result<()> {
        for file in [TIP, DAMAGED, "shallow"] {
            remove(fs::remove_file(dir.join(file)))?;
        }
        remove(fs::remove_dir_all(dir.join("objects")))?;
        Self::lay_out(dir)
    }

    /// Creates what makes a directory a bare repository, for gix and for `git`.
    pub(crate) fn lay_out(dir: &Path) -> io::Result<()> {
        for part in ["objects/pack", "objects/info", "refs"] {
            fs::create_dir_all(dir.join(part))?;
        }
        for (file, text) in [
            ("HEAD", "ref: refs/heads/main\n"),
            (
                "config",
                "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
            ),
        ] {
            if !dir.join(file).exists() {
                replace(&dir.join(file), text)?;
            }
        }
        Ok(())
    }

    /// The commit that was fetched last, if it is there.
    pub(crate) fn tip(&self) -> Option<ObjectId> {
        let text = fs::read_to_string(self.dir.join(TIP)).ok()?;
        ObjectId::from_hex(text.trim().as_bytes())
            .ok()
            .filter(|id| self.has_commit(*id))
    }

    /// Remembers the commit that was fetched last, and that its parents are missing if it is `shallow`.
    pub(crate) fn set_tip(&self, id: ObjectId, shallow: bool) -> Result<(), Error> {
        let text = format!("{id}\n");
        if shallow {
            replace(&self.dir.join("shallow"), &text)
                .map_err(|error| self.unwritable(error.into()))?;
        }
        replace(&self.dir.join(TIP), &text).map_err(|error| self.unwritable(error.into()))
    }

    /// Remembers a commit that the cache holds already as the one that was fetched last, as [`Self::set_tip`] does.
    pub(crate) fn move_tip(&self, id: ObjectId) -> Result<(), Error> {
        if self.tip() == Some(id) {
            return Ok(());
        }
        self.set_tip(id, self.dir.join("shallow").exists())
    }

    /// Whether commits have to be fetched with their blobs, since the server gives none out by id.
    pub(crate) fn wants_blobs(&self) -> bool {
        self.dir.join(WITH_BLOBS).exists()
    }

    /// Remembers that commits have to be fetched with their blobs.
    pub(crate) fn set_wants_blobs(&self) -> Result<(), Error> {
        replace(&self.dir.join(WITH_BLOBS), "").map_err(|error| self.unwritable(error.into()))
    }

    /// Stores a pack that a server sends. Bases that it lacks are taken from the repository. What is unpacked for it at
    /// once has at most `limit` bytes: few bytes on the wire may stand for many.
    pub(crate) fn write_pack(&self, pack: &mut dyn BufRead, limit: u64) -> Result<(), Cause> {
        let outcome = gix_pack::Bundle::write_to_directory(
            pack,
            Some(&self.dir.join("objects/pack")),
            &mut gix::progress::Discard,
            &AtomicBool::new(false),
            Some(self.odb.clone()),
            gix::hash::Kind::Sha1,
            gix_pack::bundle::write::Options {
                thread_limit: Some(1),
                alloc_limit_bytes: Some(usize::try_from(limit).unwrap_or(usize::MAX)),
                ..Default::default()
            },
        )?;
        if let Some(keep) = outcome.keep_path {
            fs::remove_file(keep)?;
        }
        Ok(())
    }

    /// Stores objects, many of them as one pack.
    pub(crate) fn store(&self, objects: &[Object]) -> Result<(), Error> {
        let written = if objects.len() < PACK_FROM {
            self.store_loose(objects)
        } else {
            self.store_pack(objects)
        };
        written.map_err(|error| self.unwritable(error))
    }

    /// The commit comes last: where it is, its trees are.
    fn store_loose(&self, objects: &[Object]) -> Result<(), Cause> {
        for (id, kind, data) in objects.iter().rev() {
            self.odb.write_buf_with_known_id(*kind, data, *id)?;
        }
        Ok(())
    }

    fn store_pack(&self, objects: &[Object]) -> Result<(), Cause> {
        let pack = objects::encode(objects, Compression::BEST_SPEED)?;
        self.write_pack(&mut pack.as_slice(), u64::MAX)
    }

    /// The error for something that could not be written to the directory.
    pub(crate) fn unwritable(&self, source: Cause) -> Error {
        Error::Cache {
            action: "write to",
            path: self.dir.clone(),
            source,
        }
    }
}

/// Replaces a file in one step.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}

/// What is not there is removed.
pub(crate) fn remove(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
