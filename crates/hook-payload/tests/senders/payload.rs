//! What filters see of a hook.

use hook_payload::{JsonError, Sender};
use serde_json::{Value, json};

use crate::setup::{Request, chain};

fn req(content_type: &str, body: &str) -> Result<Value, JsonError> {
    let request = Request::of(content_type, body);
    request.to(Sender::Generic).unwrap().payload.req()
}

#[test]
fn the_first_value_of_a_json_body_is_seen() {
    let cases = [
        (r#"{"a": [1, 2.5, null]}"#, json!({"a": [1, 2.5, null]})),
        (r#"{"a": 1, "a": 2} trailing"#, json!({"a": 2})),
        ("null", json!({})),
    ];
    for (body, expected) in cases {
        assert_eq!(req("application/json", body).unwrap(), expected, "{body}");
    }
}

#[test]
fn a_json_body_has_to_be_an_object() {
    for body in ["", " ", "[]", "1", "\"text\"", "{", r#"{"a""#] {
        assert!(req("application/json", body).is_err(), "{body:?}");
    }
    let list = req("application/json", "[]").unwrap_err();
    assert_eq!(chain(&list), "the JSON is not an object");
}

#[test]
fn only_application_json_is_json() {
    let body = r#"{"a": 1}"#;
    for content_type in [
        "application/json",
        "APPLICATION/JSON ; charset=utf-8",
        "text/plain, application/json;q=1",
    ] {
        assert_eq!(
            req(content_type, body).unwrap(),
            json!({"a": 1}),
            "{content_type}"
        );
    }
    for content_type in [
        "",
        "text/plain",
        "application/cloudevents+json",
        "application/vnd.docker+json",
        "application/x-www-form-urlencoded",
        "application/jsonp",
    ] {
        assert_eq!(
            req(content_type, body).unwrap(),
            json!({}),
            "{content_type}"
        );
        assert_eq!(
            req(content_type, "nonsense").unwrap(),
            json!({}),
            "{content_type}"
        );
    }
}

#[test]
fn a_form_of_github_is_not_seen() {
    let form = "payload=%7B%22action%22%3A%22published%22%7D";
    let request = Request::of("application/x-www-form-urlencoded", form).hub_signed();
    assert_eq!(
        request.to(Sender::GitHub).unwrap().payload.req().unwrap(),
        json!({})
    );
}

#[test]
fn a_hook_does_not_show_its_payload_when_it_is_printed() {
    let request = Request::json(r#"{"password": "hunter2"}"#);
    let hook = request.to(Sender::Generic).unwrap();
    assert!(!format!("{hook:?}").contains("hunter2"));
}
