//! The verification of a token.

use chrono::{DateTime, TimeDelta, Utc};

use super::algorithm::Algorithm;
use super::claims::Claims;
use super::{Header, JwkSet, JwtError, Parts, issued_by_another};
use crate::rejection::shown;

/// How far the clock of an issuer may be ahead of ours.
const NOT_BEFORE_LEEWAY: TimeDelta = TimeDelta::minutes(5);

/// What a token has to be.
pub(crate) struct Expected<'a> {
    pub(crate) keys: &'a JwkSet,
    /// Who may have issued it.
    pub(crate) issuers: &'a [&'a str],
    pub(crate) audience: &'a str,
    /// The algorithms that the provider says it signs with.
    pub(crate) algorithms: &'a [String],
    pub(crate) now: DateTime<Utc>,
}

/// The claims of a token that is what is expected.
///
/// What costs little is looked at first, so that a flood of stale or foreign tokens does not pay for signatures.
pub(crate) fn verify(token: &str, expected: &Expected<'_>) -> Result<Claims, JwtError> {
    let parts = Parts::split(token)?;
    let header = parts.header()?;
    let algorithm = expected.algorithm(&header)?;
    let claims = parts.claims()?;
    expected.admits(&claims)?;
    let signature = parts.signature()?;
    let mut keys = expected.keys.candidates(header.kid.as_deref());
    let signed = parts.signed.as_bytes();
    if keys.any(|key| algorithm.verifies(key, signed, &signature)) {
        Ok(claims)
    } else {
        Err(JwtError::Signature)
    }
}

impl Expected<'_> {
    fn algorithm(&self, header: &Header) -> Result<Algorithm, JwtError> {
        if header.crit.is_some() {
            return Err(JwtError::Critical);
        }
        let known = self
            .algorithms
            .iter()
            .filter_map(|name| Algorithm::parse(name));
        let mut known = known.peekable();
        let asked = Algorithm::parse(&header.alg);
        let allowed = asked.filter(|asked| match known.peek() {
            None => *asked == Algorithm::Rs256,
            Some(_) => known.any(|known| known == *asked),
        });
        let found = || shown(&header.alg);
        allowed.ok_or_else(|| JwtError::Algorithm { found: found() })
    }

    fn admits(&self, claims: &Claims) -> Result<(), JwtError> {
        let issuer = claims.text("iss")?;
        if !self.issuers.contains(&issuer) {
            let expected = self.issuers.first().copied().unwrap_or_default();
            return Err(issued_by_another(expected, issuer));
        }
        if !claims.is_for(self.audience) {
            let expected = self.audience.to_owned();
            return Err(JwtError::Audience { expected });
        }
        let now = self.now.timestamp();
        if claims.seconds("exp")?.is_none_or(|expiry| expiry < now) {
            return Err(JwtError::Expired);
        }
        let latest = now + NOT_BEFORE_LEEWAY.num_seconds();
        if claims.seconds("nbf")?.is_some_and(|start| start > latest) {
            return Err(JwtError::NotYet);
        }
        Ok(())
    }
}
