//! `generic-oidc`: tokens of OpenID Connect providers.

use hook_payload::{JwkSet, Keys, Rejection, Sender, UnverifiedToken};
use serde_json::json;

use crate::setup::{NOW, Request, Tokens, chain, reason};

const ISSUER: &str = "https://token.example.com";
const AUDIENCE: &str = "notification-controller";

/// A provider as its Receiver and its discovery document describe it.
struct Provider {
    keys: JwkSet,
    algorithms: Vec<String>,
}

impl Provider {
    fn signing_with(algorithms: &[&str]) -> Self {
        Self {
            keys: Tokens::read().keys(),
            algorithms: algorithms.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    fn at(&self, token: &str, now: i64) -> String {
        let request = bearer(token);
        reason(request.with_keys(Sender::GenericOidc, &self.keys(), now))
    }

    fn keys(&self) -> Keys<'_> {
        Keys::Oidc {
            keys: &self.keys,
            issuer: ISSUER,
            audience: AUDIENCE,
            algorithms: &self.algorithms,
        }
    }
}

fn bearer(token: &str) -> Request {
    Request::json("{}").with("authorization", &format!("Bearer {token}"))
}

#[test]
fn each_algorithm_is_verified_if_the_provider_uses_it() {
    let tokens = Tokens::read();
    for (algorithm, token) in tokens.group("algorithms") {
        assert_eq!(
            Provider::signing_with(&[algorithm]).at(token, NOW),
            "taken",
            "{algorithm}"
        );
        let expected = format!(
            "failed to verify OIDC token: token is signed with the algorithm '{algorithm}', which is not one of \
             the provider's"
        );
        let other = if algorithm == "ES384" {
            "ES256"
        } else {
            "ES384"
        };
        assert_eq!(Provider::signing_with(&[other]).at(token, NOW), expected);
    }
}

#[test]
fn rs256_counts_where_the_provider_names_nothing_that_we_know() {
    let tokens = Tokens::read();
    for named in [&[][..], &["none", "HS256"][..]] {
        let provider = Provider::signing_with(named);
        for (algorithm, token) in tokens.group("algorithms") {
            let taken = provider.at(token, NOW) == "taken";
            assert_eq!(taken, algorithm == "RS256", "{algorithm}");
        }
    }
}

#[test]
fn a_signature_is_of_these_very_bytes() {
    let tokens = Tokens::read();
    for (algorithm, token) in tokens.group("algorithms") {
        let provider = Provider::signing_with(&[algorithm]);
        let wrong = "failed to verify OIDC token: the signature of the token was made with none of the provider's keys";
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 600, "admin": true});
        let claims = data_encoding::BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
        assert_eq!(
            provider.at(&format!("{header}.{claims}.{signature}"), NOW),
            wrong
        );
        assert_eq!(provider.at(&format!("{signed}."), NOW), wrong);
        assert_eq!(provider.at(&format!("{signed}.AAAA"), NOW), wrong);
        let cut = data_encoding::BASE64URL_NOPAD.encode(&[0; 64]);
        assert_eq!(provider.at(&format!("{signed}.{cut}"), NOW), wrong);
    }
}

