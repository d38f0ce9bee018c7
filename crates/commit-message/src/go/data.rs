//! The model as Go values: the data of today's Flux (`.Changed`) and that of the guide's time (`.Updated`).
//!
//! Names and types are those of Flux, down to what `%T` and `%v` print. Lists that Flux leaves in random order
//! are ordered by file, object and position.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::fault::RemovedField;
use super::record::{Member, Record, Role, Shape};
use super::value::{List, Map, MapShape, Value};
use crate::model::{Change, Image, Model, NamespacedName, ObjectId, all_changes, merged_objects};

const fn field(name: &'static str) -> Member {
    Member {
        name,
        role: Role::Field,
        json: None,
    }
}

const fn field_in_json(name: &'static str, json: &'static str) -> Member {
    Member {
        name,
        role: Role::Field,
        json: Some(json),
    }
}

const fn embedded(name: &'static str) -> Member {
    Member {
        name,
        role: Role::Embedded,
        json: None,
    }
}

const fn method(name: &'static str) -> Member {
    Member {
        name,
        role: Role::Method,
        json: None,
    }
}

static TEMPLATE_DATA: Shape = Shape {
    name: "source.TemplateData",
    members: &[
        field("AutomationObject"),
        field("Updated"),
        field("Changed"),
        field("Values"),
    ],
};

static NAMESPACED_NAME: Shape = Shape {
    name: "types.NamespacedName",
    members: &[field("Namespace"), field("Name"), method("String")],
};

static RESULT: Shape = Shape {
    name: "update.Result",
    members: &[field("Files"), method("Objects"), method("Images")],
};

static FILE_RESULT: Shape = Shape {
    name: "update.FileResult",
    members: &[field("Objects")],
};

static RESULT_V2: Shape = Shape {
    name: "update.ResultV2",
    members: &[
        Member {
            name: "ImageResult",
            role: Role::Removed(RemovedField {
                field: ".Changed.ImageResult",
                instead: "'.Changed.FileChanges' or '.Changed.Objects'",
            }),
            json: None,
        },
        field("FileChanges"),
        method("Objects"),
        method("Changes"),
    ],
};

static OBJECT_IDENTIFIER: Shape = Shape {
    name: "update.ObjectIdentifier",
    members: &[embedded("ResourceIdentifier")],
};
static RESOURCE_IDENTIFIER: Shape = Shape {
    name: "yaml.ResourceIdentifier",
    members: &[embedded("TypeMeta"), embedded("NameMeta")],
};
static TYPE_META: Shape = Shape {
    name: "yaml.TypeMeta",
    members: &[
        field_in_json("APIVersion", "apiVersion"),
        field_in_json("Kind", "kind"),
    ],
};
static NAME_META: Shape = Shape {
    name: "yaml.NameMeta",
    members: &[
        field_in_json("Name", "name"),
        field_in_json("Namespace", "namespace"),
    ],
};

static CHANGE: Shape = Shape {
    name: "update.Change",
    members: &[field("OldValue"), field("NewValue"), field("Setter")],
};

static IMAGE_REF: Shape = Shape {
    name: "update.imageRef",
    members: &[
        method("String"),
        method("Identifier"),
        method("Repository"),
        method("Registry"),
        method("Name"),
        method("Policy"),
    ],
};

const IMAGE_REFS: &str = "update.ImageRef";
const CHANGES: &str = "update.Change";

static VALUES: MapShape = MapShape {
    name: "map[string]string",
    key: "string",
    zero: || Value::text(""),
};
static FILES: MapShape = MapShape {
    name: "map[string]update.FileResult",
    key: "string",
    zero: || {
        record(
            &FILE_RESULT,
            vec![Value::Map(Map::new(Vec::new(), &OBJECT_IMAGES))],
        )
    },
};
static OBJECT_IMAGES: MapShape = MapShape {
    name: "map[update.ObjectIdentifier][]update.ImageRef",
    key: "update.ObjectIdentifier",
    zero: || Value::List(List::of_model(Vec::new(), IMAGE_REFS)),
};
static FILE_CHANGES: MapShape = MapShape {
    name: "map[string]update.ObjectChanges",
    key: "string",
    zero: || Value::Map(Map::new(Vec::new(), &OBJECT_CHANGES)),
};
static OBJECT_CHANGES: MapShape = MapShape {
    name: "update.ObjectChanges",
    key: "update.ObjectIdentifier",
    zero: || Value::List(List::of_model(Vec::new(), CHANGES)),
};

fn record(shape: &'static Shape, members: Vec<Value>) -> Value {
    Value::Record(Rc::new(Record {
        shape,
        members: members.into(),
    }))
}

/// What a template's `.` is.
pub(super) fn root(model: &Model) -> Value {
    let parts = Parts::new(model);
    record(
        &TEMPLATE_DATA,
        vec![
            namespaced_name(&model.automation),
            parts.updated(model),
            parts.changed(model),
            Value::Map(Map::new(
                model
                    .values
                    .iter()
                    .map(|(key, value)| (Value::text(key), Value::text(value)))
                    .collect(),
                &VALUES,
            )),
        ],
    )
}

