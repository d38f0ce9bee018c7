//! What clouds give.

use std::fmt;

use secrecy::SecretString;

/// Credentials for a service, good for a time. `Debug` shows no secret.
#[derive(Clone)]
pub enum Credential {
    /// A user name and a password.
    Basic {
        /// The user's name.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// A token for the header `Authorization: Bearer …`.
    Bearer(SecretString),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
        })
    }
}
