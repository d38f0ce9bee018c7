//! Who may pull, and the tokens that say so.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What the registry asks of its clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Nothing.
    Open,
    /// The Basic scheme on every request.
    Basic {
        /// The one user.
        username: String,
        /// That user's password.
        password: String,
    },
    /// A Bearer token from `/token` for each repository.
    Token(TokenAuth),
}

/// How `/token` gives tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenAuth {
    /// The one user.
    pub username: String,
    /// That user's password.
    pub password: String,
    /// The refresh token accepted instead of a password, by `POST`.
    pub identity_token: Option<String>,
    /// Whether clients without credentials get a token too.
    pub anonymous: bool,
    /// How long a token is valid.
    pub lifetime: Duration,
    /// The realm to announce instead of the registry's own `/token`.
    pub realm: Option<String>,
}

impl Auth {
    /// The Basic scheme.
    pub fn basic(username: &str, password: &str) -> Self {
        Self::Basic {
            username: username.to_owned(),
            password: password.to_owned(),
        }
    }

    /// Tokens for one user, valid for five minutes.
    pub fn token(username: &str, password: &str) -> Self {
        Self::Token(TokenAuth {
            username: username.to_owned(),
            password: password.to_owned(),
            identity_token: None,
            anonymous: false,
            lifetime: Duration::from_secs(300),
            realm: None,
        })
    }

    /// Tokens for everybody.
    pub fn anonymous_token() -> Self {
        match Self::token("nobody", "has-no-password") {
            Self::Token(auth) => Self::Token(TokenAuth {
                anonymous: true,
                ..auth
            }),
            other => other,
        }
    }
}

/// Tokens given out: scope and end.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    valid: HashMap<String, (String, Instant)>,
    given: usize,
}

impl Tokens {
    pub(super) fn give(&mut self, scope: &str, lifetime: Duration) -> String {
        self.given += 1;
        let token = format!("bearer-secret-{}", self.given);
        let end = Instant::now() + lifetime;
        self.valid.insert(token.clone(), (scope.to_owned(), end));
        token
    }

    pub(super) fn allows(&self, authorization: &str, scope: &str) -> bool {
        let token = authorization.strip_prefix("Bearer ");
        let known = token.and_then(|token| self.valid.get(token));
        // The ping needs a token, but none in particular.
        known.is_some_and(|(given, end)| {
            *end > Instant::now() && (scope.is_empty() || given.split(' ').any(|one| one == scope))
        })
    }

    pub(super) fn revoke(&mut self) {
        self.valid.clear();
    }
}

/// Whether an `Authorization` header is that of this user.
pub(super) fn is_basic(authorization: &str, username: &str, password: &str) -> bool {
    let expected = STANDARD.encode(format!("{username}:{password}"));
    authorization.strip_prefix("Basic ") == Some(&expected)
}
