//! The public keys with which tokens are verified: those of Google, and those of OpenID Connect providers.
//!
//! Keys are fetched when a hook needs them, once however many hooks wait, and kept for as long as their server says, within
//! bounds. A token whose key is not among them has them fetched again, though not more often than every few seconds.

mod fetch;
mod held;

use std::collections::HashMap;
use std::sync::Arc;

use hook_payload::JwkSet;
use parking_lot::Mutex;

pub(crate) use self::fetch::FetchError;
use self::fetch::{Http, discover};
use self::held::Held;

/// Where Google publishes the keys of its ID tokens.
const GOOGLE: &str = "https://www.googleapis.com/oauth2/v3/certs";

/// Of how many issuers keys are held at most. Only issuers that Receivers name are asked for.
const MANY_ISSUERS: usize = 256;

/// Keys of an issuer.
#[derive(Clone, Debug, Default)]
pub(crate) struct IssuerKeys {
    /// The keys.
    pub(crate) set: JwkSet,
    /// The algorithms that the issuer says it signs with; none where it does not say.
    pub(crate) algorithms: Vec<String>,
}

/// Fetches and holds keys. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyRing {
    http: Http,
    issuers: Arc<Mutex<HashMap<Source, Arc<Held>>>>,
}

/// Whose keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    /// A set of keys at a known place, for RS256.
    Set(String),
    /// What the provider at this issuer URL names in its discovery document.
    Provider(String),
}

impl KeyRing {
    /// Google's keys, for `gcr`. `wanted` is the `kid` of the token.
    pub(crate) async fn google(&self, wanted: Option<&str>) -> Result<Arc<IssuerKeys>, FetchError> {
        self.of(Source::Set(GOOGLE.to_owned()), wanted).await
    }

    /// The keys of the provider at `issuer`, which is the `issuerURL` of a Receiver. `wanted` is the `kid` of the token.
    pub(crate) async fn issuer(
        &self,
        issuer: &str,
        wanted: Option<&str>,
    ) -> Result<Arc<IssuerKeys>, FetchError> {
        self.of(Source::Provider(issuer.to_owned()), wanted).await
    }

    async fn of(
        &self,
        source: Source,
        wanted: Option<&str>,
    ) -> Result<Arc<IssuerKeys>, FetchError> {
        let held = self.held(&source);
        let fetched = held.get(wanted, || async {
            match &source {
                Source::Set(url) => self.http.keys(url).await,
                Source::Provider(issuer) => discover(&self.http, issuer).await,
            }
        });
        fetched.await
    }

    fn held(&self, source: &Source) -> Arc<Held> {
        let mut issuers = self.issuers.lock();
        if let Some(held) = issuers.get(source) {
            return Arc::clone(held);
        }
        if issuers.len() >= MANY_ISSUERS {
            issuers.clear();
        }
        Arc::clone(issuers.entry(source.clone()).or_default())
    }
}

#[cfg(test)]
mod tests;
