//! Senders that only know the path.

use hook_payload::{Keys, Needs, Rejection, Sender};

use crate::setup::{NOW, Request};

fn is_taken(sender: Sender, body: &str) -> bool {
    let request = Request::json(body);
    match request.with_keys(sender, &Keys::Nothing, NOW) {
        Ok(_) => true,
        Err(Rejection::Body { .. }) => false,
        Err(other) => panic!("{sender} {body:?}: {other}"),
    }
}

#[test]
fn generic_takes_anything() {
    for body in ["", "{", "[]", "\u{0}", "name=value"] {
        assert!(is_taken(Sender::Generic, body), "{body:?}");
    }
}

#[test]
fn the_first_value_has_to_be_an_object_or_null() {
    for sender in [Sender::DockerHub, Sender::Quay, Sender::Acr] {
        for body in [
            "{}",
            "null",
            " \n{}",
            "{} trailing",
            "{}[",
            "null null",
            r#"{"more": [1]}"#,
        ] {
            assert!(is_taken(sender, body), "{sender} {body:?}");
        }
        for body in [
            "",
            " ",
            "[]",
            "[{}]",
            "1",
            "\"text\"",
            "true",
            "{",
            "{]",
            "nul",
            "\u{feff}{}",
        ] {
            assert!(!is_taken(sender, body), "{sender} {body:?}");
        }
    }
}

#[test]
fn what_is_read_has_to_be_of_its_type_and_may_be_missing_or_null() {
    let cases = [
        (
            Sender::DockerHub,
            r#"{"push_data": null, "repository": {"repo_url": null}}"#,
            true,
        ),
        (
            Sender::DockerHub,
            r#"{"push_data": {"tag": "v1", "pushed_at": "soon"}}"#,
            true,
        ),
        (
            Sender::DockerHub,
            r#"{"repository": {"repo_name": 1}}"#,
            true,
        ),
        (Sender::DockerHub, r#"{"push_data": {"tag": 1}}"#, false),
        (Sender::DockerHub, r#"{"push_data": []}"#, false),
        (Sender::DockerHub, r#"{"push_data": "v1"}"#, false),
        (
            Sender::DockerHub,
            r#"{"repository": {"repo_url": {}}}"#,
            false,
        ),
        (
            Sender::Quay,
            r#"{"docker_url": null, "updated_tags": null}"#,
            true,
        ),
        (Sender::Quay, r#"{"updated_tags": ["v1", null]}"#, true),
        (
            Sender::Quay,
            r#"{"updated_tags": {"latest": "b750"}}"#,
            false,
        ),
        (Sender::Quay, r#"{"updated_tags": [1]}"#, false),
        (Sender::Quay, r#"{"docker_url": []}"#, false),
        (Sender::Acr, r#"{"action": null, "target": null}"#, true),
        (
            Sender::Acr,
            r#"{"target": {"repository": "app", "size": "much"}}"#,
            true,
        ),
        (Sender::Acr, r#"{"action": {}}"#, false),
        (Sender::Acr, r#"{"target": []}"#, false),
        (Sender::Acr, r#"{"target": {"tag": 1}}"#, false),
    ];
    for (sender, body, taken) in cases {
        assert_eq!(is_taken(sender, body), taken, "{sender} {body}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_mended() {
    let body = b"{\"push_data\": {\"tag\": \"v1\", \"pusher\": \"\xff\"}}".as_slice();
    let request = Request::json(body);
    request
        .with_keys(Sender::DockerHub, &Keys::Nothing, NOW)
        .unwrap();
}

#[test]
fn keys_that_are_not_the_senders_are_refused_even_if_the_request_is_right() {
    let request = Request::json("{}").hub_signed();
    for sender in Sender::ALL {
        let refused = request.with_keys(sender, &Keys::Nothing, NOW).err();
        let by_keys = matches!(refused, Some(Rejection::Keys { .. }));
        assert_eq!(by_keys, sender.needs() != Needs::Nothing, "{sender}");
    }
}

#[test]
fn senders_are_found_by_the_names_that_the_api_has() {
    for sender in Sender::ALL {
        assert_eq!(Sender::parse(sender.name()), Some(sender));
    }
    assert_eq!(Sender::parse("GitHub"), None);
}
