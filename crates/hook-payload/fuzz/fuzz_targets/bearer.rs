//! Any bearer token and any set of keys are read without a panic, and no token passes without a key.
#![no_main]

use chrono::DateTime;
use hook_payload::{Delivery, JwkSet, Keys, Sender, UnverifiedToken, authenticate};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (token, set) = input;
    let Ok(bearer) = HeaderValue::from_bytes(&[b"Bearer ", token].concat()) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.insert("authorization", bearer);
    let delivery = Delivery {
        headers: &headers,
        body: b"{}",
    };
    let Ok(unverified) = UnverifiedToken::parse(&delivery) else {
        return;
    };
    let keys: JwkSet = serde_json::from_slice(set).unwrap_or_default();
    let algorithms = ["RS256", "PS512", "ES256", "ES384", "EdDSA"].map(str::to_owned);
    let provider = Keys::Oidc {
        keys: &keys,
        issuer: unverified.issuer(),
        audience: "notification-controller",
        algorithms: &algorithms,
    };
    let hook = authenticate(
        Sender::GenericOidc,
        &provider,
        &[],
        &delivery,
        DateTime::UNIX_EPOCH,
    );
    assert!(hook.is_err() || keys.has(unverified.key_id()));
});
