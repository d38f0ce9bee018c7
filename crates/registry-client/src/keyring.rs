//! Docker configurations: which credentials belong to which image.

mod entry;
mod pattern;

use std::fmt;

use image_ref::ImageName;
use serde::Deserialize;
use thiserror::Error;

use self::entry::Entries;
use self::pattern::Pattern;
use crate::access::Credentials;

/// The entries of any number of Docker configurations, matched as the kubelet and Flux match pull secrets.
///
/// Entries are tried in descending byte order of their keys, so that longer paths come before shorter
/// ones; the first that matches wins, and among equal keys the one added first. A key is a host, with
/// globs in its labels (`*.gcr.io` matches `eu.gcr.io`), an optional port and an optional path that is a plain
/// prefix of the canonical image name. A scheme and a leading `/v1/` or `/v2/` do not count. Docker Hub is
/// `index.docker.io`.
///
/// ```
/// use image_ref::ImageName;
/// use registry_client::{Credentials, Keyring};
///
/// let mut keyring = Keyring::new();
/// keyring.add_docker_config_json(br#"{"auths": {"ghcr.io/org": {"auth": "cm9ib3Q6czNjcmV0"}}}"#)?;
/// let image = ImageName::parse("ghcr.io/org/app").expect("an image name");
/// assert!(matches!(keyring.find(&image), Credentials::Basic { username, .. } if username == "robot"));
/// # Ok::<(), registry_client::KeyringError>(())
/// ```
#[derive(Clone, Default)]
pub struct Keyring {
    /// In the order in which they are tried.
    entries: Vec<(Pattern, Credentials)>,
}

/// A Docker configuration that cannot be used. The text never holds a value of the file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyringError {
    /// Not the JSON of such a file.
    #[error("the docker configuration is not valid JSON of its kind: line {line}, column {column}")]
    ParseJson {
        /// From one.
        line: usize,
        /// From one.
        column: usize,
    },
    /// A key that is no host with an optional port and path.
    #[error("the docker configuration has the entry {key:?}, which is not a registry host: {rule}")]
    ParseKey {
        /// The key as written, without user info.
        key: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// An `auth` that is no base64 of a user and a password.
    #[error(
        "the docker configuration has a bad auth for {key:?}: expected the base64 of username:password"
    )]
    DecodeAuth {
        /// The key as written, without user info.
        key: String,
    },
}

#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: Option<Entries>,
}

impl Keyring {
    /// A keyring without entries: every image is anonymous.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the entries of `auths`, the form of `~/.docker/config.json` and of Secrets of the type
    /// `kubernetes.io/dockerconfigjson`. On an error nothing is added.
    pub fn add_docker_config_json(&mut self, json: &[u8]) -> Result<(), KeyringError> {
        let config: DockerConfig = parse(json)?;
        self.add(config.auths.unwrap_or_default())
    }

    /// Adds the entries of the old form, without `auths` around them: Secrets of the type
    /// `kubernetes.io/dockercfg`. On an error nothing is added.
    pub fn add_dockercfg(&mut self, json: &[u8]) -> Result<(), KeyringError> {
        self.add(parse(json)?)
    }

    /// The credentials for an image, anonymous when no entry matches.
    pub fn find(&self, image: &ImageName) -> Credentials {
        let canonical = image.canonical();
        let found = self
            .entries
            .iter()
            .find(|(pattern, _)| pattern.matches(&canonical));
        found.map_or(Credentials::Anonymous, |(_, credentials)| {
            credentials.clone()
        })
    }

    fn add(&mut self, entries: Entries) -> Result<(), KeyringError> {
        let mut added = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            let pattern = Pattern::parse(&key)?;
            added.push((pattern, entry.unwrap_or_default().into_credentials(&key)?));
        }
        self.entries.append(&mut added);
        // Stable: among equal keys the earlier one stays in front.
        self.entries
            .sort_by(|(left, _), (right, _)| right.key().cmp(left.key()));
        Ok(())
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.entries.iter().map(|(pattern, _)| pattern.key());
        f.debug_list().entries(keys).finish()
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, KeyringError> {
    // serde takes an array for a struct, and Go does not.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(KeyringError::ParseJson { line: 1, column: 1 });
    }
    // serde_json quotes values in its texts, so only the place is kept.
    serde_json::from_slice(json).map_err(|error| KeyringError::ParseJson {
        line: error.line(),
        column: error.column(),
    })
}

#[cfg(test)]
mod tests;
