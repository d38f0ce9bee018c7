//! Bearer tokens: JSON Web Tokens of OpenID Connect providers, verified with keys that come in as values.
//!
//! What is checked, and with which leeway, is what Flux checks: the issuer byte for byte, the audience, `exp` without
//! leeway, `nbf` with five minutes of it, and the signature. `iat` is not looked at.

mod algorithm;
mod claims;
mod jwks;
mod verify;

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::Value;

use crate::rejection::shown;
use crate::{Delivery, Rejection};

pub(crate) use claims::Claims;
pub use jwks::JwkSet;
pub(crate) use verify::{Expected, verify};

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum JwtError {
    /// It does not have three parts.
    #[error("token is not a JWT")]
    NotAJwt,
    /// A part is not base64url without padding.
    #[error("failed to decode token {part}")]
    Decode {
        /// `header`, `payload` or `signature`.
        part: &'static str,
    },
    /// A part is not the JSON that it has to be.
    #[error("failed to parse token {part}")]
    Parse {
        /// `header` or `payload`.
        part: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It does not say who issued it.
    #[error("token is missing the 'iss' claim")]
    NoIssuer,
    /// Somebody else issued it.
    #[error("token is issued by '{found}': expected '{expected}'")]
    Issuer {
        /// Who had to.
        expected: String,
        /// Who did, at most 100 characters of it.
        found: String,
    },
    /// It is for somebody else.
    #[error("token is not for the audience '{expected}'")]
    Audience {
        /// Whom it had to be for.
        expected: String,
    },
    /// A claim that counts is not of the type that it has to be.
    #[error("the '{claim}' claim of the token is not {expected}")]
    Claim {
        /// The claim.
        claim: &'static str,
        /// The type.
        expected: &'static str,
    },
    /// It has expired, or does not say when it does.
    #[error("token is expired or has no 'exp' claim")]
    Expired,
    /// It is not valid yet, even with five minutes of leeway.
    #[error("token is not valid yet: look at the clocks of this node and of the issuer")]
    NotYet,
    /// It is signed with an algorithm that the provider or we do not use.
    #[error("token is signed with the algorithm '{found}', which is not one of the provider's")]
    Algorithm {
        /// The algorithm, at most 100 characters of it.
        found: String,
    },
    /// It asks for an extension (`crit`) that we do not have.
    #[error("token has critical header parameters")]
    Critical,
    /// No key of the provider made the signature.
    #[error("the signature of the token was made with none of the provider's keys")]
    Signature,
}

/// A bearer token that nobody has verified yet: only good for finding the provider that has to.
#[derive(Debug)]
pub struct UnverifiedToken {
    issuer: String,
    key_id: Option<String>,
}

impl UnverifiedToken {
    /// Reads the `Authorization` header of a delivery.
    ///
    /// # Errors
    ///
    /// There is no bearer token, it is not a JWT, or it names no issuer.
    pub fn parse(delivery: &Delivery<'_>) -> Result<Self, Rejection> {
        Self::read(delivery.bearer()?).map_err(Rejection::ParseToken)
    }

    fn read(token: &str) -> Result<Self, JwtError> {
        let parts = Parts::split(token)?;
        Ok(Self {
            issuer: parts.issuer()?,
            key_id: parts.header()?.kid,
        })
    }

    /// Who says to have issued it: to compare with `issuerURL`, byte for byte.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The name (`kid`) of the key that it says to be signed with: for [`JwkSet::has`].
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }
}

/// The three parts of a token.
pub(crate) struct Parts<'a> {
    /// Header and payload as they were signed.
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// What of a token's header counts.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, JwtError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::NotAJwt)?;
        let (header, payload) = signed.split_once('.').ok_or(JwtError::NotAJwt)?;
        if payload.contains('.') {
            return Err(JwtError::NotAJwt);
        }
        Ok(Self {
            signed,
            header,
            payload,
            signature,
        })
    }

    fn header(&self) -> Result<Header, JwtError> {
        let part = "header";
        let header = serde_json::from_slice(&decode(self.header, part)?);
        header.map_err(|source| JwtError::Parse { part, source })
    }

    fn claims(&self) -> Result<Claims, JwtError> {
        let part = "payload";
        let claims = serde_json::from_slice(&decode(self.payload, part)?);
        claims
            .map(Claims::new)
            .map_err(|source| JwtError::Parse { part, source })
    }

    fn signature(&self) -> Result<Vec<u8>, JwtError> {
        decode(self.signature, "signature")
    }

    fn issuer(&self) -> Result<String, JwtError> {
        let claims = self.claims()?;
        match claims.text("iss")? {
            "" => Err(JwtError::NoIssuer),
            issuer => Ok(issuer.to_owned()),
        }
    }
}

fn decode(text: &str, part: &'static str) -> Result<Vec<u8>, JwtError> {
    let decoded = BASE64URL_NOPAD.decode(text.as_bytes());
    decoded.map_err(|_| JwtError::Decode { part })
}

/// That a token was issued by somebody else.
fn issued_by_another(expected: &str, found: &str) -> JwtError {
    JwtError::Issuer {
        expected: expected.to_owned(),
        found: shown(found),
    }
}
