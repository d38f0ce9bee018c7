//! CDEvents: what makes an event one.

use hook_payload::Sender;
use serde_json::{Value, json};

use crate::setup::{Request, reason};

fn event() -> Value {
    serde_json::from_str(include_str!("payloads/cdevents-artifact.json")).unwrap()
}

/// What becomes of an event in which one value is another.
fn changed(path: &str, value: Value) -> String {
    let mut event = event();
    *event.pointer_mut(path).unwrap() = value;
    reason(Request::json(event.to_string()).to(Sender::CdEvents))
}

#[test]
fn every_field_that_an_event_has_to_have_is_asked_for() {
    for field in [
        "context.version",
        "context.id",
        "context.source",
        "context.type",
        "subject.id",
    ] {
        let path = format!("/{}", field.replace('.', "/"));
        let expected = format!("the body is not a valid CDEvent: the event has no {field}");
        assert_eq!(changed(&path, json!("")), expected);
        assert_eq!(changed(&path, Value::Null), expected);
        assert!(changed(&path, json!(1)).contains("invalid type"), "{field}");
    }
    for path in [
        "/context",
        "/subject",
        "/subject/content",
        "/context/timestamp",
    ] {
        assert!(
            changed(path, Value::Null).contains("the event has no"),
            "{path}"
        );
        assert_ne!(changed(path, json!([])), "taken", "{path}");
    }
    assert_ne!(changed("/context/timestamp", json!("yesterday")), "taken");
}

#[test]
fn a_type_has_to_be_known() {
    let with_type = |kind: &str| changed("/context/type", json!(kind));
    assert_eq!(with_type("dev.cdevents.taskrun.started.0.2.0"), "taken");
    assert_eq!(
        with_type("dev.cdeventsx.tool-quota.exceeded.0.1.0"),
        "taken"
    );
    assert_eq!(
        with_type("dev.cdevents.artifact.eaten.0.2.0"),
        "the body is not a valid CDEvent: the event's type 'dev.cdevents.artifact.eaten.0.2.0' is not one of \
         CDEvents 0.4 and none of a custom event"
    );
}

#[test]
fn a_type_is_shown_within_bounds_and_on_one_line() {
    let shown = changed(
        "/context/type",
        json!(format!("a\nb\u{1b}{}", "x".repeat(1000))),
    );
    assert!(shown.contains("type 'abxxx"), "{shown}");
    assert!(shown.len() < 300 && !shown.contains('\n'), "{shown}");
}

#[test]
fn an_event_is_the_whole_body() {
    let text = event().to_string();
    let bodies = [
        String::new(),
        format!("{text}{{}}"),
        text[1..].to_owned(),
        "[]".into(),
        "null".into(),
    ];
    for body in bodies {
        assert_ne!(
            reason(Request::json(body.clone()).to(Sender::CdEvents)),
            "taken",
            "{body}"
        );
    }
}

#[test]
fn only_artifacts_that_are_oci_images_are_images() {
    let pushed = |id: &str| {
        let mut event = event();
        event["subject"]["id"] = json!(id);
        let request = Request::json(event.to_string());
        request
            .to(Sender::CdEvents)
            .unwrap()
            .pushed
            .and_then(|pushed| pushed.image())
    };
    let image = Some("reg.example:5000/a/b".to_owned());
    assert_eq!(
        pushed("pkg:oci/b?repository_url=reg.example:5000/a/b"),
        image
    );
    assert_eq!(
        pushed("pkg:oci/b@sha256%3A00?arch=arm&repository_url=reg.example%3A5000%2Fa%2Fb#x"),
        image
    );
    for id in [
        "pkg:golang/mygit.com/myorg/myapp@234fd47e07d1004f0aed9c",
        "pkg:oci/b@sha256%3A00",
        "pkg:oci/b?tag=v1",
        "pkg:oci/b?repository_url=b",
        "an artifact",
    ] {
        assert_eq!(pushed(id), None, "{id}");
    }
}
