//! What passes learned that stays true for ever.

use std::collections::HashMap;
use std::sync::Arc;

use git_remote::ObjectId;
use parking_lot::Mutex;
use yaml_setter::{FileEdits, Setters};

/// Bytes of what is known of directories, about.
const MAX_DIRECTORIES: usize = 4 << 20;
/// Bytes of what is known of marked files, about.
const MAX_FILES: usize = 8 << 20;
/// What an entry of a map takes beside its value.
const ENTRY: usize = 64;

/// What passes learned of directories and files, by their object ids: true of every repository, and for ever.
///
/// One for a whole process, shared by reference. With it a pass reads only the directories that changed, and only the
/// files whose policies chose another image. Bounded (about 24 MiB): what was not used for longest is forgotten, and read
/// again when it is needed.
#[derive(Debug)]
pub struct Knowledge {
    directories: Mutex<Recent<Arc<[Child]>>>,
    files: Mutex<Recent<Arc<Reading>>>,
}

impl Default for Knowledge {
    fn default() -> Self {
        Self {
            directories: Mutex::new(Recent::new(MAX_DIRECTORIES)),
            files: Mutex::new(Recent::new(MAX_FILES)),
        }
    }
}

/// What a directory holds that matters to a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    /// Its name in the directory.
    pub(crate) name: Box<str>,
    /// Tree or blob.
    pub(crate) id: ObjectId,
    /// What it is.
    pub(crate) kind: ChildKind,
}

/// Why a child matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildKind {
    /// A directory in which something matters.
    Directory,
    /// A file with the name of a manifest, whose content says the rest.
    Manifest,
    /// A manifest that was not read, since it is too large.
    TooLarge,
    /// A link with the name of a manifest.
    Link,
}

/// What a file says under certain setters.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Every setter that the file names, and what it stood for.
    asked: Vec<(Box<str>, Option<Box<str>>)>,
    /// Its markers, the findings, the edits.
    pub(crate) found: Found,
}

/// What a file has for a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) markers: usize,
    pub(crate) findings: Vec<yaml_setter::Finding>,
    pub(crate) edits: Vec<yaml_setter::Edit>,
}

impl Reading {
    /// Keeps what the file says, and what that depends on: the values of the setters that its markers name, and nothing else.
    pub(crate) fn new(edits: FileEdits, setters: &Setters) -> Self {
        let mut named: Vec<&str> = edits
            .markers
            .iter()
            .map(|marker| marker.setter.as_str())
            .collect();
        named.sort_unstable();
        named.dedup();
        let asked = named
            .into_iter()
            .map(|setter| (setter.into(), setters.value(setter).map(Box::from)));
        Self {
            asked: asked.collect(),
            found: Found {
                markers: edits.markers.len(),
                findings: edits.findings,
                edits: edits.edits,
            },
        }
    }

    fn holds(&self, setters: &Setters) -> bool {
        self.asked
            .iter()
            .all(|(setter, value)| setters.value(setter) == value.as_deref())
    }
}

impl Knowledge {
    /// What matters of a directory: nothing that could be learned of its content is left open.
    pub(crate) fn directory(&self, tree: ObjectId) -> Option<Arc<[Child]>> {
        self.directories.lock().get(&tree)
    }

    pub(crate) fn learn_directory(&self, tree: ObjectId, children: Arc<[Child]>) {
        self.directories.lock().insert(tree, children);
    }

    /// What a file says under these setters, if that is known.
    pub(crate) fn file(&self, blob: ObjectId, setters: &Setters) -> Option<Arc<Reading>> {
        let reading = self.files.lock().get(&blob)?;
        reading.holds(setters).then_some(reading)
    }

    pub(crate) fn learn_file(&self, blob: ObjectId, reading: Arc<Reading>) {
        self.files.lock().insert(blob, reading);
    }
}

/// How many bytes a value takes, about.
trait Weigh {
    fn weight(&self) -> usize;
}

impl Weigh for Arc<[Child]> {
    fn weight(&self) -> usize {
        let names: usize = self.iter().map(|child| child.name.len()).sum();
        names + size_of_val::<[Child]>(self)
    }
}

impl Weigh for Arc<Reading> {
    fn weight(&self) -> usize {
        let asked = self
            .asked
            .iter()
            .map(|(setter, value)| 64 + setter.len() + value.as_deref().map_or(0, str::len));
        let findings = self.found.findings.len() * 256;
        let edits = self.found.edits.iter().map(weight);
        asked.sum::<usize>() + findings + edits.sum::<usize>()
    }
}

/// How many bytes an edit takes, about.
pub(crate) fn weight(edit: &yaml_setter::Edit) -> usize {
    let texts = edit.old.len() + edit.new.len() + edit.old_value.len() + edit.new_value.len();
    512 + texts + edit.field.len()
}

/// A map that forgets what was not used for longest, a generation at a time.
#[derive(Debug)]
struct Recent<V> {
    young: HashMap<ObjectId, V>,
    old: HashMap<ObjectId, V>,
    weight: usize,
    limit: usize,
}

impl<V: Clone + Weigh> Recent<V> {
    /// Holds at most two generations of about `limit` bytes each.
    fn new(limit: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            weight: 0,
            limit,
        }
    }

    fn get(&mut self, id: &ObjectId) -> Option<V> {
        if let Some(value) = self.young.get(id) {
            return Some(value.clone());
        }
        let value = self.old.remove(id)?;
        self.insert(*id, value.clone());
        Some(value)
    }

    fn insert(&mut self, id: ObjectId, value: V) {
        self.weight += ENTRY + value.weight();
        if let Some(before) = self.young.insert(id, value) {
            self.weight -= ENTRY + before.weight();
        }
        if self.weight > self.limit {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
    }
}

#[cfg(test)]
mod tests;
