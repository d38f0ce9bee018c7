//! The JSON web token by which an App says who it is: RS256, RFC 7515 and RFC 7519.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::SigningKey;

/// How far GitHub's clock may be behind ours (Flux).
const DRIFT: Duration = Duration::from_secs(30);

/// How long a token is good for, from when it says that it was made (Flux).
const LIFETIME: Duration = Duration::from_secs(120);

/// What signatures are made with.
const SCHEME: SignatureScheme = SignatureScheme::RSA_PKCS1_SHA256;

/// Why a key signs nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyError(pub(super) &'static str);

/// An RSA key of 2048 to 4096 bits. No text of a parser is passed on: it may quote the key.
pub(super) fn read_key(pem: &[u8]) -> Result<Arc<dyn SigningKey>, KeyError> {
    let key = PrivateKeyDer::from_pem_slice(pem)
        .map_err(|_| KeyError("it is no PEM of an RSA key (PKCS #1 or PKCS #8)"))?;
    let key = any_supported_type(&key)
        .map_err(|_| KeyError("it is no RSA key of 2048 to 4096 bits, or damaged"))?;
    if key.choose_scheme(&[SCHEME]).is_none() {
        return Err(KeyError("it is no RSA key"));
    }
    Ok(key)
}

/// A token of `issuer`, made at `now` (since 1970).
pub(super) fn sign(key: &dyn SigningKey, issuer: &str, now: Duration) -> Result<String, KeyError> {
    let made = now.saturating_sub(DRIFT);
    let claims = serde_json::json!({
        "iat": made.as_secs(),
        "exp": (made + LIFETIME).as_secs(),
        "iss": issuer,
    });
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let header = encode(br#"{"alg":"RS256","typ":"JWT"}"#);
    let text = format!("{header}.{}", encode(claims.to_string().as_bytes()));
    let signer = key.choose_scheme(&[SCHEME]);
    let signature = signer.and_then(|signer| signer.sign(text.as_bytes()).ok());
    let signature = signature.ok_or(KeyError("it does not sign"))?;
    Ok(format!("{text}.{}", encode(&signature)))
}
