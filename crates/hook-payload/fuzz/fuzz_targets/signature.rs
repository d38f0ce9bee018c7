//! No signature that was not made with the token is taken, whatever its form and the body are.
#![no_main]

use chrono::DateTime;
use hook_payload::{Delivery, Keys, Needs, Sender, Token, authenticate};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

/// The headers that the senders bring their token or their signature in.
const HEADERS: [&str; 6] = [
    "authorization",
    "x-gitlab-token",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-nexus-webhook-signature",
    "x-signature",
];

fuzz_target!(|input: (&[u8], &[u8])| {
    let (value, body) = input;
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for header in HEADERS {
        headers.insert(header, value.clone());
    }
    let token = Token::new("a token that no fuzzer finds").expect("it is not empty");
    let delivery = Delivery {
        headers: &headers,
        body,
    };
    let with_token = Sender::ALL
        .into_iter()
        .filter(|sender| sender.needs() == Needs::Token);
    for sender in with_token {
        let hook = authenticate(
            sender,
            &Keys::Token(&token),
            &[],
            &delivery,
            DateTime::UNIX_EPOCH,
        );
        assert!(hook.is_err(), "{sender}");
    }
});
