//! Requests as senders make them.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use hook_payload::{Delivery, Hook, JwkSet, Keys, Rejection, Sender, Token, authenticate};
use http::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac::{self, Algorithm};
use serde_json::Value;

/// When the tokens of `tokens.json` were made, in seconds since 1970.
pub(crate) const NOW: i64 = 1_800_000_000;

/// The token of every Receiver here.
pub(crate) const TOKEN: &str = "da39a3ee5e6b";

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

pub(crate) fn token() -> Token {
    Token::new(TOKEN).unwrap()
}

/// A request that a sender makes.
#[derive(Clone)]
pub(crate) struct Request {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    /// A request with a body of JSON.
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::of("application/json", body)
    }

    pub(crate) fn of(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = Self {
            headers: HeaderMap::new(),
            body: body.into(),
        };
        request.with("content-type", content_type)
    }

    /// With a header, instead of one of that name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers
            .insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// Signed with the token, as GitHub does it: `<algorithm>=<digits>`.
    pub(crate) fn signed(self, header: &str, name: &str, algorithm: Algorithm) -> Self {
        let signature = format!("{name}={}", hexadecimal_hmac(algorithm, &self.body));
        self.with(header, &signature)
    }

    /// Signed with SHA-256 in the header that GitHub and Bitbucket use.
    pub(crate) fn hub_signed(self) -> Self {
        self.signed("x-hub-signature-256", "sha256", hmac::HMAC_SHA256)
    }

    pub(crate) fn delivery(&self) -> Delivery<'_> {
        Delivery {
            headers: &self.headers,
            body: &self.body,
        }
    }

    /// What becomes of it at a Receiver of this type with [`TOKEN`].
    pub(crate) fn to(&self, sender: Sender) -> Result<Hook<'_>, Rejection> {
        self.for_events(sender, &[])
    }

    /// What becomes of it where only some events are asked for.
    pub(crate) fn for_events(
        &self,
        sender: Sender,
        events: &[&str],
    ) -> Result<Hook<'_>, Rejection> {
        let events: Vec<_> = events.iter().map(|&event| event.to_owned()).collect();
        let token = token();
        authenticate(
            sender,
            &Keys::Token(&token),
            &events,
            &self.delivery(),
            at(NOW),
        )
    }

    /// What becomes of it with these keys at this time.
    pub(crate) fn with_keys(
        &self,
        sender: Sender,
        keys: &Keys<'_>,
        now: i64,
    ) -> Result<Hook<'_>, Rejection> {
        authenticate(sender, keys, &[], &self.delivery(), at(now))
    }
}

/// The HMAC with the token, in hex digits.
pub(crate) fn hexadecimal_hmac(algorithm: Algorithm, body: &[u8]) -> String {
    let key = hmac::Key::new(algorithm, TOKEN.as_bytes());
    HEXLOWER.encode(hmac::sign(&key, body).as_ref())
}

/// The rejection as the log shows it, with all its reasons.
pub(crate) fn reason(result: Result<Hook<'_>, Rejection>) -> String {
    match result {
        Ok(_) => "taken".to_owned(),
        Err(rejection) => chain(&rejection),
    }
}

pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// What `tokens.json` holds.
pub(crate) struct Tokens(Value);

impl Tokens {
    pub(crate) fn read() -> Self {
        Self(serde_json::from_str(include_str!("tokens.json")).unwrap())
    }

    pub(crate) fn keys(&self) -> JwkSet {
        serde_json::from_value(self.0["jwks"].clone()).unwrap()
    }

    /// The tokens of a group, with their names.
    pub(crate) fn group(&self, group: &str) -> impl Iterator<Item = (&str, &str)> {
        let tokens = self.0[group].as_object().unwrap();
        tokens
            .iter()
            .map(|(name, token)| (name.as_str(), token.as_str().unwrap()))
    }

    pub(crate) fn get(&self, group: &str, name: &str) -> &str {
        self.0[group][name].as_str().unwrap()
    }
}
