//! The tree of a commit, a directory at a time.

use gix::{
    ObjectId,
    bstr::ByteSlice as _,
    objs::tree::{EntryKind, EntryMode},
};

use crate::{
    error::Error,
    repository::{FileKind, Repository},
    tree,
};

/// What a path of a commit leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A directory, with the id of its tree: the same id is the same directory, all below it included.
    Directory(ObjectId),
    /// Anything else; of a submodule the id is a commit.
    File(FileKind, ObjectId),
}

impl Node {
    fn new(mode: EntryMode, id: ObjectId) -> Self {
        match mode.kind() {
            EntryKind::Tree => Self::Directory(id),
            EntryKind::Blob => Self::File(FileKind::Regular, id),
            EntryKind::BlobExecutable => Self::File(FileKind::Executable, id),
            EntryKind::Link => Self::File(FileKind::Symlink, id),
            EntryKind::Commit => Self::File(FileKind::Submodule, id),
        }
    }
}

impl Repository {
    /// What `path` of a commit leads to, `""` its root; `None` where there is nothing. Links are not followed.
    pub fn node(&self, commit: ObjectId, path: &str) -> Result<Option<Node>, Error> {
        let mut node = Node::Directory(self.tree_of(commit)?);
        for component in path.split('/').filter(|component| !component.is_empty()) {
            let Node::Directory(tree) = node else {
                return Ok(None);
            };
            match tree::entry(self, tree, component)? {
                Some((mode, id)) => node = Node::new(mode, id),
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// Shows what a directory holds, with the names, in Git's order. A name that is no UTF-8 is left out, with a warning.
    pub fn entries(
        &self,
        directory: ObjectId,
        show: &mut dyn FnMut(&str, Node),
    ) -> Result<(), Error> {
        let mut buffer = Vec::new();
        for entry in self.tree(directory, &mut buffer)? {
            let entry = entry.map_err(|_| self.missing(directory))?;
            match entry.filename.to_str() {
                Ok(name) => show(name, Node::new(entry.mode, entry.oid.to_owned())),
                Err(_) => {
                    tracing::warn!(%directory, name = %entry.filename, "left out a file whose name is not UTF-8");
                }
            }
        }
        Ok(())
    }
}
