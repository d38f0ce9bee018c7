use serde_json::json;

use super::*;

const IMAGE: &str = "image.toolkit.fluxcd.io";

fn ask(desired: &str, objects: &Value) -> Value {
    let review = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "ConversionReview",
        "request": { "uid": "705ab4f5", "desiredAPIVersion": desired, "objects": objects },
    });
    let answer = answer(review.to_string().as_bytes()).unwrap();
    serde_json::from_slice(&answer).unwrap()
}

fn automation(name: &str, version: &str) -> Value {
    json!({
        "apiVersion": format!("{IMAGE}/{version}"),
        "kind": "ImageUpdateAutomation",
        "metadata": {
            "name": name,
            "namespace": "flux-system",
            "uid": "e1b2",
            "resourceVersion": "7",
            "generation": 2,
            "creationTimestamp": "2021-04-22T12:00:00Z",
            "labels": { "a": "b" },
            "annotations": { "c": "d" },
            "finalizers": ["finalizers.fluxcd.io"],
            "managedFields": [{
                "manager": "kubectl", "operation": "Apply", "apiVersion": format!("{IMAGE}/v1beta2"),
                "fieldsType": "FieldsV1", "fieldsV1": { "f:spec": { "f:interval": {} } },
            }],
        },
        "spec": { "interval": "1m0s" },
    })
}

#[test]
fn objects_come_back_in_their_order_and_in_the_version_asked_for() {
    let (one, two) = (automation("one", "v1alpha1"), automation("two", "v1beta1"));
    let answer = ask(&format!("{IMAGE}/v1"), &json!([one, two]));
    assert_eq!(answer["kind"], "ConversionReview");
    assert_eq!(answer["apiVersion"], "apiextensions.k8s.io/v1");
    let response = &answer["response"];
    assert_eq!(response["uid"], "705ab4f5");
    assert_eq!(response["result"]["status"], "Success");
    let expected = json!([automation("one", "v1"), automation("two", "v1")]);
    assert_eq!(response["convertedObjects"], expected);
    assert_eq!(answer.get("request"), None);
}

#[test]
fn metadata_stays_but_for_the_annotation_of_what_is_carried() {
    let mut new = automation("one", "v1");
    new["spec"]["approval"] = json!("Required");
    let answer = ask(&format!("{IMAGE}/v1alpha2"), &json!([new]));
    let mut old = answer["response"]["convertedObjects"][0].clone();
    let annotations = old["metadata"]["annotations"].as_object_mut().unwrap();
    assert!(annotations.remove("repin.dev/carried").is_some());
    assert_eq!(old, automation("one", "v1alpha2"));
}

#[test]
fn parts_of_objects_are_converted() {
    // Server-side apply asks for the fields of one manager alone.
    let kind = "ImageUpdateAutomation";
    let part = json!({ "apiVersion": format!("{IMAGE}/v1alpha1"), "kind": kind, "metadata": {} });
    let answer = ask(&format!("{IMAGE}/v1"), &json!([part]));
    let expected = json!({ "apiVersion": format!("{IMAGE}/v1"), "kind": kind, "metadata": {} });
    assert_eq!(answer["response"]["convertedObjects"][0], expected);
}

#[test]
fn one_that_cannot_be_converted_is_named() {
    let newer = "ImageUpdateAutomation flux-system/one: ImageUpdateAutomation has no version v2 in \
                 image.toolkit.fluxcd.io: expected one of v1, v1beta2, v1beta1, v1alpha2, v1alpha1";
    let other = "ImageUpdateAutomation flux-system/one of image.toolkit.fluxcd.io/v1beta1 is not converted to \
                 notification.toolkit.fluxcd.io/v1";
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "a" } });
    let (one, two) = (automation("one", "v1beta1"), automation("two", "v1beta1"));
    let cases = [
        ("image.toolkit.fluxcd.io/v2", json!([one, two]), newer),
        ("notification.toolkit.fluxcd.io/v1", json!([one]), other),
        (
            "v1",
            json!([secret]),
            "Secret a: expected GROUP/VERSION, found v1",
        ),
        (
            "a/v1",
            json!([7]),
            "an object of an unknown version is not converted to a/v1",
        ),
    ];
    for (desired, objects, message) in cases {
        let answer = ask(desired, &objects);
        let response = &answer["response"];
        assert_eq!(response["result"]["status"], "Failure", "{message}");
        assert_eq!(response["result"]["message"], message);
        assert_eq!(response["convertedObjects"], json!([]), "{message}");
    }
}

#[test]
fn nonsense_is_refused() {
    let deep = "[".repeat(10_000);
    let other = json!({ "apiVersion": "apiextensions.k8s.io/v1beta1", "kind": "ConversionReview" });
    let empty = json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview" });
    for body in [
        "",
        "{}",
        "null",
        deep.as_str(),
        &other.to_string(),
        &empty.to_string(),
    ] {
        let refused = answer(body.as_bytes());
        assert!(
            matches!(refused, Err(ReviewError::Read(_) | ReviewError::Request)),
            "{refused:?}"
        );
    }
}

#[test]
fn what_would_take_too_much_memory_is_refused_and_texts_are_not_counted() {
    let mut text = automation("one", "v1");
    text["metadata"]["annotations"]["c"] = json!(r#"\"{[,"#.repeat(MOST_VALUES));
    let converted = ask(&format!("{IMAGE}/v1beta2"), &json!([text]));
    assert_eq!(converted["response"]["result"]["status"], "Success");
    let many = vec![json!({}); MOST_VALUES / 2];
    let review = json!({ "request": { "objects": many } }).to_string();
    let refused = answer(review.as_bytes());
    assert!(matches!(refused, Err(ReviewError::TooMany)), "{refused:?}");
}
