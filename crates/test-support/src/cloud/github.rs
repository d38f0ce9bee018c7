//! The API of GitHub, as far as an App needs it for a token.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use serde_json::{Value, json};

use super::aws::rfc3339;
use super::{Answer, Call, expect};

/// The App.
pub const APP_ID: &str = "12345";
/// Its only installation.
pub const APP_INSTALLATION: &str = "42";
/// The organization that installed it.
pub const APP_ORGANIZATION: &str = "acme";
/// The user who installed it.
pub const APP_USER: &str = "alice";
/// The token of the installation.
pub const APP_TOKEN: &str = "ghs_s3cret-installation-token";

/// A token of the installation, or its id.
pub(super) fn answer(call: &Call<'_>) -> Answer {
    expect(
        "what is accepted",
        call.header("accept"),
        "application/vnd.github+json",
    )?;
    let token = call.header("authorization").strip_prefix("Bearer ");
    check(token.unwrap_or_default(), &call.services.app_key.lock())?;
    let path = call.uri.path().strip_prefix("/github").unwrap_or_default();
    let installation = ["orgs/", "users/"].map(|kind| path.strip_prefix('/')?.strip_prefix(kind));
    match installation {
        [Some("acme/installation"), _] | [_, Some("alice/installation")] => {
            expect("the method", call.method.as_str(), "GET")?;
            return Ok(Json(json!({ "id": 42 })).into_response());
        }
        [Some(_), _] | [_, Some(_)] => {
            let text = Json(json!({ "message": "Not Found" }));
            return Ok((StatusCode::NOT_FOUND, text).into_response());
        }
        [None, None] => {}
    }
    expect("the method", call.method.as_str(), "POST")?;
    let expected = format!("/app/installations/{APP_INSTALLATION}/access_tokens");
    expect("the path", path, &expected)?;
    let answer = json!({ "token": APP_TOKEN, "expires_at": rfc3339(call.services.end()) });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Whether a token is the App's, made half a minute ago for two minutes.
fn check(token: &str, key: &[u8]) -> Result<(), String> {
    let wrong = |what: &str| format!("the token {token} {what}");
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let (signed, signature) = token
        .rsplit_once('.')
        .ok_or_else(|| wrong("has no signature"))?;
    let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    let scheme = SignatureScheme::RSA_PKCS1_SHA256;
    let known = algorithms
        .mapping
        .iter()
        .find(|(known, _)| *known == scheme);
    let verified = known.is_some_and(|(_, algorithms)| {
        algorithms.iter().any(|algorithm| {
            let verified = algorithm.verify_signature(key, signed.as_bytes(), &decode(signature));
            verified.is_ok()
        })
    });
    if !verified {
        return Err(wrong("is not signed by the App"));
    }
    let (header, claims) = signed.split_once('.').unwrap_or_default();
    let json = |text: &str| serde_json::from_slice::<Value>(&decode(text)).unwrap_or_default();
    let (header, claims) = (json(header), json(claims));
    expect(
        "the algorithm",
        header["alg"].as_str().unwrap_or_default(),
        "RS256",
    )?;
    expect(
        "the issuer",
        claims["iss"].as_str().unwrap_or_default(),
        APP_ID,
    )?;
    let seconds = |name: &str| claims[name].as_u64().unwrap_or_default();
    let now = super::now();
    let age = now.saturating_sub(seconds("iat"));
    if !(25..=60).contains(&age) || seconds("exp") != seconds("iat") + 120 {
        return Err(wrong("is not of half a minute ago for two minutes"));
    }
    Ok(())
}
