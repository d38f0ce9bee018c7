//! The files of a commit.

use gix::{
    ObjectId,
    bstr::{BStr, ByteSlice as _},
    objs::tree::{EntryKind, EntryMode},
};

use crate::{
    error::Error,
    repository::{FileEntry, FileKind, Repository},
};

/// Files of one commit. A few kilobytes of trees that refer to each other can describe any number.
const MAX_FILES: usize = 2_000_000;
/// Directories in each other.
const MAX_DEPTH: usize = 256;

/// See [`Repository::files`].
pub(crate) fn files(
    repo: &Repository,
    commit: ObjectId,
    under: &str,
) -> Result<Vec<FileEntry>, Error> {
    let mut walk = Walk {
        repo,
        commit,
        found: Vec::new(),
        visited: 0,
    };
    let mut start = (EntryMode::from(EntryKind::Tree), repo.tree_of(commit)?);
    let path = normal(under);
    for component in path.split('/').filter(|component| !component.is_empty()) {
        let (mode, id) = start;
        let inner = if mode.is_tree() {
            entry(repo, id, component)?
        } else {
            None
        };
        start = inner.ok_or_else(|| Error::PathNotFound {
            commit,
            path: path.clone(),
        })?;
    }
    walk.visit(&path, start.0, start.1, 0)?;
    Ok(walk.found)
}

/// A path without `.`, and without slashes at its ends. `..` stays: no tree has such an entry.
fn normal(path: &str) -> String {
    let components: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    components.join("/")
}

/// The entry of a tree.
pub(crate) fn entry(
    repo: &Repository,
    tree: ObjectId,
    name: &str,
) -> Result<Option<(EntryMode, ObjectId)>, Error> {
    let mut buffer = Vec::new();
    for entry in repo.tree(tree, &mut buffer)? {
        let entry = entry.map_err(|_| repo.missing(tree))?;
        if entry.filename == name {
            return Ok(Some((entry.mode, entry.oid.to_owned())));
        }
    }
    Ok(None)
}

struct Walk<'a> {
    repo: &'a Repository,
    commit: ObjectId,
    found: Vec<FileEntry>,
    visited: usize,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        path: &str,
        mode: EntryMode,
        id: ObjectId,
        depth: usize,
    ) -> Result<(), Error> {
        self.visited += 1;
        if self.visited > MAX_FILES {
            return Err(self.limit("a commit of more files and directories", MAX_FILES));
        }
        let kind = match mode.kind() {
            EntryKind::Tree if depth == MAX_DEPTH => {
                return Err(self.limit("directories nested deeper", MAX_DEPTH));
            }
            EntryKind::Tree => return self.descend(path, id, depth + 1),
            EntryKind::Blob => FileKind::Regular,
            EntryKind::BlobExecutable => FileKind::Executable,
            EntryKind::Link => FileKind::Symlink,
            EntryKind::Commit => FileKind::Submodule,
        };
        self.found.push(FileEntry {
            path: path.to_owned(),
            blob: id,
            kind,
        });
        Ok(())
    }

    /// Git's order of a tree's entries is the order of the paths below it.
    fn descend(&mut self, path: &str, tree: ObjectId, depth: usize) -> Result<(), Error> {
        let mut buffer = Vec::new();
        let mut child = String::new();
        for entry in self.repo.tree(tree, &mut buffer)? {
            let entry = entry.map_err(|_| self.repo.missing(tree))?;
            if join(&mut child, path, entry.filename) {
                self.visit(&child, entry.mode, entry.oid.to_owned(), depth)?;
            } else {
                tracing::warn!(directory = path, name = %entry.filename, "left out a file whose name is not UTF-8");
            }
        }
        Ok(())
    }

    fn limit(&self, what: &'static str, limit: usize) -> Error {
        Error::Tree {
            commit: self.commit,
            what,
            limit,
        }
    }
}

/// Writes the path of an entry to `out`; `false` if its name is no UTF-8.
fn join(out: &mut String, directory: &str, name: &BStr) -> bool {
    let Ok(name) = name.to_str() else {
        return false;
    };
    out.clear();
    out.push_str(directory);
    if !directory.is_empty() {
        out.push('/');
    }
    out.push_str(name);
    true
}
