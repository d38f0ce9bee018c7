//! One entry of a Docker configuration.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::KeyringError;
use super::pattern::without_user_info;
use crate::access::Credentials;

/// Entries by key; an entry may be `null`. Of equal keys in one file the last one counts, as in Go.
pub(super) type Entries = BTreeMap<String, Option<Entry>>;

/// Padded or not: both are found in the field.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    username: Option<String>,
    password: Option<String>,
    auth: Option<String>,
    #[serde(alias = "identityToken")]
    identitytoken: Option<String>,
    #[serde(alias = "registryToken")]
    registrytoken: Option<String>,
}

impl Entry {
    /// A registry token counts before an identity token, and that before a password; `auth` overrides
    /// `username` and `password`. An entry without any of them is anonymous.
    pub(super) fn into_credentials(self, key: &str) -> Result<Credentials, KeyringError> {
        let given = |value: Option<String>| value.filter(|value| !value.is_empty());
        let (username, password) = match given(self.auth) {
            Some(auth) => decode(&auth).ok_or_else(|| KeyringError::DecodeAuth {
                key: without_user_info(key),
            })?,
            None => (
                self.username.unwrap_or_default(),
                self.password.unwrap_or_default(),
            ),
        };
        if let Some(token) = given(self.registrytoken) {
            return Ok(Credentials::RegistryToken(token.into()));
        }
        if let Some(token) = given(self.identitytoken) {
            return Ok(Credentials::IdentityToken(token.into()));
        }
        if username.is_empty() || password.is_empty() {
            return Ok(Credentials::Anonymous);
        }
        Ok(Credentials::Basic {
            username,
            password: password.into(),
        })
    }
}

/// User and password of an `auth` value; line breaks in it do not count.
fn decode(auth: &str) -> Option<(String, String)> {
    let joined: String = auth.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let text = String::from_utf8(BASE64.decode(joined).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}
