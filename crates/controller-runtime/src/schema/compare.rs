//! Which fields one schema has and another lacks.

use serde_json::{Map, Value};

/// The fields of `own` that an API server with the schema `served` drops from objects, as paths below `path`, such as
/// `spec.minimumAge` or `spec.accessFrom.namespaceSelectors[].matchLabels`.
///
/// A field that is missing as a whole is named once, without what it holds.
pub(super) fn missing(own: &Value, served: &Value, path: &str) -> Vec<String> {
    let mut fields = Vec::new();
    collect(own, served, path, &mut fields);
    fields
}

fn collect(own: &Value, served: &Value, path: &str, fields: &mut Vec<String>) {
    if keeps_everything(served) {
        return;
    }
    for (name, own) in properties(own).into_iter().flatten() {
        let path = format!("{path}.{name}");
        match properties(served).and_then(|properties| properties.get(name)) {
            None => fields.push(path),
            Some(served) => collect(own, served, &path, fields),
        }
    }
    if own["items"].is_object() {
        collect(
            &own["items"],
            &served["items"],
            &format!("{path}[]"),
            fields,
        );
    }
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema["properties"].as_object()
}

/// Whether objects keep fields that the schema does not name.
fn keeps_everything(schema: &Value) -> bool {
    schema["x-kubernetes-preserve-unknown-fields"] == true
        || !matches!(
            schema["additionalProperties"],
            Value::Null | Value::Bool(false)
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(own: &Value, served: &Value, expected: &[&str]) {
        assert_eq!(missing(own, served, "spec"), expected, "{served}");
    }

    #[test]
    fn fields_are_found_at_every_depth() {
        let text = json!({ "type": "string" });
        let own = json!({ "properties": {
            "image": text,
            "minimumAge": text,
            "policy": { "properties": { "semver": { "properties": { "range": text } } } },
            "rules": { "type": "array", "items": { "properties": { "name": text, "value": text } } },
        } });
        check(&own, &own, &[]);
        let served = json!({ "properties": {
            "image": text,
            "policy": { "properties": { "semver": { "properties": { "other": text } } } },
            "rules": { "type": "array", "items": { "properties": { "name": text } } },
        } });
        check(
            &own,
            &served,
            &[
                "spec.minimumAge",
                "spec.policy.semver.range",
                "spec.rules[].value",
            ],
        );
        check(
            &own,
            &Value::Null,
            &["spec.image", "spec.minimumAge", "spec.policy", "spec.rules"],
        );
    }

    #[test]
    fn what_is_kept_without_a_name_is_not_missing() {
        let own = json!({ "properties": { "a": { "properties": { "b": {} } } } });
        let keeps = json!({ "x-kubernetes-preserve-unknown-fields": true });
        check(&own, &keeps, &[]);
        check(&own, &json!({ "properties": { "a": keeps } }), &[]);
        check(
            &own,
            &json!({ "additionalProperties": { "type": "string" } }),
            &[],
        );
        check(&own, &json!({ "additionalProperties": false }), &["spec.a"]);
    }
}
