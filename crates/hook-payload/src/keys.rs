//! What a hook is authenticated with, as values: who fetches and caches them is the caller.

use crate::Token;
use crate::jwt::JwkSet;

/// What a hook is authenticated with; which one a sender takes is [`crate::Sender::needs`].
#[derive(Debug, Clone, Copy)]
pub enum Keys<'a> {
    /// Nothing but the path.
    Nothing,
    /// The token of the Secret.
    Token(&'a Token),
    /// For `gcr`: Google's keys, and the Secret's `email` and `audience`.
    Google {
        /// The keys that Google signs with (`https://www.googleapis.com/oauth2/v3/certs`).
        keys: &'a JwkSet,
        /// The service account that the push subscription authenticates as.
        email: &'a str,
        /// The audience that the push subscription asks its tokens for.
        audience: &'a str,
    },
    /// For `generic-oidc`: the provider whose issuer the token names.
    Oidc {
        /// The keys of the provider's `jwks_uri`.
        keys: &'a JwkSet,
        /// The provider's `issuerURL`, which the token's `iss` has to be byte for byte.
        issuer: &'a str,
        /// The audience that the token has to be for.
        audience: &'a str,
        /// `id_token_signing_alg_values_supported` of the provider's discovery document; where none of them is one
        /// that we know, RS256 alone counts.
        algorithms: &'a [String],
    },
}
