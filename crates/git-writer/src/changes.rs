//! What the watches of other kinds say, and whether a plan would care.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use api::annotations::TRACEPARENT;
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt as _};

/// Namespace and name.
pub(crate) type Name = (String, String);

/// The objects of a kind, as far as others depend on them: statuses say nothing.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    seen: HashMap<Name, u64>,
    /// What the listing under way has not named yet.
    unnamed: HashMap<Name, u64>,
}

impl Changes {
    /// Takes in what a watch says; the objects that are news: new, changed in more than their status, or gone.
    pub(crate) fn take_in<K: Resource<DynamicType = ()>>(&mut self, event: &Event<K>) -> Vec<Name> {
        match event {
            Event::Init => {
                self.unnamed = self.seen.clone();
                Vec::new()
            }
            Event::InitApply(object) | Event::Apply(object) => {
                let (name, now) = (full_name(object), fingerprint(object));
                self.unnamed.remove(&name);
                let before = self.seen.insert(name.clone(), now);
                Vec::from_iter((before != Some(now)).then_some(name))
            }
            Event::Delete(object) => {
                let name = full_name(object);
                self.seen.remove(&name);
                vec![name]
            }
            Event::InitDone => {
                let gone: Vec<Name> = self.unnamed.drain().map(|(name, _)| name).collect();
                self.seen.retain(|name, _| !gone.contains(name));
                gone
            }
        }
    }
}

fn full_name(object: &impl Resource) -> Name {
    (object.namespace().unwrap_or_default(), object.name_any())
}

fn fingerprint(object: &impl Resource) -> u64 {
    let meta = object.meta();
    let mut hash = DefaultHasher::new();
    meta.uid.hash(&mut hash);
    meta.generation.hash(&mut hash);
    meta.deletion_timestamp.is_some().hash(&mut hash);
    for annotation in meta.annotations.iter().flatten() {
        if annotation.0 != TRACEPARENT {
            annotation.hash(&mut hash);
        }
    }
    hash.finish()
}

#[cfg(test)]
mod tests {
    use api::image::v1::{
        ImageUpdateAutomation, ImageUpdateAutomationSpec, ImageUpdateAutomationStatus,
    };

    use super::*;

    fn automation(name: &str, generation: i64, annotation: &str) -> ImageUpdateAutomation {
        let mut automation = ImageUpdateAutomation::new(name, ImageUpdateAutomationSpec::default());
        automation.metadata.generation = Some(generation);
        automation
            .annotations_mut()
            .insert(annotation.to_owned(), "x".to_owned());
        automation
    }

    #[test]
    fn only_what_a_plan_depends_on_is_news() {
        let mut changes = Changes::default();
        let mut names = |event: Event<ImageUpdateAutomation>| {
            let mut names: Vec<String> = changes
                .take_in(&event)
                .into_iter()
                .map(|name| name.1)
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(Event::Apply(automation("a", 1, "p"))), ["a"]);
        let mut with_status = automation("a", 1, "p");
        with_status.status = Some(ImageUpdateAutomationStatus::default());
        with_status.metadata.resource_version = Some("2".to_owned());
        assert!(names(Event::Apply(with_status)).is_empty());
        assert_eq!(names(Event::Apply(automation("a", 2, "p"))), ["a"]);
        assert_eq!(names(Event::Apply(automation("a", 2, "q"))), ["a"]);
        assert_eq!(names(Event::Apply(automation("b", 1, "p"))), ["b"]);
        assert!(names(Event::Init).is_empty());
        assert!(names(Event::InitApply(automation("a", 2, "q"))).is_empty());
        assert_eq!(names(Event::InitDone), ["b"]);
        assert_eq!(names(Event::Delete(automation("a", 2, "q"))), ["a"]);
        assert_eq!(names(Event::Apply(automation("a", 2, "q"))), ["a"]);
    }
}
