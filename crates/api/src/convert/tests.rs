use proptest::prelude::*;
use serde_json::json;

use super::*;

const IMAGE_VERSIONS: [&str; 4] = ["v1beta2", "v1beta1", "v1alpha2", "v1alpha1"];

fn object(kind: &str, version: &str, spec: Value, status: Value) -> Value {
    let group = if kind == "Receiver" {
        notification::GROUP
    } else {
        image::GROUP
    };
    let mut object = json!({
        "apiVersion": format!("{group}/{version}"),
        "kind": kind,
        "metadata": { "name": "podinfo", "namespace": "flux-system", "labels": { "a": "b" } },
    });
    for (name, value) in [("spec", spec), ("status", status)] {
        if !value.is_null() {
            object[name] = value;
        }
    }
    object
}

/// An automation with every field set.
fn automation() -> Value {
    let spec = json!({
        "sourceRef": { "apiVersion": "x", "kind": "GitRepository", "name": "a", "namespace": "b" },
        "git": {
            "checkout": { "ref": { "branch": "main", "tag": "1", "semver": "1", "name": "n", "commit": "c" } },
            "commit": {
                "author": { "name": "flux", "email": "flux@example.com" },
                "signingKey": { "secretRef": { "name": "key" }, "type": "ssh" },
                "messageTemplate": "a",
                "messageTemplateValues": { "a": "b", "$c": "d" },
                "messageTemplateEngine": "handlebars",
            },
            "push": {
                "branch": "auto",
                "refspec": "a:b",
                "options": { "a": "b" },
                "secretRef": { "name": "push" },
            },
        },
        "interval": "1m0s",
        "policySelector": { "matchLabels": { "a": "b" },
            "matchExpressions": [{ "key": "a", "operator": "In", "values": ["b"] }] },
        "update": { "strategy": "Setters", "path": "./a" },
        "suspend": true,
        "approval": "Required",
    });
    let status = json!({
        "conditions": [{ "type": "Ready", "status": "True" }],
        "observedGeneration": 3,
        "observedPolicies": { "a": { "name": "a", "tag": "b", "digest": "c" } },
        "observedSourceRevision": "main@sha1:abc",
        "lastPushCommit": "abc",
        "lastAutomationRunTime": "2021-04-22T12:00:00Z",
    });
    object("ImageUpdateAutomation", "v1", spec, status)
}

fn policy() -> Value {
    let spec = json!({
        "imageRepositoryRef": { "name": "a", "namespace": "b" },
        "policy": { "semver": { "range": "*" }, "numerical": { "order": "asc" } },
        "filterTags": { "pattern": "a", "extract": "b" },
        "digestReflectionPolicy": "Always",
        "interval": "10m",
        "minimumAge": "72h",
        "downgradePolicy": "Refuse",
        "accessFrom": { "namespaceSelectors": [{}, { "matchLabels": { "a": "b" } }] },
    });
    let status = json!({
        "latestRef": { "name": "reg:5000/a", "tag": "1.0.0", "digest": "sha256:abc" },
        "observedPreviousRef": { "name": "reg:5000/a", "tag": "0.9.0", "digest": "sha256:def" },
        "observedGeneration": 3,
        "lastHandledReconcileAt": "now",
    });
    object("ImagePolicy", "v1", spec, status)
}

fn repository() -> Value {
    let spec = json!({
        "image": "a",
        "interval": "1m",
        "timeout": "1m",
        "secretRef": { "name": "a" },
        "proxySecretRef": { "name": "b" },
        "certSecretRef": { "name": "c" },
        "serviceAccountName": "d",
        "exclusionList": ["a", "b"],
        "accessFrom": { "namespaceSelectors": [{ "matchLabels": { "a": "b" } }] },
        "provider": "aws",
        "insecure": true,
    });
    let status = json!({
        "canonicalImageName": "index.docker.io/library/a",
        "lastScanResult": { "tagCount": 3, "revision": "sha256:abc", "latestTags": ["a", "b"],
            "scanTime": "2021-04-22T12:00:00Z" },
        "observedExclusionList": ["a"],
    });
    object("ImageRepository", "v1", spec, status)
}

fn receiver() -> Value {
    let spec = json!({
        "type": "github",
        "interval": "10m",
        "events": ["push"],
        "secretRef": { "name": "a" },
        "resourceFilter": "true",
        "match": "Image",
        "resources": [
            { "kind": "ImageRepository", "name": "a", "filter": "1" },
            { "kind": "ImageRepository", "name": "a", "filter": "2", "matchLabels": { "a": "b" } },
            { "kind": "ImageRepository", "name": "b" },
        ],
        "oidcProviders": [{ "issuerURL": "https://a", "validations": [] }],
    });
    let status = json!({ "webhookPath": "/hook/a", "lastHandledReconcileAt": "now" });
    object("Receiver", "v1", spec, status)
}

