//! Whatever comes: no panic, and nobody passes without the token.

use hook_payload::{Delivery, JwkSet, Keys, Needs, Sender, authenticate};
use http::HeaderMap;
use proptest::prelude::*;
use proptest::sample::select;
use ring::hmac;

use crate::setup::{NOW, Request, at, token};

const HEADERS: [&str; 9] = [
    "content-type",
    "authorization",
    "x-signature",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-gitlab-token",
    "x-nexus-webhook-signature",
    "x-github-event",
    "ce-type",
];

const PAYLOADS: [&str; 4] = [
    include_str!("payloads/dockerhub.json"),
    include_str!("payloads/quay.json"),
    include_str!("payloads/acr.json"),
    include_str!("payloads/cdevents-artifact.json"),
];

fn headers() -> impl Strategy<Value = HeaderMap> {
    let value = prop_oneof![
        "[ -~]{0,60}",
        "sha(1|256|512)=[0-9a-f]{0,130}",
        "Bearer [A-Za-z0-9_.-]{0,60}",
        Just("application/json".to_owned()),
    ];
    let pair = (select(&HEADERS[..]), value);
    proptest::collection::vec(pair, 0..5).prop_map(|pairs| {
        let pairs = pairs.into_iter().map(|(name, value)| {
            (
                name.parse().unwrap(),
                http::HeaderValue::from_str(&value).unwrap(),
            )
        });
        pairs.collect()
    })
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let mutated = (
        select(&PAYLOADS[..]),
        any::<prop::sample::Index>(),
        any::<u8>(),
    );
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        mutated.prop_map(|(payload, index, byte)| {
            let mut body = payload.as_bytes().to_vec();
            let at = index.index(body.len());
            body[at] = byte;
            body
        }),
        (select(&PAYLOADS[..]), any::<prop::sample::Index>())
            .prop_map(|(payload, index)| payload.as_bytes()[..index.index(payload.len())].to_vec()),
    ]
}

proptest! {
    #[test]
    fn no_request_passes_without_the_keys_and_none_panics(
        headers in headers(),
        body in bodies(),
        sender in select(&Sender::ALL[..]),
    ) {
        let delivery = Delivery { headers: &headers, body: &body };
        let (token, keys) = (token(), JwkSet::default());
        let keys = match sender.needs() {
            Needs::Nothing => Keys::Nothing,
            Needs::Token => Keys::Token(&token),
            Needs::Google => Keys::Google { keys: &keys, email: "", audience: "" },
            Needs::Oidc => Keys::Oidc { keys: &keys, issuer: "", audience: "", algorithms: &[] },
        };
        let hook = authenticate(sender, &keys, &[], &delivery, at(NOW));
        if sender.needs() != Needs::Nothing {
            prop_assert!(hook.is_err());
        }
        if let Ok(hook) = hook {
            let object = hook.payload.req().map_or(true, |req| req.is_object());
            prop_assert!(object);
        }
    }

    #[test]
    fn what_is_signed_is_taken_and_one_other_bit_is_not(
        body in proptest::collection::vec(any::<u8>(), 1..200),
        bit in any::<prop::sample::Index>(),
    ) {
        let sign = |body: &[u8]| {
            let request = Request::of("application/json", body);
            request.signed("x-signature", "sha512", hmac::HMAC_SHA512)
        };
        let right = sign(&body);
        prop_assert!(right.to(Sender::GenericHmac).is_ok());
        let mut other = body.clone();
        let bit = bit.index(other.len() * 8);
        other[bit / 8] ^= 1 << (bit % 8);
        let wrong = Delivery { headers: right.delivery().headers, body: &other };
        let keys = token();
        prop_assert!(authenticate(Sender::GenericHmac, &Keys::Token(&keys), &[], &wrong, at(NOW)).is_err());
    }
}
