//! Senders that bring the token itself.

use hook_payload::{Rejection, Sender};

use crate::setup::{Request, TOKEN};

const PUSH: &str = include_str!("payloads/gitlab-push.json");
const HARBOR: &str = include_str!("payloads/harbor.json");

/// What brings the token, and in which header.
const BRINGERS: [(Sender, &str, &str); 2] = [
    (Sender::GitLab, "x-gitlab-token", PUSH),
    (Sender::Harbor, "authorization", HARBOR),
];

#[test]
fn the_token_is_brought_as_it_is() {
    for (sender, header, body) in BRINGERS {
        Request::json(body).with(header, TOKEN).to(sender).unwrap();
    }
}

#[test]
fn anything_but_the_token_is_refused_without_showing_it() {
    for (sender, header, body) in BRINGERS {
        let tokens = [
            format!("Bearer {TOKEN}"),
            TOKEN.to_uppercase(),
            TOKEN[1..].to_owned(),
            format!("{TOKEN}0"),
            "hunter2".to_owned(),
        ];
        for token in tokens {
            let refused = Request::json(body)
                .with(header, &token)
                .to(sender)
                .unwrap_err();
            assert!(
                matches!(refused, Rejection::WrongToken { .. }),
                "{sender} {token}"
            );
            let shown = format!("{refused} {refused:?}");
            assert!(!shown.contains(TOKEN) && !shown.contains(&token), "{shown}");
        }
        let refused = Request::json(body).to(sender).unwrap_err();
        assert!(
            matches!(refused, Rejection::MissingHeader { .. }),
            "{sender}"
        );
    }
}

#[test]
fn what_is_in_the_body_does_not_matter() {
    for (sender, header, body) in BRINGERS {
        for body in [&body[..body.len() / 2], "", "[]", "\u{0}"] {
            let hook = Request::json(body).with(header, TOKEN);
            assert_eq!(hook.to(sender).unwrap().pushed, None, "{sender} {body:?}");
        }
    }
}