fn versions(object: &Value) -> &'static [&'static str] {
    if object["kind"] == "Receiver" {
        &["v1beta2", "v1beta1"]
    } else {
        &IMAGE_VERSIONS
    }
}

#[test]
fn older_objects_take_the_shape_of_v1() {
    let same = json!({ "a": [1, { "b": null }], "unknown": "kept" });
    for version in IMAGE_VERSIONS {
        let old = object("ImageRepository", version, same.clone(), same.clone());
        assert_eq!(
            to_v1(old).unwrap(),
            object("ImageRepository", "v1", same.clone(), same.clone())
        );
    }
    for version in ["v1beta2", "v1beta1", "v1alpha2"] {
        let old = object("ImageUpdateAutomation", version, same.clone(), Value::Null);
        let new = object("ImageUpdateAutomation", "v1", same.clone(), Value::Null);
        assert_eq!(to_v1(old).unwrap(), new);
    }
}

#[test]
fn the_first_automations_move_as_the_table_says() {
    let old = json!({
        "checkout": { "gitRepositoryRef": { "name": "a" }, "branch": "main" },
        "commit": { "authorName": "n", "authorEmail": "e", "messageTemplate": "m",
            "signingKey": { "secretRef": { "name": "k" } } },
        "push": { "branch": "auto" },
        "interval": "1m", "update": { "path": "p" }, "suspend": true,
    });
    let new = json!({
        "sourceRef": { "kind": "GitRepository", "name": "a" },
        "git": {
            "checkout": { "ref": { "branch": "main" } },
            "commit": { "author": { "name": "n", "email": "e" }, "messageTemplate": "m",
                "signingKey": { "secretRef": { "name": "k" } } },
            "push": { "branch": "auto" },
        },
        "interval": "1m", "update": { "path": "p" }, "suspend": true,
    });
    let old = object("ImageUpdateAutomation", "v1alpha1", old, Value::Null);
    let new = object("ImageUpdateAutomation", "v1", new, Value::Null);
    assert_eq!(to_v1(old.clone()).unwrap(), new);
    assert_eq!(from_v1(new, "v1alpha1").unwrap(), old);
}

#[test]
fn the_selected_image_is_one_text_in_older_policies() {
    let table = [
        ("a:1.0", json!({ "name": "a", "tag": "1.0" })),
        (
            "reg:5000/a/b:1.0",
            json!({ "name": "reg:5000/a/b", "tag": "1.0" }),
        ),
        (
            "a:1@sha256:f",
            json!({ "name": "a", "tag": "1", "digest": "sha256:f" }),
        ),
    ];
    for (text, parts) in table {
        for version in IMAGE_VERSIONS {
            let old = object(
                "ImagePolicy",
                version,
                Value::Null,
                json!({ "latestImage": text }),
            );
            let new = object(
                "ImagePolicy",
                "v1",
                Value::Null,
                json!({ "latestRef": parts }),
            );
            assert_eq!(to_v1(old.clone()).unwrap(), new);
            if version != "v1beta2" {
                assert_eq!(from_v1(new, version).unwrap(), old);
            }
        }
    }
    for text in ["reg:5000/a", "a", ""] {
        let old = object(
            "ImagePolicy",
            "v1beta1",
            Value::Null,
            json!({ "latestImage": text }),
        );
        assert_eq!(to_v1(old).unwrap()["status"], json!({}), "{text}");
    }
    let both = json!({ "latestImage": "a:1", "latestRef": { "name": "a", "tag": "2" } });
    let new = to_v1(object("ImagePolicy", "v1beta2", Value::Null, both)).unwrap();
    assert_eq!(
        new["status"],
        json!({ "latestRef": { "name": "a", "tag": "2" } })
    );
}

#[test]
fn the_address_of_older_receivers_is_their_webhook_path() {
    for version in ["v1beta2", "v1beta1"] {
        let old = object(
            "Receiver",
            version,
            Value::Null,
            json!({ "url": "/hook/a" }),
        );
        assert_eq!(
            to_v1(old).unwrap()["status"],
            json!({ "webhookPath": "/hook/a" })
        );
    }
    let new = object(
        "Receiver",
        "v1",
        Value::Null,
        json!({ "webhookPath": "/hook/a" }),
    );
    let old = from_v1(new, "v1beta2").unwrap();
    assert_eq!(
        old["status"],
        json!({ "url": "/hook/a", "webhookPath": "/hook/a" })
    );
}

