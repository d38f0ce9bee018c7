//! The values of a Secret with the data of an App.

use std::collections::BTreeMap;

use url::Url;

/// The data of a Secret that describes no App. The texts are Flux's where Flux has some; none holds a part of the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitHubAppError {
    /// Neither an App's id nor its client id.
    #[error("app ID or client ID must be provided to use github app authentication")]
    NoId,
    /// No installation.
    #[error("app installation owner or ID must be provided to use github app authentication")]
    NoInstallation,
    /// Two ways to name an installation.
    #[error(
        "only one of app installation owner or ID must be provided to use github app authentication"
    )]
    TwoInstallations,
    /// No private key.
    #[error("private key must be provided to use github app authentication")]
    NoKey,
    /// A private key that cannot be used.
    #[error("could not parse private key: {0}")]
    Key(&'static str),
    /// An address of the API that is none.
    #[error("invalid API URL: githubAppBaseURL must be http:// or https:// with a host")]
    Api,
    /// A value that is not what its key stands for.
    #[error("the value of '{key}' is not {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

/// The address of the API.
pub(super) fn api_url(text: &str) -> Result<Url, GitHubAppError> {
    let url = Url::parse(text).ok().filter(Url::has_host);
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or(GitHubAppError::Api)
}

/// A value as text, without what surrounds it; nothing where it is missing or empty.
pub(super) fn text(
    values: &BTreeMap<String, Vec<u8>>,
    key: &'static str,
) -> Result<Option<String>, GitHubAppError> {
    let Some(value) = values.get(key) else {
        return Ok(None);
    };
    let text = str::from_utf8(value).map_err(|_| GitHubAppError::Value {
        key,
        expected: "UTF-8 text",
    })?;
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// A number of an App or an installation.
pub(super) fn number(text: &str, key: &'static str) -> Result<u64, GitHubAppError> {
    text.parse().map_err(|_| GitHubAppError::Value {
        key,
        expected: "a number",
    })
}
