//! Which object a value belongs to: noted while the file is walked, asked when a marker is found.

use crate::layout::{Layout, Object, Purpose, Role, Slot};
use crate::marker::ObjectId;
use crate::source::Source;

/// The most characters of a key or a name that are kept: names in Kubernetes have at most 253, and every
/// marker of a file repeats those of its object and path.
const MAX_NAME: usize = 256;

impl Layout {
    /// What a new container is for, and the object it belongs to.
    pub(crate) fn purpose(&mut self, slot: Slot, is_mapping: bool) -> (Purpose, usize) {
        let Some(around) = slot.container.map(|container| &self.containers[container]) else {
            return (Purpose::Object, self.new_object(None));
        };
        let (object, around) = (around.object, around.purpose);
        let key = if slot.role == Role::Value {
            self.key_of(slot)
        } else {
            None
        };
        match (around, key) {
            (Purpose::Object, Some("metadata")) if is_mapping => {
                self.objects[object].has_metadata = true;
                (Purpose::Metadata, object)
            }
            (Purpose::Object, Some("items")) if !is_mapping && self.is_in_document(slot) => {
                (Purpose::Items, object)
            }
            (Purpose::Items, _) if is_mapping => (Purpose::Object, self.new_object(Some(object))),
            _ => (Purpose::Other, object),
        }
    }

    /// Adds an object that the next container will be.
    fn new_object(&mut self, list: Option<usize>) -> usize {
        self.objects.push(Object {
            container: self.containers.len(),
            list,
            ..Object::default()
        });
        self.objects.len() - 1
    }

    /// Keeps a value that names the object it is in.
    pub(crate) fn note_identity(&mut self, source: &Source<'_>, number: usize) {
        let slot = self.scalars[number].slot;
        let Some(container) = slot.container.map(|container| &self.containers[container]) else {
            return;
        };
        let (purpose, object) = (container.purpose, container.object);
        if slot.role != Role::Value || !matches!(purpose, Purpose::Object | Purpose::Metadata) {
            return;
        }
        let Some(key) = slot.key.map(|key| self.scalars[key].seen.as_str()) else {
            return;
        };
        let id = &mut self.objects[object].id;
        let part = match (purpose, key) {
            (Purpose::Object, "apiVersion") => &mut id.api_version,
            (Purpose::Object, "kind") => &mut id.kind,
            (Purpose::Metadata, "namespace") => &mut id.namespace,
            (Purpose::Metadata, "name") => &mut id.name,
            _ => return,
        };
        *part = cut(&self.scalars[number].value(source));
    }

    /// Whether the slot is a value directly in the mapping that a document is.
    pub(crate) fn is_in_document(&self, slot: Slot) -> bool {
        let container = slot.container.map(|container| &self.containers[container]);
        slot.role == Role::Value
            && container.is_some_and(|container| container.slot.role == Role::Root)
    }

    /// The key of a value, where that is a scalar.
    pub(crate) fn key_of(&self, slot: Slot) -> Option<&str> {
        slot.key.map(|key| self.scalars[key].seen.as_str())
    }

    /// The object of a scalar, and the scalar's path in it.
    pub(crate) fn address(&self, source: &Source<'_>, scalar: usize) -> (ObjectId, String) {
        let slot = self.scalars[scalar].slot;
        let nearest = slot
            .container
            .map(|container| self.containers[container].object);
        let Some(object) = nearest.map(|object| self.standing_alone(object)) else {
            return (ObjectId::default(), String::new());
        };
        let mut steps = Vec::new();
        let mut at = slot;
        while let Some(container) = at.container {
            steps.push(self.step(source, at));
            if container == object.container {
                break;
            }
            at = self.containers[container].slot;
        }
        steps.reverse();
        (object.id.clone(), steps.concat())
    }

    /// The object itself, or the document around it where it does not look like an item of a List.
    fn standing_alone(&self, object: usize) -> &Object {
        let item = &self.objects[object];
        let Some(list) = item.list.map(|list| &self.objects[list]) else {
            return item;
        };
        let complete =
            item.has_metadata && !item.id.kind.is_empty() && !item.id.api_version.is_empty();
        if complete && list.id.kind.ends_with("List") {
            item
        } else {
            list
        }
    }

    fn step(&self, source: &Source<'_>, slot: Slot) -> String {
        match (slot.role, slot.key) {
            (Role::Item, _) => format!("[{}]", slot.index),
            (_, Some(key)) => key_step(&cut(&self.scalars[key].value(source))),
            (_, None) => ".?".to_owned(),
        }
    }
}

/// `.key`, or `["the key"]` where the key has characters that would make the path ambiguous.
fn key_step(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !key.is_empty() && key.bytes().all(plain) {
        format!(".{key}")
    } else {
        format!("[{key:?}]")
    }
}

fn cut(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}