#[test]
fn what_an_older_version_holds_comes_and_goes_without_an_annotation() {
    let new = to_v1(object(
        "ImageUpdateAutomation",
        "v1beta1",
        json!({ "sourceRef": { "kind": "GitRepository", "name": "a", "namespace": "b" },
            "git": { "commit": { "author": { "email": "e" } } }, "interval": "1m" }),
        Value::Null,
    ));
    let new = new.unwrap();
    for version in ["v1beta2", "v1beta1"] {
        let old = from_v1(new.clone(), version).unwrap();
        assert_eq!(old["metadata"].get("annotations"), None, "{version}");
        assert_eq!(old["spec"], new["spec"], "{version}");
    }
}

#[test]
fn a_change_through_an_older_version_leaves_the_rest_as_it_was() {
    let mut old = from_v1(automation(), "v1alpha1").unwrap();
    old["spec"]["push"]["branch"] = "other".into();
    old["spec"]["commit"]["authorEmail"] = "other@example.com".into();
    let mut expected = automation();
    expected["spec"]["git"]["push"]["branch"] = "other".into();
    expected["spec"]["git"]["commit"]["author"]["email"] = "other@example.com".into();
    assert_eq!(to_v1(old).unwrap(), expected);
}

#[test]
fn what_somebody_removes_through_an_older_version_does_not_come_back() {
    let mut old = from_v1(automation(), "v1alpha2").unwrap();
    old["spec"]["git"].as_object_mut().unwrap().remove("push");
    let new = to_v1(old).unwrap();
    assert_eq!(new["spec"]["git"].get("push"), None);
    assert_eq!(new["spec"]["approval"], "Required");
}

#[test]
fn items_of_a_list_get_back_what_was_theirs() {
    let mut old = from_v1(receiver(), "v1beta2").unwrap();
    let resources = old["spec"]["resources"].as_array_mut().unwrap();
    resources.remove(0);
    resources[1]["name"] = "changed".into();
    resources.push(json!({ "kind": "ImagePolicy", "name": "added" }));
    let expected = json!([
        { "kind": "ImageRepository", "name": "a", "filter": "2", "matchLabels": { "a": "b" } },
        { "kind": "ImageRepository", "name": "changed" },
        { "kind": "ImagePolicy", "name": "added" },
    ]);
    assert_eq!(to_v1(old).unwrap()["spec"]["resources"], expected);
}

#[test]
fn a_damaged_annotation_is_an_error_and_identity_is_out_of_its_reach() {
    let mut old = object("ImagePolicy", "v1beta1", json!({}), Value::Null);
    old["metadata"]["annotations"] = json!({ "repin.dev/carried": "{" });
    let message = to_v1(old.clone()).unwrap_err().to_string();
    assert!(
        message.starts_with("annotation repin.dev/carried is damaged"),
        "{message}"
    );

    let patch =
        r#"{"metadata":{"value":{"is":{}}},"kind":{"value":{"was":"ImagePolicy","is":"Secret"}}}"#;
    old["metadata"]["annotations"] = json!({ "repin.dev/carried": patch, "other": "kept" });
    let mut expected = object("ImagePolicy", "v1", json!({}), Value::Null);
    expected["metadata"]["annotations"] = json!({ "other": "kept" });
    assert_eq!(to_v1(old).unwrap(), expected);
}

#[test]
fn what_a_stored_object_seems_to_carry_is_not_believed() {
    let patch = r#"{"spec":{"fields":{"suspend":{"value":{"is":true}}}}}"#;
    for version in IMAGE_VERSIONS {
        let mut new = policy();
        new["metadata"]["annotations"] = json!({ "repin.dev/carried": patch, "other": "kept" });
        let mut expected = policy();
        expected["metadata"]["annotations"] = json!({ "other": "kept" });
        let old = from_v1(new, version).unwrap();
        assert_eq!(to_v1(old).unwrap(), expected, "{version}");
    }
}

#[test]
fn what_cannot_be_converted_says_why() {
    let message = |value: Value| to_v1(value).unwrap_err().to_string();
    assert_eq!(
        message(json!([])),
        "expected an object with apiVersion and kind"
    );
    assert_eq!(
        message(json!({ "kind": "ImagePolicy" })),
        "expected an object with apiVersion and kind"
    );
    assert_eq!(
        message(json!({ "apiVersion": "v1", "kind": "Secret" })),
        "Secret of v1 is not converted"
    );
    assert_eq!(
        message(object("Receiver", "v1alpha1", Value::Null, Value::Null)),
        "Receiver has no version v1alpha1 in notification.toolkit.fluxcd.io: expected one of v1, v1beta2, v1beta1"
    );
    assert_eq!(
        message(object(
            "ImageUpdateAutomation",
            "v1alpha1",
            json!({ "checkout": "main" }),
            Value::Null
        )),
        "spec.checkout: expected an object"
    );
    assert_eq!(
        from_v1(
            object("ImagePolicy", "v1beta1", Value::Null, Value::Null),
            "v1beta2"
        )
        .unwrap_err()
        .to_string(),
        "ImagePolicy: expected version v1, found v1beta1"
    );
    assert!(from_v1(policy(), "v2").is_err());
}

