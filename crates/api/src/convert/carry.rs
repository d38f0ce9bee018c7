//! Keeps what an older version cannot hold, and puts it back.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ConvertError, Members};
use crate::annotations::CARRIED;

/// What conversion does not touch.
const IDENTITY: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// What has to be done to a value that came back from an older version to make it whole again.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Patch {
    /// Members of an object, each with its own patch.
    Fields(BTreeMap<String, Self>),
    /// Items of a list: as they came back, and as they were. Items without a partner stay.
    Items(Vec<(Value, Value)>),
    /// A whole value; applies where `was` still stands there.
    Value {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        is: Option<Value>,
    },
}

/// Notes on `old` by how much `back` falls short of `whole`.
pub(super) fn keep(back: &Members, whole: &Members, old: &mut Members) {
    let patch = fields(&substance(back), &substance(whole));
    if patch.is_empty() {
        return;
    }
    let text = serde_json::to_string(&patch).expect("patches have string keys only");
    let metadata = object_at(old, "metadata");
    object_at(metadata, "annotations").insert(CARRIED.to_owned(), text.into());
}

/// Puts back what an object carries, and removes the annotation.
pub(super) fn restore(object: &mut Members) -> Result<(), ConvertError> {
    let Some(text) = take_annotation(object) else {
        return Ok(());
    };
    let patch: BTreeMap<String, Patch> =
        serde_json::from_str(&text).map_err(|source| ConvertError::Carried {
            annotation: CARRIED,
            source,
        })?;
    let substance = patch
        .into_iter()
        .filter(|(name, _)| !IDENTITY.contains(&name.as_str()));
    apply_fields(object, substance);
    Ok(())
}

/// Removes what an object carries.
pub(super) fn forget(object: &mut Members) {
    take_annotation(object);
}

fn take_annotation(object: &mut Members) -> Option<String> {
    let metadata = object.get_mut("metadata")?.as_object_mut()?;
    let annotations = metadata.get_mut("annotations")?.as_object_mut()?;
    let text = annotations.remove(CARRIED)?;
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
    text.as_str().map(ToOwned::to_owned)
}

fn object_at<'a>(members: &'a mut Members, name: &str) -> &'a mut Members {
    let member = members.entry(name).or_insert(Value::Null);
    if !member.is_object() {
        *member = Value::Object(Map::new());
    }
    member
        .as_object_mut()
        .expect("it has just been made an object")
}

fn substance(object: &Members) -> Members {
    let kept = |name: &&String| !IDENTITY.contains(&name.as_str());
    object
        .iter()
        .filter(|(name, _)| kept(name))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}

fn fields(back: &Members, whole: &Members) -> BTreeMap<String, Patch> {
    let mut patches = BTreeMap::new();
    for (name, is) in whole {
        if let Some(patch) = difference(back.get(name), Some(is)) {
            patches.insert(name.clone(), patch);
        }
    }
    for (name, was) in back.iter().filter(|(name, _)| !whole.contains_key(*name)) {
        patches.insert(
            name.clone(),
            Patch::Value {
                was: Some(was.clone()),
                is: None,
            },
        );
    }
    patches
}

fn difference(back: Option<&Value>, whole: Option<&Value>) -> Option<Patch> {
    match (back, whole) {
        (back, whole) if back == whole => None,
        (Some(Value::Object(back)), Some(Value::Object(whole))) => {
            Some(Patch::Fields(fields(back, whole)))
        }
        (Some(Value::Array(back)), Some(Value::Array(whole))) if back.len() == whole.len() => Some(
            Patch::Items(back.iter().cloned().zip(whole.iter().cloned()).collect()),
        ),
        (was, is) => Some(Patch::Value {
            was: was.cloned(),
            is: is.cloned(),
        }),
    }
}

fn apply_fields(to: &mut Members, patches: impl IntoIterator<Item = (String, Patch)>) {
    for (name, patch) in patches {
        match (patch, to.get_mut(&name)) {
            (Patch::Fields(patches), Some(Value::Object(members))) => {
                apply_fields(members, patches);
            }
            (Patch::Items(pairs), Some(Value::Array(items))) => apply_items(items, pairs),
            (Patch::Value { was, is }, there) if was.as_ref() == there.as_deref() => match is {
                Some(is) => drop(to.insert(name, is)),
                None => drop(to.remove(&name)),
            },
            // Somebody has changed this place through the older version: that wins.
            (Patch::Fields(_) | Patch::Items(_) | Patch::Value { .. }, _) => {}
        }
    }
}

fn apply_items(items: &mut [Value], mut pairs: Vec<(Value, Value)>) {
    for item in items {
        if let Some(index) = pairs.iter().position(|(was, _)| was == item) {
            *item = pairs.remove(index).1;
        }
    }
}

/// Removes null members at every depth.
pub(crate) fn drop_nulls(members: &mut Members) {
    members.retain(|_, value| !value.is_null());
    members.values_mut().for_each(drop_nulls_within);
}

fn drop_nulls_within(value: &mut Value) {
    match value {
        Value::Object(members) => drop_nulls(members),
        Value::Array(items) => items.iter_mut().for_each(drop_nulls_within),
        _ => {}
    }
}

/// What a schema names, without everything else that it says: that is megabytes, and stays for the life of the process.
#[derive(Debug)]
enum Named {
    /// Members with these names.
    Members(BTreeMap<String, Self>),
    /// Items.
    Items(Box<Self>),
    /// Nothing: whatever stands there is kept.
    Nothing,
}

impl Named {
    fn by(schema: &Value) -> Self {
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let named = properties.iter();
            Self::Members(
                named
                    .map(|(name, schema)| (name.clone(), Self::by(schema)))
                    .collect(),
            )
        } else if let Some(items) = schema.get("items") {
            Self::Items(Box::new(Self::by(items)))
        } else {
            Self::Nothing
        }
    }
}

/// What the schemas name, by group, kind and version.
static SCHEMAS: LazyLock<BTreeMap<(String, String, String), Named>> = LazyLock::new(|| {
    let mut schemas = BTreeMap::new();
    for crd in crate::crds() {
        for version in crd.spec.versions {
            let schema = version.schema.and_then(|schema| schema.open_api_v3_schema);
            let schema = serde_json::to_value(schema).expect("a schema is JSON");
            let key = (
                crd.spec.group.clone(),
                crd.spec.names.kind.clone(),
                version.name,
            );
            schemas.insert(key, Named::by(&schema));
        }
    }
    schemas
});

/// Removes what the API server would remove: members that the version's schema does not name.
pub(super) fn prune(group: &str, kind: &str, version: &str, object: &mut Members) {
    let key = (group.to_owned(), kind.to_owned(), version.to_owned());
    let named = SCHEMAS
        .get(&key)
        .expect("every converted version has a schema");
    let Named::Members(named) = named else {
        return;
    };
    object.retain(|name, value| {
        if IDENTITY.contains(&name.as_str()) {
            return true;
        }
        let Some(named) = named.get(name) else {
            return false;
        };
        prune_value(value, named);
        true
    });
}

fn prune_value(value: &mut Value, named: &Named) {
    match (value, named) {
        (Value::Object(members), Named::Members(named)) => {
            members.retain(|name, _| named.contains_key(name));
            for (name, value) in members {
                prune_value(value, &named[name.as_str()]);
            }
        }
        (Value::Array(items), Named::Items(named)) => {
            for item in items {
                prune_value(item, named);
            }
        }
        _ => {}
    }
}
