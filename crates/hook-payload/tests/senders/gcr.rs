//! Google's registries, through Pub/Sub.

use data_encoding::BASE64;
use hook_payload::{Keys, Sender};
use serde_json::{Value, json};

use crate::setup::{NOW, Request, Tokens, chain, reason};

const EMAIL: &str = "pusher@project.iam.gserviceaccount.com";
const AUDIENCE: &str = "https://hooks.example.com";
const EVENT: &str = include_str!("payloads/gcr-event.json");

/// An event in the envelope of Pub/Sub.
fn envelope(event: &str) -> Value {
    json!({
        "message": {
            "attributes": {},
            "data": BASE64.encode(event.as_bytes()),
            "messageId": "2070443601311540",
            "message_id": "2070443601311540",
            "publishTime": "2026-02-26T19:13:55.749Z",
            "publish_time": "2026-02-26T19:13:55.749Z",
        },
        "subscription": "projects/my-project/subscriptions/hooks",
    })
}

/// What becomes of a body that comes with a token of `tokens.json`; for one that is taken, what filters see and the
/// image.
fn sent(body: &str, token: &str, email: &str) -> Result<(Value, Option<String>), String> {
    let tokens = Tokens::read();
    let authorization = format!("Bearer {}", tokens.get("google", token));
    let request = Request::json(body).with("authorization", &authorization);
    let keys = tokens.keys();
    let keys = Keys::Google {
        keys: &keys,
        email,
        audience: AUDIENCE,
    };
    let hook = request.with_keys(Sender::Gcr, &keys, NOW);
    let hook = hook.map_err(|refused| chain(&refused))?;
    let image = hook.pushed.map(|pushed| format!("{pushed:?}"));
    Ok((hook.payload.req().unwrap(), image))
}

fn with_body(body: &str) -> Result<(Value, Option<String>), String> {
    sent(body, "good", EMAIL)
}

#[test]
fn the_event_is_taken_out_of_its_envelope() {
    let (req, image) = with_body(&envelope(EVENT).to_string()).unwrap();
    assert_eq!(req, serde_json::from_str::<Value>(EVENT).unwrap());
    let expected = r#"Pushed { registry: Some("us-east1-docker.pkg.dev"), repository: "my-project/my-repo/hello-world", tags: ["1.1"], digest: Some("sha256:6ec128e26cd5d8b6a4d7f0c1e2b3a495867f0e1d2c3b4a5968778695a4b3c2d1") }"#;
    assert_eq!(image.as_deref(), Some(expected));
}

#[test]
fn filters_see_three_fields_always() {
    let (req, image) =
        with_body(&envelope(r#"{"action": "DELETE", "more": 1}"#).to_string()).unwrap();
    assert_eq!(req, json!({"action": "DELETE", "digest": "", "tag": ""}));
    assert_eq!(image, None);
    let (req, _) = with_body(&envelope("null").to_string()).unwrap();
    assert_eq!(req, json!({"action": "", "digest": "", "tag": ""}));
}

#[test]
fn the_envelope_has_to_be_one() {
    let data = |data: &str| json!({"message": {"data": data}}).to_string();
    let published = |time: Value| {
        let mut envelope = envelope(EVENT);
        envelope["message"]["publishTime"] = time;
        envelope.to_string()
    };
    let encoded = BASE64.encode(EVENT.as_bytes());
    // What comes after the last whole group of base64 does not count, if what is before it is JSON.
    let padded = BASE64.encode(br#"{"tag": "reg/a:1"}"#);
    for taken in [
        format!("{} trailing", envelope(EVENT)),
        data(&format!("{}\r\n{}", &encoded[..4], &encoded[4..])),
        data(&format!("{padded}*")),
        data(&format!("{padded}%%%%")),
        published(Value::Null),
    ] {
        assert!(with_body(&taken).is_ok(), "{taken}");
    }
    for refused in [
        String::new(),
        "[]".into(),
        "{}".into(),
        r#"{"message": []}"#.into(),
        r#"{"message": {"data": 1}}"#.into(),
        data(""),
        data("****"),
        data(&encoded[..8]),
        data(&BASE64.encode(b"[]")),
        data(&BASE64.encode(b"{} {}")),
        data(&BASE64.encode(br#"{"tag": 1}"#)),
        published(json!("yesterday")),
        published(json!(1)),
    ] {
        let reason = with_body(&refused).unwrap_err();
        assert!(
            reason.starts_with("the body is not what gcr sends"),
            "{refused}: {reason}"
        );
    }
}

#[test]
fn the_token_is_of_the_one_account_that_the_secret_names() {
    let email = "the token is not of the email that the Secret names, or the email is not verified by Google";
    let verify = |reason: &str| format!("failed to verify OIDC token: {reason}");
    let expected = [
        ("good", String::new()),
        ("short issuer", String::new()),
        ("other email", email.to_owned()),
        ("unverified email", email.to_owned()),
        ("verified as a text", email.to_owned()),
        (
            "other issuer",
            verify(
                "token is issued by 'https://accounts.example.com': expected 'https://accounts.google.com'",
            ),
        ),
        (
            "other audience",
            verify("token is not for the audience 'https://hooks.example.com'"),
        ),
        (
            "other algorithm",
            verify(
                "token is signed with the algorithm 'PS256', which is not one of the provider's",
            ),
        ),
        (
            "somebody else",
            verify("the signature of the token was made with none of the provider's keys"),
        ),
    ];
    let body = envelope(EVENT).to_string();
    assert_eq!(Tokens::read().group("google").count(), expected.len());
    for (name, expected) in expected {
        let found = sent(&body, name, EMAIL).err().unwrap_or_default();
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(sent(&body, "good", "").unwrap_err(), email);
}

#[test]
fn a_token_that_is_replayed_later_is_refused() {
    let tokens = Tokens::read();
    let authorization = format!("Bearer {}", tokens.get("google", "good"));
    let request = Request::json(envelope(EVENT).to_string()).with("authorization", &authorization);
    let keys = tokens.keys();
    let keys = Keys::Google {
        keys: &keys,
        email: EMAIL,
        audience: AUDIENCE,
    };
    assert_eq!(
        reason(request.with_keys(Sender::Gcr, &keys, NOW + 3600)),
        "taken"
    );
    let late = request.with_keys(Sender::Gcr, &keys, NOW + 3601);
    assert_eq!(
        reason(late),
        "failed to verify OIDC token: token is expired or has no 'exp' claim"
    );
}