#[test]
fn any_version_becomes_any_other() {
    let alpha = from_v1(automation(), "v1alpha1").unwrap();
    let beta = convert(alpha.clone(), "v1beta1").unwrap();
    assert_eq!(beta, from_v1(automation(), "v1beta1").unwrap());
    assert_eq!(convert(beta, "v1alpha1").unwrap(), alpha);
}

/// The value without some of its members, as the coins fall.
fn thinned(value: &Value, coins: &mut impl Iterator<Item = u8>) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter_map(|(name, value)| match coins.next() {
                Some(0) => None,
                Some(1) => Some((name.clone(), emptied(value))),
                _ => Some((name.clone(), thinned(value, coins))),
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| thinned(item, coins)).collect(),
        scalar => scalar.clone(),
    }
}

fn emptied(value: &Value) -> Value {
    match value {
        Value::Object(_) => json!({}),
        Value::Array(_) => json!([]),
        Value::String(_) => json!(""),
        other => other.clone(),
    }
}

/// Metadata of a stored object, of which a conversion may change nothing but annotations of its own.
fn metadata() -> Value {
    json!({
        "name": "podinfo",
        "namespace": "flux-system",
        "uid": "0b6a",
        "resourceVersion": "7",
        "generation": 2,
        "creationTimestamp": "2021-04-22T12:00:00Z",
        "deletionTimestamp": "2021-04-22T13:00:00Z",
        "deletionGracePeriodSeconds": 0,
        "labels": { "a": "b" },
        "annotations": { "c": "d" },
        "finalizers": ["finalizers.fluxcd.io"],
        "ownerReferences": [{ "apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "b" }],
        "managedFields": [{
            "manager": "kubectl",
            "operation": "Apply",
            "apiVersion": "image.toolkit.fluxcd.io/v1alpha1",
            "time": "2021-04-22T12:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": { "f:spec": { "f:interval": {}, ".": {} } },
        }],
    })
}

fn thinned_object(whole: &Value, coins: Vec<u8>) -> Value {
    let mut coins = coins.into_iter();
    let mut object = whole.clone();
    for name in ["spec", "status"] {
        object[name] = thinned(&whole[name], &mut coins);
    }
    object
}

proptest! {
    #[test]
    fn no_version_loses_anything(
        which in 0_usize..4,
        coins in proptest::collection::vec(0_u8..8, 0..80),
    ) {
        let whole = [automation, policy, repository, receiver][which]();
        let mut object = thinned_object(&whole, coins);
        object["metadata"] = metadata();
        for version in versions(&object) {
            let old = from_v1(object.clone(), version).unwrap();
            let kind = identified(old.as_object().unwrap()).unwrap().0;
            let mut without = old["metadata"].clone();
            without["annotations"].as_object_mut().unwrap().remove("repin.dev/carried");
            prop_assert_eq!(without, metadata(), "{} changes metadata", version);
            let mut pruned = old.as_object().unwrap().clone();
            carry::prune(kind.group(), kind.name(), version, &mut pruned);
            prop_assert_eq!(&Value::Object(pruned), &old, "{} has a member it does not know", version);
            prop_assert_eq!(to_v1(old).unwrap(), object.clone(), "{}", version);
        }
    }

    #[test]
    fn no_annotation_makes_the_conversion_fail_otherwise(patch in "\\PC{0,80}") {
        let mut old = from_v1(policy(), "v1beta1").unwrap();
        old["metadata"]["annotations"] = json!({ "repin.dev/carried": patch });
        let converted = to_v1(old);
        let expected = matches!(converted, Ok(_) | Err(ConvertError::Carried { .. }));
        prop_assert!(expected);
    }
}

#[test]
fn every_definition_of_several_versions_is_converted() {
    let of_crds = crate::crds().into_iter().filter_map(|crd| {
        let versions = crd.spec.versions.into_iter().map(|version| version.name);
        let versions: Vec<_> = versions.collect();
        (versions.len() > 1).then_some((crd.metadata.name?, versions))
    });
    let of_crds: Vec<_> = of_crds.collect();
    let told = definitions().map(|(name, versions)| {
        let versions = versions.iter().map(|&version| version.to_owned());
        (name.to_owned(), versions.collect::<Vec<_>>())
    });
    assert_eq!(told.collect::<Vec<_>>(), of_crds);
}
