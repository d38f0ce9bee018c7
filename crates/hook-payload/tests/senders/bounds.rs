//! Bodies that are made to hurt.

use hook_payload::{JsonError, MAX_VALUES, Sender};

use crate::setup::{Request, TOKEN};

/// `depth` lists in a list, in an object.
fn deep(depth: usize) -> String {
    format!(r#"{{"a": {}{}}}"#, "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn what_is_not_read_may_be_as_deep_as_it_likes() {
    let request = Request::json(deep(1_000_000)).with("authorization", TOKEN);
    for sender in [
        Sender::Generic,
        Sender::Harbor,
        Sender::DockerHub,
        Sender::Quay,
        Sender::Acr,
    ] {
        let hook = request.to(sender).unwrap();
        assert!(hook.payload.req().is_err(), "{sender}");
    }
}

#[test]
fn what_a_filter_sees_is_at_most_127_deep() {
    for (depth, seen) in [(126, true), (127, false)] {
        let request = Request::json(deep(depth));
        let req = request.to(Sender::DockerHub).unwrap().payload.req();
        assert_eq!(req.is_ok(), seen, "{depth}");
    }
}

#[test]
fn a_payload_holds_a_bounded_number_of_values() {
    let of = |values: usize| {
        let list = vec!["{}"; values].join(",");
        Request::json(format!(r#"{{"a": [{list}]}}"#))
    };
    // Each value is counted for its brace and for the comma before it.
    let fits = of(MAX_VALUES / 2 - 1);
    assert!(fits.to(Sender::Generic).unwrap().payload.req().is_ok());
    let more = of(MAX_VALUES / 2 + 1);
    let refused = more.to(Sender::Generic).unwrap().payload.req().unwrap_err();
    assert!(matches!(refused, JsonError::TooMany), "{refused}");
}

#[test]
fn only_so_many_tags_of_a_hook_count() {
    // Were each compared with all before it, this would take minutes.
    let tags: Vec<_> = (0..300_000).map(|tag| format!(r#""{tag}""#)).collect();
    let tags = tags.join(",");
    let body = format!(r#"{{"docker_url": "quay.io/a/b", "updated_tags": [{tags}]}}"#);
    let hook = Request::json(body);
    let pushed = hook.to(Sender::Quay).unwrap().pushed.unwrap();
    assert_eq!((pushed.tags.len(), pushed.tags[99].as_str()), (100, "99"));
}

#[test]
fn what_is_in_a_cdevent_may_be_as_deep_as_it_likes() {
    let event = include_str!("payloads/cdevents-artifact.json");
    let mut event: serde_json::Value = serde_json::from_str(event).unwrap();
    event["subject"]["content"] = serde_json::json!({ "a": "here" });
    let lists = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let body = event.to_string().replace(r#""here""#, &lists);
    assert!(Request::json(body).to(Sender::CdEvents).is_ok());
}
