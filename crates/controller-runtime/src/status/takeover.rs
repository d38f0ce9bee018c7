//! Fields of a status that others have updated become ours.
//!
//! The API server removes from an object what its manager applied once and does not apply any more,
//! and nothing else: a condition that Flux's controllers have left stays, whatever we apply. So their
//! entries in `managedFields` (operation Update) are joined to ours (operation Apply) before we
//! apply, as client-go does for those who move from updating to applying.

use api::finalizers;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry, Time};
use k8s_openapi::jiff::Timestamp;
use kube::Resource;
use kube::api::{ApiResource, ObjectMeta};
use serde_json::{Map, Value, json};

use crate::conditions::is_ours;

const STATUS: &str = "status";
const UPDATE: &str = "Update";
const APPLY: &str = "Apply";

/// Leaves of the managed fields what [`is_due`] looks at: which object carries entries to be taken
/// over, not what they hold.
pub(crate) fn lean<K: Resource>(object: &mut K) {
    let entries = object.meta_mut().managed_fields.take().unwrap_or_default();
    let left: Vec<ManagedFieldsEntry> = entries
        .into_iter()
        .filter(is_foreign)
        .map(|entry| ManagedFieldsEntry {
            operation: entry.operation,
            subresource: entry.subresource,
            ..ManagedFieldsEntry::default()
        })
        .collect();
    object.meta_mut().managed_fields = (!left.is_empty()).then_some(left);
}

/// Whether others have updated what is ours to apply.
pub(super) fn is_due(object: &ObjectMeta) -> bool {
    let entries = object.managed_fields.as_deref().unwrap_or_default();
    entries.iter().any(is_foreign)
}

/// Whether an entry holds fields of the status that somebody has updated, beyond conditions of
/// types of their own. An entry whose fields are not known is taken to.
fn is_foreign(entry: &ManagedFieldsEntry) -> bool {
    let updated =
        entry.operation.as_deref() == Some(UPDATE) && entry.subresource.as_deref() == Some(STATUS);
    updated
        && entry
            .fields_v1
            .as_ref()
            .is_none_or(|fields| split(&fields.0).0.is_some())
}

/// Whether an entry holds what somebody applied to the status.
pub(super) fn is_applied_status(entry: &ManagedFieldsEntry) -> bool {
    entry.operation.as_deref() == Some(APPLY) && entry.subresource.as_deref() == Some(STATUS)
}

/// Whether the conditions in an entry are told apart by type: so does the schema then.
pub(super) fn merges_conditions(entry: &ManagedFieldsEntry) -> bool {
    let fields = entry.fields_v1.as_ref();
    let conditions = fields.and_then(|fields| fields.0.pointer("/f:status/f:conditions"));
    conditions
        .and_then(Value::as_object)
        .is_some_and(|conditions| conditions.keys().any(|key| key.starts_with("k:")))
}

/// The merge patch that joins what others have updated to what `manager` has applied, unless the
/// object changes before; `None` where there is nothing to join.
pub(super) fn patch(object: &ObjectMeta, resource: &ApiResource, manager: &str) -> Option<Value> {
    let entries = object.managed_fields.as_deref().unwrap_or_default();
    is_due(object).then(|| {
        json!({ "metadata": {
            "resourceVersion": object.resource_version,
            "managedFields": joined(entries, resource, manager),
        }})
    })
}

/// The merge patch that removes Flux's finalizer, unless the object changes before; `None` where
/// the object does not have it.
pub(super) fn without_finalizer(object: &ObjectMeta) -> Option<Value> {
    let finalizers = object.finalizers.as_deref().unwrap_or_default();
    let is_flux = |one: &&String| one.as_str() == finalizers::FLUX;
    finalizers.iter().find(is_flux)?;
    let others: Vec<&String> = finalizers.iter().filter(|one| !is_flux(one)).collect();
    Some(json!({ "metadata": {
        "resourceVersion": object.resource_version,
        "finalizers": others,
    }}))
}

/// The entries after the takeover: one that `manager` has applied, and what is left of the others.
fn joined(
    entries: &[ManagedFieldsEntry],
    resource: &ApiResource,
    manager: &str,
) -> Vec<ManagedFieldsEntry> {
    let mut ours = Value::Object(Map::new());
    let mut others = Vec::new();
    for entry in entries {
        let fields = entry.fields_v1.as_ref().map(|fields| &fields.0);
        let (taken, left) = match fields {
            Some(fields) if is_foreign(entry) => split(fields),
            Some(fields)
                if is_applied_status(entry) && entry.manager.as_deref() == Some(manager) =>
            {
                (Some(fields.clone()), None)
            }
            Some(_) | None => (None, fields.cloned()),
        };
        if let Some(taken) = taken {
            merge(&mut ours, taken);
        }
        if let Some(left) = left {
            others.push(ManagedFieldsEntry {
                fields_v1: Some(FieldsV1(left)),
                ..entry.clone()
            });
        }
    }
    others.push(ManagedFieldsEntry {
        api_version: Some(resource.api_version.clone()),
        fields_type: Some("FieldsV1".to_owned()),
        fields_v1: Some(FieldsV1(ours)),
        manager: Some(manager.to_owned()),
        operation: Some(APPLY.to_owned()),
        subresource: Some(STATUS.to_owned()),
        time: Some(Time(Timestamp::now())),
    });
    others
}

/// Splits updated fields into those that are taken over and those that stay: conditions of other
/// types than ours, where the schema tells conditions apart. `None` stands for no field at all.
fn split(fields: &Value) -> (Option<Value>, Option<Value>) {
    const CONDITIONS: &str = "f:conditions";
    let mut taken = fields.clone();
    let status = taken.get_mut("f:status").and_then(Value::as_object_mut);
    let Some(status) = status else {
        return (None, Some(taken));
    };
    let mut left = Map::new();
    if let Some(Value::Object(conditions)) = status.get_mut(CONDITIONS) {
        let keys: Vec<String> = conditions
            .keys()
            .filter(|key| is_others(key))
            .cloned()
            .collect();
        for key in keys {
            left.extend(conditions.remove_entry(&key));
        }
        if conditions.keys().all(|key| key == ".") && !left.is_empty() {
            status.remove(CONDITIONS);
        }
    }
    let taken = (!status.is_empty()).then_some(taken);
    let left = (!left.is_empty()).then(|| json!({ "f:status": { CONDITIONS: left } }));
    (taken, left)
}

/// Whether a key of a list of conditions, `k:{"type":"…"}`, names a type that is not ours.
fn is_others(key: &str) -> bool {
    let key = key.strip_prefix("k:");
    let key: Option<Value> = key.and_then(|key| serde_json::from_str(key).ok());
    key.is_some_and(|key| {
        key["type"]
            .as_str()
            .is_some_and(|condition| !is_ours(condition))
    })
}

/// Adds the fields of `from` to those of `into`.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert_with(|| json!({})), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests;
