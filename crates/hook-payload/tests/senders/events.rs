//! Receivers that ask for some events only.

use hook_payload::{Rejection, Sender};

use crate::setup::{Request, TOKEN, reason};

const CDEVENT: &str = include_str!("payloads/cdevents-artifact.json");

/// A request that is the sender's but for its event.
fn request(sender: Sender) -> Request {
    let body = if sender == Sender::CdEvents {
        CDEVENT
    } else {
        "{}"
    };
    Request::json(body)
        .hub_signed()
        .with("x-gitlab-token", TOKEN)
}

const SENDERS: [(Sender, &str, &str); 4] = [
    (Sender::GitHub, "x-github-event", "registry_package"),
    (Sender::GitLab, "x-gitlab-event", "Push Hook"),
    (Sender::Bitbucket, "x-event-key", "repo:refs_changed"),
    (
        Sender::CdEvents,
        "ce-type",
        "dev.cdevents.artifact.published.0.2.0",
    ),
];

#[test]
fn no_events_are_all_events() {
    for (sender, header, event) in SENDERS {
        request(sender).to(sender).unwrap();
        request(sender).with(header, event).to(sender).unwrap();
        request(sender).with(header, "anything").to(sender).unwrap();
    }
}

#[test]
fn events_are_compared_without_their_case() {
    for (sender, header, event) in SENDERS {
        let asked = ["other", &event.to_uppercase()];
        let right = request(sender).with(header, event);
        right.for_events(sender, &asked).unwrap();
        for wrong in ["ping", &event[1..], ""] {
            let wrong = request(sender).with(header, wrong);
            let refused = wrong.for_events(sender, &asked).unwrap_err();
            assert!(matches!(refused, Rejection::Event { .. }), "{sender}");
        }
        let missing = request(sender);
        let refused = missing.for_events(sender, &asked).unwrap_err();
        assert!(matches!(refused, Rejection::Event { .. }), "{sender}");
    }
}

#[test]
fn an_event_is_shown_within_bounds() {
    let long = request(Sender::GitHub).with("x-github-event", &"x".repeat(1000));
    let shown = reason(long.for_events(Sender::GitHub, &["push"]));
    let expected = "x".repeat(100);
    let expected = format!("the github event '{expected}' is not among the events of the Receiver");
    assert_eq!(shown, expected);
}

#[test]
fn other_senders_have_no_events() {
    let request = Request::json("{}");
    let hook = request.for_events(Sender::Generic, &["push"]);
    assert!(hook.is_ok());
}
