//! The files of a commit.

use std::collections::HashMap;

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

/// See [`Repository::find_files`].
pub(crate) fn find(
    repo: &Repository,
    commit: ObjectId,
    paths: &[&str],
) -> Result<Vec<Option<FileEntry>>, Error> {
    let mut search = Search {
        repo,
        commit,
        paths,
        found: vec![None; paths.len()],
    };
    let below: Vec<Wanted<'_>> = paths.iter().copied().map(Some).enumerate().collect();
    search.descend(repo.tree_of(commit)?, &below, 0)?;
    Ok(search.found)
}

/// A path that is looked for: its number, and what is left of it below a directory; nothing where it ended above.
type Wanted<'a> = (usize, Option<&'a str>);

struct Search<'a> {
    repo: &'a Repository,
    commit: ObjectId,
    paths: &'a [&'a str],
    found: Vec<Option<FileEntry>>,
}

impl<'a> Search<'a> {
    fn descend(
        &mut self,
        tree: ObjectId,
        wanted: &[Wanted<'a>],
        depth: usize,
    ) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::Tree {
                commit: self.commit,
                what: "directories nested deeper",
                limit: MAX_DEPTH,
            });
        }
        let mut by_name: HashMap<&str, Vec<Wanted<'a>>> = HashMap::new();
        for (number, path) in wanted {
            let Some(path) = path else { continue };
            let (name, below) = match path.split_once('/') {
                Some((name, below)) => (name, Some(below)),
                None => (*path, None),
            };
            by_name.entry(name).or_default().push((*number, below));
        }
        let mut buffer = Vec::new();
        let repo = self.repo;
        for entry in repo.tree(tree, &mut buffer)? {
            let entry = entry.map_err(|_| repo.missing(tree))?;
            let name = entry.filename.to_str().ok();
            let Some(wanted) = name.and_then(|name| by_name.remove(name)) else {
                continue;
            };
            match kind(entry.mode) {
                Some(kind) => self.note(&wanted, kind, entry.oid.to_owned()),
                None => self.descend(entry.oid.to_owned(), &wanted, depth + 1)?,
            }
            if by_name.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn note(&mut self, wanted: &[Wanted<'a>], kind: FileKind, blob: ObjectId) {
        for (number, _) in wanted.iter().filter(|(_, below)| below.is_none()) {
            self.found[*number] = Some(FileEntry {
                path: self.paths[*number].to_owned(),
                blob,
                kind,
            });
        }
    }
}

/// What an entry is; `None` for a directory.
fn kind(mode: EntryMode) -> Option<FileKind> {
    match mode.kind() {
        EntryKind::Tree => None,
        EntryKind::Blob => Some(FileKind::Regular),
        EntryKind::BlobExecutable => Some(FileKind::Executable),
        EntryKind::Link => Some(FileKind::Symlink),
        EntryKind::Commit => Some(FileKind::Submodule),
    }
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
        let kind = match kind(mode) {
            None if depth == MAX_DEPTH => {
                return Err(self.limit("directories nested deeper", MAX_DEPTH));
            }
            None => return self.descend(path, id, depth + 1),
            Some(kind) => kind,
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
