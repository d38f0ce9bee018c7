//! Which files below a path matter to a pass: those with markers, and links.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use git_remote::{FileKind, Node, ObjectId};

use crate::ground::Ground;
use crate::knowledge::{Child, ChildKind};
use crate::{BlobIndex, Content, PlanError};

/// Name of the [`BlobIndex`] beside the cached repository. A change of what counts as a marker needs a new name.
const INDEX: &str = "repin-markers-1";
/// Directories in each other.
const MAX_DEPTH: usize = 256;
/// Files and directories of one commit. A few kilobytes of trees that refer to each other can describe any number.
const MAX_VISITS: usize = 2_000_000;
/// Files with markers, and links, of one commit.
const MAX_MARKED: usize = 200_000;

/// What matters below a path, by paths from the root of the repository.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Marked {
    /// Files that carry markers, or text that looks like one.
    pub(crate) files: BTreeMap<String, ObjectId>,
    /// Links with the name of a manifest.
    pub(crate) links: BTreeMap<String, ObjectId>,
    /// Manifests that were not read.
    pub(crate) too_large: Vec<String>,
}

/// What matters below `under` in the commit of the pass. Reads the directories that are not known, and streams the files
/// that were never seen.
pub(crate) fn marked(ground: &mut Ground<'_>, under: &str) -> Result<Marked, PlanError> {
    let mut walk = Walk::default();
    let (folder, tree) = match ground.node(under)? {
        Some(Node::Directory(tree)) => {
            walk.read(ground, tree, 0)?;
            (under, tree)
        }
        Some(file @ Node::File(_, blob)) => {
            // It stands in a directory of its own, which goes by the id of the file: no tree has that.
            let (folder, name) = under.rsplit_once('/').unwrap_or(("", under));
            let alone = Child::new(name, file).into_iter().collect();
            walk.unknown.push((blob, alone));
            (folder, blob)
        }
        None => {
            return Err(PlanError::ReadTree(git_remote::Error::PathNotFound {
                commit: ground.commit,
                path: under.to_owned(),
            }));
        }
    };
    walk.learn(ground)?;
    let mut marked = Marked::default();
    walk.gather(ground, (folder, tree), &mut marked)?;
    Ok(marked)
}

impl Child {
    /// `None` for what never matters.
    fn new(name: &str, node: Node) -> Option<Self> {
        let (kind, id) = match node {
            Node::Directory(id) => (ChildKind::Directory, id),
            Node::File(_, _) if !yaml_setter::is_candidate(name) => return None,
            Node::File(FileKind::Regular | FileKind::Executable, id) => (ChildKind::Manifest, id),
            Node::File(FileKind::Symlink, id) => (ChildKind::Link, id),
            Node::File(FileKind::Submodule, _) => return None,
        };
        Some(Self {
            name: name.into(),
            id,
            kind,
        })
    }
}

/// The directories of one commit.
#[derive(Default)]
struct Walk {
    seen: HashSet<ObjectId>,
    visits: usize,
    /// Directories whose manifests may never have been read; a directory comes after those in it.
    unknown: Vec<(ObjectId, Vec<Child>)>,
    known: HashMap<ObjectId, Arc<[Child]>>,
}

impl Walk {
    /// Reads a directory and all below it, as far as it is not known.
    fn read(&mut self, ground: &Ground<'_>, tree: ObjectId, depth: usize) -> Result<(), PlanError> {
        if !self.seen.insert(tree) {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err(ground.limit("directories nested deeper", MAX_DEPTH));
        }
        if let Some(children) = ground.knowledge.directory(tree) {
            self.read_below(ground, &children, depth)?;
            self.known.insert(tree, children);
            return Ok(());
        }
        let mut children = Vec::new();
        ground
            .repository
            .entries(tree, &mut |name, node| {
                children.extend(Child::new(name, node));
            })
            .map_err(PlanError::ReadTree)?;
        self.visit(ground, children.len())?;
        self.read_below(ground, &children, depth)?;
        self.unknown.push((tree, children));
        Ok(())
    }

    fn read_below(
        &mut self,
        ground: &Ground<'_>,
        children: &[Child],
        depth: usize,
    ) -> Result<(), PlanError> {
        children
            .iter()
            .filter(|child| child.kind == ChildKind::Directory)
            .try_for_each(|child| self.read(ground, child.id, depth + 1))
    }

    fn visit(&mut self, ground: &Ground<'_>, count: usize) -> Result<(), PlanError> {
        self.visits += count;
        if self.visits > MAX_VISITS {
            return Err(ground.limit("a commit of more files and directories", MAX_VISITS));
        }
        Ok(())
    }

    /// Looks into every manifest that was never seen, and keeps of each directory what matters.
    fn learn(&mut self, ground: &mut Ground<'_>) -> Result<(), PlanError> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let mut index = BlobIndex::open(ground.repository.dir(), INDEX);
        let children = self.unknown.iter().flat_map(|(_, children)| children);
        let manifests = children.filter(|child| child.kind == ChildKind::Manifest);
        let unseen = index.unseen(manifests.map(|child| child.id));
        ground.learn(&mut index, unseen)?;
        for (tree, children) in std::mem::take(&mut self.unknown) {
            let kept = children
                .into_iter()
                .filter_map(|child| self.judged(&index, child).transpose());
            let kept: Arc<[Child]> = kept.collect::<Result<_, _>>()?;
            ground.knowledge.learn_directory(tree, Arc::clone(&kept));
            self.known.insert(tree, kept);
        }
        Ok(())
    }

    /// The child, where it matters.
    fn judged(&self, index: &BlobIndex, child: Child) -> Result<Option<Child>, PlanError> {
        let matters = match child.kind {
            ChildKind::Directory => self
                .known
                .get(&child.id)
                .is_some_and(|below| !below.is_empty()),
            ChildKind::Link | ChildKind::TooLarge => true,
            ChildKind::Manifest => match index.content(&child.id) {
                Some(Content::Carries) => true,
                Some(Content::Plain) => false,
                Some(Content::TooLarge) => {
                    let kind = ChildKind::TooLarge;
                    return Ok(Some(Child { kind, ..child }));
                }
                None => {
                    return Err(PlanError::MissingBlob {
                        path: child.name.into(),
                        blob: child.id,
                    });
                }
            },
        };
        Ok(matters.then_some(child))
    }

    /// Writes down what matters in a directory and below it, under its path.
    fn gather(
        &mut self,
        ground: &Ground<'_>,
        (path, tree): (&str, ObjectId),
        marked: &mut Marked,
    ) -> Result<(), PlanError> {
        let Some(children) = self.known.get(&tree).map(Arc::clone) else {
            return Ok(());
        };
        self.visit(ground, children.len())?;
        if marked.files.len() + marked.links.len() > MAX_MARKED {
            return Err(ground.limit("more files with markers", MAX_MARKED));
        }
        for child in children.iter() {
            let path = match path {
                "" => child.name.to_string(),
                path => format!("{path}/{}", child.name),
            };
            match child.kind {
                ChildKind::Directory => self.gather(ground, (&path, child.id), marked)?,
                ChildKind::Manifest => {
                    marked.files.insert(path, child.id);
                }
                ChildKind::Link => {
                    marked.links.insert(path, child.id);
                }
                ChildKind::TooLarge => marked.too_large.push(path),
            }
        }
        Ok(())
    }
}
