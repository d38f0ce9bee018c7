//! Tokens of ServiceAccounts, signed so that a service can tell its own from made-up ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::sigv4::hmac;

/// What the API server of these tests signs with.
const KEY: &[u8] = b"the key of the API server";

/// A token of a ServiceAccount for one audience, as the API server gives it.
pub fn service_account_token(namespace: &str, account: &str, audience: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256"}"#);
    let claims = json!({
        "aud": [audience],
        "sub": format!("system:serviceaccount:{namespace}:{account}"),
    });
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signature = URL_SAFE_NO_PAD.encode(hmac(KEY, format!("{header}.{claims}").as_bytes()));
    format!("{header}.{claims}.{signature}")
}

/// A token with these claims that nobody checks.
pub fn unsigned(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"none"}"#);
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{header}.{claims}.signature-s3cret")
}

/// Whose token it is, when it is one for `audience`.
pub(super) fn subject(token: &str, audience: &str) -> Result<String, String> {
    let wrong = |what: &str| format!("the token {token} {what}");
    let (signed, signature) = token
        .rsplit_once('.')
        .ok_or_else(|| wrong("has no signature"))?;
    let expected = URL_SAFE_NO_PAD.encode(hmac(KEY, signed.as_bytes()));
    if signature != expected {
        return Err(wrong("is not signed by the API server"));
    }
    let claims = signed.split('.').nth(1).unwrap_or_default();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&claims).unwrap_or_default();
    if claims["aud"] != json!([audience]) {
        return Err(wrong("is for somebody else"));
    }
    Ok(claims["sub"].as_str().unwrap_or_default().to_owned())
}