/// The values that several fields share.
struct Parts<'m> {
    objects: BTreeMap<&'m ObjectId, Value>,
    changes: BTreeMap<&'m Change, Value>,
    images: BTreeMap<(&'m str, &'m str), Vec<Value>>,
}

impl<'m> Parts<'m> {
    fn new(model: &'m Model) -> Self {
        let mut images: BTreeMap<_, Vec<Value>> = BTreeMap::new();
        for image in &model.images {
            let policy = (image.policy.namespace.as_str(), image.policy.name.as_str());
            images.entry(policy).or_default().push(image_ref(image));
        }
        let objects = model
            .files
            .values()
            .flat_map(BTreeMap::keys)
            .map(|id| (id, object_identifier(id)))
            .collect();
        let changes = all_changes(model)
            .map(|known| (known, change(known)))
            .collect();
        Self {
            objects,
            changes,
            images,
        }
    }

    fn object(&self, id: &ObjectId) -> Value {
        self.objects.get(id).cloned().unwrap_or(Value::Nil)
    }

    fn change_list<'c, C: Iterator<Item = &'c Change>>(&self, changes: C) -> Value {
        let items = changes
            .filter_map(|change| self.changes.get(change).cloned())
            .collect();
        Value::List(List::of_model(items, CHANGES))
    }

    /// The distinct images that changes brought, in their order.
    fn image_list<'c, C: Iterator<Item = &'c Change>>(&self, changes: C) -> Value {
        let mut seen = BTreeSet::new();
        let policies = changes
            .filter_map(Change::policy)
            .filter(|policy| seen.insert(*policy));
        let images = policies
            .filter_map(|policy| self.images.get(&policy))
            .flatten()
            .cloned();
        Value::List(List::of_model(images.collect(), IMAGE_REFS))
    }

    fn changed(&self, model: &Model) -> Value {
        let object_changes = |objects: &BTreeMap<ObjectId, Vec<Change>>| {
            let entries = objects
                .iter()
                .map(|(id, changes)| (self.object(id), self.change_list(changes.iter())));
            Value::Map(Map::new(entries.collect(), &OBJECT_CHANGES))
        };
        let files = model
            .files
            .iter()
            .map(|(name, objects)| (Value::text(name), object_changes(objects)));
        let merged = merged_objects(model);
        let objects = merged
            .iter()
            .map(|(id, changes)| (self.object(id), self.change_list(changes.iter().copied())));
        let mut seen = BTreeSet::new();
        let distinct = all_changes(model).filter(|change| seen.insert(*change));
        record(
            &RESULT_V2,
            vec![
                Value::Nil,
                Value::Map(Map::new(files.collect(), &FILE_CHANGES)),
                Value::Map(Map::new(objects.collect(), &OBJECT_CHANGES)),
                self.change_list(distinct),
            ],
        )
    }

    fn updated(&self, model: &Model) -> Value {
        let object_images = |objects: &BTreeMap<ObjectId, Vec<Change>>| {
            let entries = objects
                .iter()
                .map(|(id, changes)| (self.object(id), self.image_list(changes.iter())));
            record(
                &FILE_RESULT,
                vec![Value::Map(Map::new(entries.collect(), &OBJECT_IMAGES))],
            )
        };
        let files = model
            .files
            .iter()
            .map(|(name, objects)| (Value::text(name), object_images(objects)));
        let merged = merged_objects(model);
        let objects = merged
            .iter()
            .map(|(id, changes)| (self.object(id), self.image_list(changes.iter().copied())));
        record(
            &RESULT,
            vec![
                Value::Map(Map::new(files.collect(), &FILES)),
                Value::Map(Map::new(objects.collect(), &OBJECT_IMAGES)),
                self.image_list(all_changes(model)),
            ],
        )
    }
}

fn namespaced_name(name: &NamespacedName) -> Value {
    record(
        &NAMESPACED_NAME,
        vec![
            Value::text(&name.namespace),
            Value::text(&name.name),
            Value::text(format!("{}/{}", name.namespace, name.name)),
        ],
    )
}

fn object_identifier(id: &ObjectId) -> Value {
    let type_meta = record(
        &TYPE_META,
        vec![Value::text(&id.api_version), Value::text(&id.kind)],
    );
    let name_meta = record(
        &NAME_META,
        vec![Value::text(&id.name), Value::text(&id.namespace)],
    );
    record(
        &OBJECT_IDENTIFIER,
        vec![record(&RESOURCE_IDENTIFIER, vec![type_meta, name_meta])],
    )
}

fn change(change: &Change) -> Value {
    record(
        &CHANGE,
        vec![
            Value::text(&change.old_value),
            Value::text(&change.new_value),
            Value::text(&change.setter),
        ],
    )
}

fn image_ref(image: &Image) -> Value {
    record(
        &IMAGE_REF,
        vec![
            Value::text(&image.reference),
            Value::text(&image.identifier),
            Value::text(&image.repository),
            Value::text(&image.registry),
            Value::text(&image.name),
            namespaced_name(&image.policy),
        ],
    )
}