#[test]
fn an_unsigned_token_is_refused_whatever_the_provider_says() {
    let encode = |text: String| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let claims = encode(json!({"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 600}).to_string());
    for algorithm in ["none", "None", "HS256", ""] {
        let header = encode(json!({"alg": algorithm}).to_string());
        let provider = Provider::signing_with(&["none", "HS256", "RS256"]);
        let refused = provider.at(&format!("{header}.{claims}."), NOW);
        assert!(
            refused.contains("is signed with the algorithm"),
            "{refused}"
        );
    }
}

#[test]
fn claims_have_to_be_right() {
    let tokens = Tokens::read();
    let provider = Provider::signing_with(&["EdDSA", "RS256"]);
    let signature = "the signature of the token was made with none of the provider's keys";
    let expected = [
        ("audience list", ""),
        ("fractions", ""),
        ("no key id", ""),
        ("no nbf", ""),
        ("no exp", "token is expired or has no 'exp' claim"),
        (
            "exp is a text",
            "the 'exp' claim of the token is not a number",
        ),
        (
            "no aud",
            "token is not for the audience 'notification-controller'",
        ),
        (
            "other audience",
            "token is not for the audience 'notification-controller'",
        ),
        (
            "no iss",
            "token is issued by '': expected 'https://token.example.com'",
        ),
        (
            "iss is a number",
            "the 'iss' claim of the token is not a text",
        ),
        (
            "other issuer",
            "token is issued by 'https://token.example.com/': expected 'https://token.example.com'",
        ),
        ("critical", "token has critical header parameters"),
        ("unknown key", signature),
        ("key of another kind", signature),
        ("somebody else", signature),
    ];
    assert_eq!(tokens.group("claims").count(), expected.len());
    for (name, expected) in expected {
        let found = provider.at(tokens.get("claims", name), NOW);
        let expected = match expected {
            "" => "taken".to_owned(),
            reason => format!("failed to verify OIDC token: {reason}"),
        };
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_token_counts_until_it_expires_and_from_five_minutes_before_it_begins() {
    // It is valid from ten seconds before NOW until ten minutes after it.
    let tokens = Tokens::read();
    let token = tokens.get("algorithms", "EdDSA");
    let provider = Provider::signing_with(&["EdDSA"]);
    let expired = "failed to verify OIDC token: token is expired or has no 'exp' claim";
    let early = "failed to verify OIDC token: token is not valid yet: look at the clocks of this node and of the issuer";
    for (now, expected) in [
        (NOW + 600, "taken"),
        (NOW + 601, expired),
        (NOW + 86_400, expired),
        (NOW - 10, "taken"),
        (NOW - 310, "taken"),
        (NOW - 311, early),
        (0, early),
    ] {
        assert_eq!(provider.at(token, now), expected, "{}", now - NOW);
    }
}

#[test]
fn the_claims_are_handed_over() {
    let tokens = Tokens::read();
    let request = bearer(tokens.get("algorithms", "EdDSA"));
    let provider = Provider::signing_with(&["EdDSA"]);
    let hook = request
        .with_keys(Sender::GenericOidc, &provider.keys(), NOW)
        .unwrap();
    let claims = hook.claims.unwrap();
    assert_eq!(
        (&claims["ref"], &claims["sub"]),
        (&json!("refs/heads/main"), &json!("repo:org/app"))
    );
    assert_eq!(hook.pushed, None);
}

#[test]
fn the_provider_is_found_by_the_unverified_issuer() {
    let unverified = |authorization: Option<&str>| {
        let request = Request::json("{}");
        let request = match authorization {
            Some(value) => request.with("authorization", value),
            None => request,
        };
        let token = UnverifiedToken::parse(&request.delivery());
        token.map_err(|refused| chain(&refused))
    };
    let tokens = Tokens::read();
    let token = tokens.get("algorithms", "EdDSA");
    let found = unverified(Some(&format!("Bearer   {token} "))).unwrap();
    assert_eq!((found.issuer(), found.key_id()), (ISSUER, Some("ed")));

    let malformed = "the Authorization header is missing or malformed";
    let (signed, _) = token.rsplit_once('.').unwrap();
    let refused = [
        (None, malformed.to_owned()),
        (Some("Bearer".to_owned()), malformed.to_owned()),
        (Some(format!("bearer {token}")), malformed.to_owned()),
        (Some(token.to_owned()), malformed.to_owned()),
        (
            Some("Bearer a.b".into()),
            "failed to parse bearer token: token is not a JWT".into(),
        ),
        (
            Some(format!("Bearer {token}.x")),
            "failed to parse bearer token: token is not a JWT".into(),
        ),
        (
            Some(format!("Bearer {signed}")),
            "failed to parse bearer token: token is not a JWT".into(),
        ),
        (
            Some("Bearer a.*.c".into()),
            "failed to parse bearer token: failed to decode token payload".into(),
        ),
        (
            Some(format!("Bearer {}", tokens.get("claims", "no iss"))),
            "failed to parse bearer token: token is missing the 'iss' claim".into(),
        ),
    ];
    for (authorization, expected) in refused {
        assert_eq!(unverified(authorization.as_deref()).unwrap_err(), expected);
    }
}

#[test]
fn keys_that_cannot_be_used_are_left_out() {
    let keys = Tokens::read().keys();
    for kid in ["rsa", "p256", "p384", "ed"] {
        assert!(keys.has(Some(kid)), "{kid}");
    }
    for kid in ["secret", "p521", "broken", "new"] {
        assert!(!keys.has(Some(kid)), "{kid}");
    }
    assert!(keys.has(None) && keys.has(Some("")));
    assert!(!JwkSet::default().has(None));
    assert!(serde_json::from_str::<JwkSet>("{}").is_err());
    assert!(serde_json::from_str::<JwkSet>(r#"{"keys": [1, {}, null]}"#).is_ok());
}

#[test]
fn keys_are_for_signatures_and_there_are_at_most_a_hundred() {
    let key = |kid: usize, purpose: &str| json!({"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": kid.to_string(), "use": purpose});
    let mut all = vec![key(1000, "enc")];
    all.extend((0..101).map(|kid| key(kid, "sig")));
    let keys: JwkSet = serde_json::from_value(json!({"keys": all})).unwrap();
    assert!(!keys.has(Some("1000")));
    assert!(keys.has(Some("99")) && !keys.has(Some("100")));
    assert_eq!(format!("{keys:?}"), "JwkSet(100 keys)");
}

#[test]
fn a_token_in_the_place_of_keys_is_no_keys() {
    let request = bearer("a.b.c");
    let refused = request.to(Sender::GenericOidc).unwrap_err();
    assert!(matches!(
        refused,
        Rejection::Keys {
            sender: Sender::GenericOidc
        }
    ));
}
