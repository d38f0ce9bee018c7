//! The token of a Receiver, and the path that is made of it.

use std::fmt;

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};
use secrecy::{ExposeSecret as _, SecretSlice};
use subtle::ConstantTimeEq as _;

/// What is before the digest in the path of a hook.
pub const HOOK_PREFIX: &str = "/hook/";

/// The token of a Receiver: the bytes of the Secret's `token`, a trailing newline included.
///
/// Neither `Debug` nor any error shows the bytes; they are wiped when the token is dropped.
#[derive(Clone)]
pub struct Token(SecretSlice<u8>);

/// The Secret has a token of no bytes: everybody would know the keys and the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is empty")]
pub struct EmptyToken;

impl Token {
    /// The token that these bytes are.
    ///
    /// # Errors
    ///
    /// There are no bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, EmptyToken> {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return Err(EmptyToken);
        }
        Ok(Self(bytes.into()))
    }

    /// Whether these bytes are the token; how long it takes tells no more than whether the lengths are the same.
    pub fn equals(&self, bytes: &[u8]) -> bool {
        self.bytes().ct_eq(bytes).into()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The path at which a Receiver takes hooks: `/hook/` and the lower-case hex SHA-256 of token, name and namespace
/// one after the other.
///
/// `None` stands for the Receivers that have no token (`generic-oidc`). Whoever configured a hook with Flux has this
/// path at the forge, so it stays as it is.
pub fn hook_path(token: Option<&Token>, name: &str, namespace: &str) -> String {
    let mut digest = Context::new(&SHA256);
    digest.update(token.map_or(&[], Token::bytes));
    digest.update(name.as_bytes());
    digest.update(namespace.as_bytes());
    format!("{HOOK_PREFIX}{}", HEXLOWER.encode(digest.finish().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(token: Option<&str>) -> String {
        let token = token.map(|token| Token::new(token).unwrap());
        hook_path(token.as_ref(), "podinfo", "flux-system")
    }

    #[test]
    fn a_path_is_the_one_that_flux_makes() {
        assert_eq!(
            path(Some("token")),
            "/hook/2a7c779dab6401645f8b6db1f139b3ffce809ce3501face580e281578450c999"
        );
    }

    #[test]
    fn a_newline_at_the_end_of_the_token_counts() {
        assert_ne!(path(Some("token\n")), path(Some("token")));
        assert_ne!(path(None), path(Some("token")));
        assert_eq!(path(None).len(), HOOK_PREFIX.len() + 64);
    }

    #[test]
    fn a_token_is_neither_empty_nor_shown() {
        assert_eq!(Token::new("").unwrap_err(), EmptyToken);
        assert_eq!(format!("{:?}", Token::new("hunter2").unwrap()), "Token");
    }

    #[test]
    fn only_the_same_bytes_are_the_token() {
        let token = Token::new("token").unwrap();
        assert!(token.equals(b"token"));
        for other in ["", "toke", "Token", "token\n", "tokens"] {
            assert!(!token.equals(other.as_bytes()), "{other:?}");
        }
    }
}
