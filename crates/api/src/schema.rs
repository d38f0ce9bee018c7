//! Schemas that several kinds share.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::duration::{PATTERN, PATTERN_WITHOUT_HOURS};

/// A duration that may name hours.
pub(crate) fn duration(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": PATTERN })
}

/// A duration in minutes and smaller units.
pub(crate) fn duration_without_hours(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": PATTERN_WITHOUT_HOURS })
}

/// An integer of no declared width.
pub(crate) fn integer(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer" })
}

/// Conditions, merged by their type under server-side apply.
pub(crate) fn conditions(generator: &mut SchemaGenerator) -> Schema {
    let items = generator.subschema_for::<Condition>();
    json_schema!({
        "type": "array",
        "items": items,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
    })
}

/// CEL rules, each with the message of its failure.
pub(crate) fn rules(rules: &[(&str, &str)]) -> serde_json::Value {
    rules
        .iter()
        .map(|(rule, message)| serde_json::json!({ "rule": rule, "message": message }))
        .collect()
}
