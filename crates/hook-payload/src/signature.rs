//! Signatures that are HMACs of the body with the token.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::hmac;

use crate::{Delivery, Rejection, Token};

/// The form of the signatures that name their algorithm.
const PREFIXED: &str = "sha1=, sha256= or sha512= and hex digits";

/// The headers that GitHub signs in; what signs alike has either.
const SHA256_HEADER: &str = "X-Hub-Signature-256";
const SHA1_HEADER: &str = "X-Hub-Signature";

/// Checks the signature that `generic-hmac` is sent with.
pub(crate) fn generic(token: &Token, delivery: &Delivery<'_>) -> Result<(), Rejection> {
    prefixed(token, delivery, "X-Signature")
}

/// Checks the signature of GitHub and of Bitbucket: the newer header counts where there are both.
pub(crate) fn hub(token: &Token, delivery: &Delivery<'_>) -> Result<(), Rejection> {
    if delivery.header(SHA256_HEADER).is_empty() {
        prefixed(token, delivery, SHA1_HEADER)
    } else {
        prefixed(token, delivery, SHA256_HEADER)
    }
}

/// Checks the signature of Nexus: the digits of an HMAC-SHA1 in lower case, and nothing before them.
pub(crate) fn nexus(token: &Token, delivery: &Delivery<'_>) -> Result<(), Rejection> {
    let header = "X-Nexus-Webhook-Signature";
    let found = present(delivery, header)?;
    let signature = HEXLOWER.decode(found);
    let signature = signature.map_err(|_| Rejection::MalformedSignature {
        header,
        expected: "40 hex digits in lower case",
    })?;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.bytes());
    check(&key, delivery, &signature, header)
}

fn prefixed(token: &Token, delivery: &Delivery<'_>, header: &'static str) -> Result<(), Rejection> {
    let malformed = || Rejection::MalformedSignature {
        header,
        expected: PREFIXED,
    };
    let found = present(delivery, header)?;
    let found = std::str::from_utf8(found).map_err(|_| malformed())?;
    let (name, digits) = found.split_once('=').ok_or_else(malformed)?;
    let algorithm = algorithm(name).ok_or_else(malformed)?;
    let signature = HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
    let signature = signature.map_err(|_| malformed())?;
    let key = hmac::Key::new(algorithm, token.bytes());
    check(&key, delivery, &signature, header)
}

fn algorithm(name: &str) -> Option<hmac::Algorithm> {
    match name {
        "sha1" => Some(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        "sha256" => Some(hmac::HMAC_SHA256),
        "sha512" => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn present<'a>(delivery: &Delivery<'a>, header: &'static str) -> Result<&'a [u8], Rejection> {
    match delivery.header(header) {
        [] => Err(Rejection::MissingHeader { header }),
        found => Ok(found),
    }
}

/// Compares in constant time, which ring does.
fn check(
    key: &hmac::Key,
    delivery: &Delivery<'_>,
    signature: &[u8],
    header: &'static str,
) -> Result<(), Rejection> {
    let verified = hmac::verify(key, delivery.body, signature);
    verified.map_err(|_| Rejection::WrongSignature { header })
}
