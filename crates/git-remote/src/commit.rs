//! Commits made in memory: byte for byte what was asked for, and nothing else.

use std::collections::{BTreeMap, HashSet};

use gix::{
    ObjectId,
    bstr::{BStr, BString, ByteSlice as _},
    objs::{
        Commit, Kind, WriteTo as _,
        tree::{EntryKind, EntryRef},
    },
};

use crate::{
    error::{Cause, Error},
    objects::{self, Object},
    repository::Repository,
    sign::Signer,
};

/// A commit to make on top of another.
#[derive(Debug)]
pub struct CommitRequest<'a> {
    /// The commit it follows.
    pub parent: ObjectId,
    /// Paths that exist in the parent, and their new content. Modes are kept.
    pub files: &'a [(String, Vec<u8>)],
    /// Who wrote it.
    pub author: Identity,
    /// Who committed it.
    pub committer: Identity,
    /// When, in seconds since 1970, UTC.
    pub seconds: i64,
    /// The message, byte for byte.
    pub message: &'a str,
    /// Who signs it.
    pub signer: Option<&'a Signer>,
}

/// A name and an address. `<`, `>` and control characters are removed where they are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// A commit with all of its new objects, in memory.
///
/// Equal requests make equal commits, unless a signature differs each time it is made (ECDSA).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// The commit.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// What it follows.
    pub parent: ObjectId,
    /// Its signature, armored, where it has one.
    pub signature: Option<String>,
    /// Each before what it holds: the commit first.
    pub(crate) objects: Vec<Object>,
}

/// New files by the first component of their path.
type Changes<'a> = BTreeMap<&'a str, &'a [u8]>;

/// Where the signature of a commit comes from.
#[derive(Clone, Copy)]
pub(crate) enum Seal<'a> {
    /// It has none.
    Unsigned,
    /// It is made now.
    Sign(&'a Signer),
    /// It was made before, for the same commit.
    Signed(&'a str),
}

/// See [`Repository::commit`] and [`Repository::commit_again`].
pub(crate) fn create(
    repo: &Repository,
    request: &CommitRequest<'_>,
    seal: Seal<'_>,
) -> Result<NewCommit, Error> {
    let mut changes = Changes::new();
    for (path, content) in request.files {
        check(path)?;
        changes.insert(path, content);
    }
    let mut edit = Edit {
        repo,
        commit: request.parent,
        objects: Vec::new(),
        seen: HashSet::new(),
    };
    let tree = edit.rewrite(repo.tree_of(request.parent)?, "", &changes)?;
    let mut objects = edit.objects;
    let (content, signature) = content(request, tree, seal)?;
    let id = objects::id_of(Kind::Commit, &content).map_err(unwritable)?;
    objects.push((id, Kind::Commit, content));
    objects.reverse();
    Ok(NewCommit {
        id,
        tree,
        parent: request.parent,
        signature,
        objects,
    })
}

/// Refuses what must never be a path of a tree: `..`, `.git` in any spelling, empty components, …
fn check(path: &str) -> Result<(), Error> {
    for component in path.split('/') {
        gix::validate::path::component(
            BStr::new(component),
            None,
            gix::validate::path::component::Options::default(),
        )
        .map_err(|error| Error::InvalidPath {
            path: path.to_owned(),
            problem: error.to_string(),
        })?;
    }
    Ok(())
}

/// The commit object, and its signature if it has one.
fn content(
    request: &CommitRequest<'_>,
    tree: ObjectId,
    seal: Seal<'_>,
) -> Result<(Vec<u8>, Option<String>), Error> {
    let mut commit = Commit {
        tree,
        parents: [request.parent].into_iter().collect(),
        author: request.author.signature(request.seconds),
        committer: request.committer.signature(request.seconds),
        encoding: None,
        message: request.message.into(),
        extra_headers: Vec::new(),
    };
    let signature = match seal {
        Seal::Unsigned => None,
        Seal::Sign(signer) => Some(
            signer
                .sign(&bytes(&commit)?, request.seconds)
                .map_err(|error| Error::Sign(Box::new(error)))?,
        ),
        Seal::Signed(signature) => Some(signature.to_owned()),
    };
    if let Some(signature) = &signature {
        commit
            .extra_headers
            .push(("gpgsig".into(), signature.trim_end().into()));
    }
    Ok((bytes(&commit)?, signature))
}

fn bytes(commit: &Commit) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    commit
        .write_to(&mut bytes)
        .map_err(|error| unwritable(error.into()))?;
    Ok(bytes)
}

