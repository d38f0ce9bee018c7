//! The model as JSON, with the names of the Go engine's data.
//!
//! ```text
//! AutomationObject.Namespace, .Name
//! Changed.FileChanges   file name → [{Object, Changes}]
//! Changed.Objects       [{Object, Changes}]
//! Changed.Changes       [{OldValue, NewValue, Setter}]
//! Updated.Files         file name → {Objects: [{Object, Images}]}
//! Updated.Objects       [{Object, Images}]
//! Updated.Images        [{String, Identifier, Repository, Registry, Name, Policy}]
//! Values                name → text
//! ```
//!
//! `Object` is `{APIVersion, Kind, Name, Namespace}`. JSON has no maps keyed by objects, hence the lists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::model::{Change, Image, Model, NamespacedName, ObjectId, all_changes, merged_objects};

pub(super) fn root(model: &Model) -> Json {
    let images = ImagesByPolicy::new(model);
    let merged = merged_objects(model);
    let mut seen = BTreeSet::new();
    let distinct: Vec<Json> = all_changes(model)
        .filter(|change| seen.insert(*change))
        .map(change)
        .collect();
    json!({
        "AutomationObject": namespaced_name(&model.automation),
        "Changed": {
            "FileChanges": by_file(model, |objects| objects.iter().map(|(id, changes)| with_changes(id, changes)).collect()),
            "Objects": merged.iter().map(|(id, changes)| with_changes(id, changes.iter().copied())).collect::<Json>(),
            "Changes": distinct,
        },
        "Updated": {
            "Files": by_file(model, |objects| json!({
                "Objects": objects.iter().map(|(id, changes)| images.with_images(id, changes.iter())).collect::<Json>(),
            })),
            "Objects": merged.iter().map(|(id, changes)| images.with_images(id, changes.iter().copied())).collect::<Json>(),
            "Images": images.list(all_changes(model)),
        },
        "Values": model.values,
    })
}

fn by_file(model: &Model, content: impl Fn(&BTreeMap<ObjectId, Vec<Change>>) -> Json) -> Json {
    Json::Object(
        model
            .files
            .iter()
            .map(|(name, objects)| (name.clone(), content(objects)))
            .collect(),
    )
}

fn namespaced_name(name: &NamespacedName) -> Json {
    json!({ "Namespace": name.namespace, "Name": name.name })
}

fn object(id: &ObjectId) -> Json {
    json!({ "APIVersion": id.api_version, "Kind": id.kind, "Name": id.name, "Namespace": id.namespace })
}

fn change(change: &Change) -> Json {
    json!({ "OldValue": change.old_value, "NewValue": change.new_value, "Setter": change.setter })
}

fn with_changes<'c, C: IntoIterator<Item = &'c Change>>(id: &ObjectId, changes: C) -> Json {
    json!({ "Object": object(id), "Changes": changes.into_iter().map(change).collect::<Json>() })
}

struct ImagesByPolicy<'m>(BTreeMap<(&'m str, &'m str), Vec<&'m Image>>);

impl<'m> ImagesByPolicy<'m> {
    fn new(model: &'m Model) -> Self {
        let mut by_policy: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for image in &model.images {
            let policy = (image.policy.namespace.as_str(), image.policy.name.as_str());
            by_policy.entry(policy).or_default().push(image);
        }
        Self(by_policy)
    }

    fn list<'c, C: Iterator<Item = &'c Change>>(&self, changes: C) -> Json {
        let mut seen = BTreeSet::new();
        let policies = changes
            .filter_map(Change::policy)
            .filter(|policy| seen.insert(*policy));
        policies
            .filter_map(|policy| self.0.get(&policy))
            .flatten()
            .map(|found| image(found))
            .collect()
    }

    fn with_images<'c, C: Iterator<Item = &'c Change>>(&self, id: &ObjectId, changes: C) -> Json {
        json!({ "Object": object(id), "Images": self.list(changes) })
    }
}

fn image(image: &Image) -> Json {
    json!({
        "String": image.reference,
        "Identifier": image.identifier,
        "Repository": image.repository,
        "Registry": image.registry,
        "Name": image.name,
        "Policy": namespaced_name(&image.policy),
    })
}
