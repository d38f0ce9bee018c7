//! Senders that sign the body with the token.

use hook_payload::{Rejection, Sender};
use ring::hmac;

use crate::setup::{Request, hexadecimal_hmac, reason};

const BODY: &str = r#"{"ref": "refs/heads/main"}"#;

/// The known answers: HMACs of [`BODY`] with the token, made by `openssl dgst -hmac`.
const SHA1: &str = "e5ed74f60a39cb9723d687ef77e3d695d2e1d8c0";
const SHA256: &str = "7cf9e5b45708c419689c5a7ac78e725cd002b2c6863afb2c5a0d928c6c7dd5be";
const SHA512: &str = "c79cd6f6c997a34314aa6b7c0c6c40195ba614d2725d4aba2bec595de4b298d1d7e7bf05e311b78f6c24d7200922c53a279d5abf31e02dcd0b7e501ec004ada4";

#[test]
fn generic_hmac_takes_each_of_its_algorithms() {
    for (name, digits) in [("sha1", SHA1), ("sha256", SHA256), ("sha512", SHA512)] {
        for digits in [digits.to_owned(), digits.to_uppercase()] {
            let request = Request::json(BODY).with("x-signature", &format!("{name}={digits}"));
            request.to(Sender::GenericHmac).expect(name);
        }
    }
}

#[test]
fn generic_hmac_looks_at_no_content_type_and_at_no_other_header() {
    let signed = |header| {
        let request = Request::of("text/plain", BODY);
        request.signed(header, "sha256", hmac::HMAC_SHA256)
    };
    signed("x-signature").to(Sender::GenericHmac).unwrap();
    let other = signed("x-hub-signature-256");
    assert_eq!(
        reason(other.to(Sender::GenericHmac)),
        "the header X-Signature is missing"
    );
}

#[test]
fn a_signature_that_is_no_signature_is_refused() {
    let malformed = [
        SHA256.to_owned(),
        format!("md5={SHA1}"),
        format!("SHA256={SHA256}"),
        format!("sha256:{SHA256}"),
        "sha256".to_owned(),
        "sha256=xyz".to_owned(),
        format!("sha256={}", &SHA256[1..]),
        format!("sha256= {SHA256}"),
    ];
    for signature in malformed {
        let request = Request::json(BODY).with("x-signature", &signature);
        let refused = request.to(Sender::GenericHmac).unwrap_err();
        assert!(
            matches!(refused, Rejection::MalformedSignature { .. }),
            "{signature}"
        );
    }
}

#[test]
fn a_signature_of_something_else_is_refused() {
    let wrong = [
        format!("sha256={}", "0".repeat(64)),
        format!("sha256={}", &SHA256[2..]),
        "sha256=".to_owned(),
        format!("sha1={SHA256}"),
        format!("sha256={SHA1}"),
    ];
    for signature in wrong {
        for (sender, header) in [
            (Sender::GenericHmac, "x-signature"),
            (Sender::GitHub, "x-hub-signature-256"),
            (Sender::Bitbucket, "x-hub-signature"),
        ] {
            let refused = Request::json(BODY)
                .with(header, &signature)
                .to(sender)
                .unwrap_err();
            assert!(
                matches!(refused, Rejection::WrongSignature { .. }),
                "{sender} {signature}"
            );
            assert!(!refused.to_string().contains(&SHA256[..8]), "{refused}");
        }
    }
}

#[test]
fn a_body_that_was_cut_or_changed_is_refused() {
    let signature = format!("sha256={SHA256}");
    for body in [&BODY[..BODY.len() - 1], "", r#"{"ref": "refs/heads/evil"}"#] {
        let request = Request::json(body).with("x-hub-signature-256", &signature);
        let refused = request.to(Sender::GitHub).unwrap_err();
        assert!(
            matches!(refused, Rejection::WrongSignature { .. }),
            "{body:?}"
        );
    }
}

#[test]
fn github_and_bitbucket_sign_in_either_header_and_the_newer_counts() {
    for sender in [Sender::GitHub, Sender::Bitbucket] {
        let old = Request::json(BODY).with("x-hub-signature", &format!("sha1={SHA1}"));
        old.to(sender).unwrap();
        let new = Request::json(BODY).with("x-hub-signature-256", &format!("sha256={SHA256}"));
        new.to(sender).unwrap();
        let both = old.with("x-hub-signature-256", "sha256=00");
        let refused = both.to(sender).unwrap_err();
        let newer = "X-Hub-Signature-256";
        assert!(matches!(refused, Rejection::WrongSignature { header } if header == newer));
        let missing = reason(Request::json(BODY).to(sender));
        assert_eq!(missing, "the header X-Hub-Signature is missing");
    }
}

#[test]
fn github_sends_json_or_a_form_and_nothing_else() {
    let types = [
        ("application/json", true),
        ("application/json; charset=utf-8", true),
        ("Application/JSON", true),
        ("application/x-www-form-urlencoded", true),
        ("application/cloudevents+json", false),
        ("text/plain", false),
        ("", false),
    ];
    for (content_type, taken) in types {
        for sender in [Sender::GitHub, Sender::Bitbucket] {
            let request = Request::of(content_type, BODY).hub_signed();
            assert_eq!(request.to(sender).is_ok(), taken, "{sender} {content_type}");
        }
    }
}

#[test]
fn nexus_signs_with_bare_digits_in_lower_case() {
    let nexus = |signature: &str| {
        let request = Request::json(BODY).with("x-nexus-webhook-signature", signature);
        reason(request.to(Sender::Nexus))
    };
    assert_eq!(nexus(SHA1), "taken");
    let malformed = "the header X-Nexus-Webhook-Signature holds no signature: expected 40 hex digits in lower case";
    assert_eq!(nexus(&SHA1.to_uppercase()), malformed);
    assert_eq!(nexus(&format!("sha1={SHA1}")), malformed);
    let wrong = "the signature in X-Nexus-Webhook-Signature is not that of the body with the token of the Receiver";
    assert_eq!(nexus(&"0".repeat(40)), wrong);
    assert_eq!(nexus(&SHA1[2..]), wrong);
    assert_eq!(nexus(""), "the header X-Nexus-Webhook-Signature is missing");
}

#[test]
fn nexus_sends_one_object() {
    let bodies = [
        (r#"{"action": "CREATED", "repositoryName": "npm"}"#, true),
        ("{}", true),
        ("null", true),
        (r#"{"action": 1}"#, false),
        ("[]", false),
        ("{} {}", false),
        ("", false),
        (r#"{"action": "CREA"#, false),
    ];
    for (body, taken) in bodies {
        let signature = hexadecimal_hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, body.as_bytes());
        let request = Request::json(body).with("x-nexus-webhook-signature", &signature);
        assert_eq!(request.to(Sender::Nexus).is_ok(), taken, "{body}");
    }
}
