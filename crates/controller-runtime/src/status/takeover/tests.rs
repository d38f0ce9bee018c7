use kube::api::DynamicObject;

use super::*;

/// What Flux's controller leaves in `managedFields` after a merge patch, where the schema takes
/// conditions for one value and where it tells them apart.
fn flux(conditions: &Value) -> ManagedFieldsEntry {
    entry(
        "Update",
        Some("status"),
        &json!({ "f:status": {
            "f:canonicalImageName": {},
            "f:conditions": conditions,
            "f:lastScanResult": { ".": {}, "f:revision": {} },
        }}),
    )
}

fn entry(operation: &str, subresource: Option<&str>, fields: &Value) -> ManagedFieldsEntry {
    ManagedFieldsEntry {
        api_version: Some("image.toolkit.fluxcd.io/v1".to_owned()),
        fields_type: Some("FieldsV1".to_owned()),
        fields_v1: Some(FieldsV1(fields.clone())),
        manager: Some("image-reflector-controller".to_owned()),
        operation: Some(operation.to_owned()),
        subresource: subresource.map(str::to_owned),
        time: None,
    }
}

fn resource() -> ApiResource {
    ApiResource::erase::<api::image::v1::ImageRepository>(&())
}

fn after(entries: &[ManagedFieldsEntry]) -> Vec<(String, String, Value)> {
    joined(entries, &resource(), "image-reflector-controller")
        .into_iter()
        .map(|entry| {
            let word = |text: Option<String>| text.unwrap_or_default();
            (
                word(entry.operation),
                word(entry.subresource),
                entry.fields_v1.unwrap().0,
            )
        })
        .collect()
}

#[test]
fn all_that_was_updated_becomes_applied() {
    let spec = json!({ "f:spec": { "f:image": {} } });
    let entries = [
        entry("Apply", None, &spec),
        flux(&json!({})),
        entry(
            "Apply",
            Some("status"),
            &json!({ "f:status": { "f:observedGeneration": {} } }),
        ),
    ];
    let expected = json!({ "f:status": {
        "f:canonicalImageName": {},
        "f:conditions": {},
        "f:lastScanResult": { ".": {}, "f:revision": {} },
        "f:observedGeneration": {},
    }});
    assert_eq!(
        after(&entries),
        [
            ("Apply".to_owned(), String::new(), spec),
            ("Apply".to_owned(), "status".to_owned(), expected),
        ]
    );
}

#[test]
fn conditions_of_others_stay_with_them() {
    let ours = r#"k:{"type":"Reconciling"}"#;
    let others = r#"k:{"type":"Audited"}"#;
    let leaf = json!({ ".": {}, "f:status": {} });
    let conditions = json!({ ".": {}, ours: leaf, others: leaf });
    let after = after(&[flux(&conditions)]);
    assert_eq!(after[0].0, "Update");
    assert_eq!(
        after[0].2,
        json!({ "f:status": { "f:conditions": { others: leaf } } })
    );
    assert_eq!(after[1].0, "Apply");
    assert_eq!(
        after[1].2.pointer("/f:status/f:conditions"),
        Some(&json!({ ".": {}, ours: leaf }))
    );
    let left = entry("Update", Some("status"), &after[0].2);
    assert!(
        !is_foreign(&left),
        "what stays with others is not due again"
    );
}

#[test]
fn what_is_due() {
    let status = json!({ "f:status": { "f:observedGeneration": {} } });
    for (operation, subresource, due) in [
        ("Update", Some("status"), true),
        ("Apply", Some("status"), false),
        ("Update", None, false),
        ("Update", Some("scale"), false),
    ] {
        let mut object = DynamicObject::new("app", &resource());
        object.metadata.managed_fields = Some(vec![entry(operation, subresource, &status)]);
        assert_eq!(is_due(&object.metadata), due, "{operation} {subresource:?}");
        lean(&mut object);
        assert_eq!(
            is_due(&object.metadata),
            due,
            "{operation} {subresource:?}, trimmed"
        );
        let kept = object.metadata.managed_fields.unwrap_or_default();
        assert!(kept.iter().all(|entry| entry.fields_v1.is_none()));
    }
}

#[test]
fn schemas_show_in_what_is_owned() {
    let keyed = json!({ "f:status": { "f:conditions": { r#"k:{"type":"Ready"}"#: {} } } });
    let atomic = json!({ "f:status": { "f:conditions": {} } });
    assert!(merges_conditions(&entry("Apply", Some("status"), &keyed)));
    assert!(!merges_conditions(&entry("Apply", Some("status"), &atomic)));
}

#[test]
fn only_flux_finalizer_is_removed() {
    let with = |finalizers: &[&str]| ObjectMeta {
        finalizers: Some(finalizers.iter().map(|&one| one.to_owned()).collect()),
        resource_version: Some("7".to_owned()),
        ..ObjectMeta::default()
    };
    let patch = without_finalizer(&with(&["a.example/x", "finalizers.fluxcd.io"]));
    let expected = json!({ "metadata": { "resourceVersion": "7", "finalizers": ["a.example/x"] } });
    assert_eq!(patch, Some(expected));
    assert_eq!(without_finalizer(&with(&["a.example/x"])), None);
    assert_eq!(without_finalizer(&ObjectMeta::default()), None);
}