/// What the types allow and Git does not.
fn unwritable(source: Cause) -> Error {
    Error::WriteObject { source }
}

impl Identity {
    fn signature(&self, seconds: i64) -> gix::actor::Signature {
        let time = gix::date::Time { seconds, offset: 0 };
        gix::actor::Signature {
            name: clean(&self.name),
            email: clean(&self.email),
            time,
        }
    }
}

/// Without what ends a name or an address in a commit.
fn clean(text: &str) -> BString {
    text.chars()
        .filter(|char| !matches!(char, '<' | '>') && !char.is_control())
        .collect::<String>()
        .trim()
        .into()
}

/// A commit in the making.
struct Edit<'a> {
    repo: &'a Repository,
    commit: ObjectId,
    objects: Vec<Object>,
    seen: HashSet<ObjectId>,
}

impl Edit<'_> {
    /// A copy of `tree`, which is at `directory`, with the changes in it. Only ids change: neither modes nor order.
    fn rewrite(
        &mut self,
        tree: ObjectId,
        directory: &str,
        changes: &Changes<'_>,
    ) -> Result<ObjectId, Error> {
        let mut buffer = Vec::new();
        let repo = self.repo;
        let mut out = Vec::new();
        let mut left = grouped(changes);
        for entry in repo.tree(tree, &mut buffer)? {
            let entry = entry.map_err(|_| repo.missing(tree))?;
            let group = entry
                .filename
                .to_str()
                .ok()
                .and_then(|name| left.remove(name));
            let id = match group {
                Some(group) => self.change(&entry, directory, &group)?,
                None => entry.oid.to_owned(),
            };
            write_entry(&mut out, &entry, id);
        }
        match left.into_iter().next() {
            Some((name, _)) => Err(self.not_found(directory, name)),
            None => self.add(Kind::Tree, out),
        }
    }

    /// The new id of an entry that is changed, or holds what is.
    fn change(
        &mut self,
        entry: &EntryRef<'_>,
        directory: &str,
        group: &Changes<'_>,
    ) -> Result<ObjectId, Error> {
        let name = entry.filename.to_string();
        let path = if directory.is_empty() {
            name
        } else {
            format!("{directory}/{name}")
        };
        let found = match (entry.mode.kind(), group.get("")) {
            (EntryKind::Tree, None) => return self.rewrite(entry.oid.to_owned(), &path, group),
            (EntryKind::Blob | EntryKind::BlobExecutable, Some(content)) if group.len() == 1 => {
                return self.add(Kind::Blob, content.to_vec());
            }
            (EntryKind::Tree, Some(_)) => "a directory",
            (EntryKind::Link, Some(_)) => "a symbolic link",
            (EntryKind::Commit, Some(_)) => "a submodule",
            (_, None) | (EntryKind::Blob | EntryKind::BlobExecutable, Some(_)) => {
                let below = group
                    .keys()
                    .find(|below| !below.is_empty())
                    .copied()
                    .unwrap_or_default();
                return Err(self.not_found(&path, below));
            }
        };
        Err(Error::NotAFile {
            commit: self.commit,
            path,
            found,
        })
    }

    fn add(&mut self, kind: Kind, content: Vec<u8>) -> Result<ObjectId, Error> {
        let id = objects::id_of(kind, &content).map_err(unwritable)?;
        if self.seen.insert(id) {
            self.objects.push((id, kind, content));
        }
        Ok(id)
    }

    fn not_found(&self, directory: &str, below: &str) -> Error {
        let path = format!("{directory}/{below}")
            .trim_start_matches('/')
            .to_owned();
        Error::PathNotFound {
            commit: self.commit,
            path,
        }
    }
}

/// Changes by the first component of their paths; the path itself becomes the empty one.
fn grouped<'a>(changes: &Changes<'a>) -> BTreeMap<&'a str, Changes<'a>> {
    let mut groups: BTreeMap<&str, Changes<'_>> = BTreeMap::new();
    for (path, content) in changes {
        let (name, below) = path.split_once('/').unwrap_or((path, ""));
        groups.entry(name).or_default().insert(below, content);
    }
    groups
}

/// `<mode> <name>\0<id>`, the mode as it was.
fn write_entry(out: &mut Vec<u8>, entry: &EntryRef<'_>, id: ObjectId) {
    out.extend_from_slice(entry.mode.as_bytes(&mut [0; 6]));
    out.push(b' ');
    out.extend_from_slice(entry.filename);
    out.push(0);
    out.extend_from_slice(id.as_slice());
}
