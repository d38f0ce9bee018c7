//! `[registry/]repository`, by the rules of go-containerregistry (weak validation).

use std::fmt;
use std::net::Ipv4Addr;

use crate::authority;
use crate::digest::is_canonical;

/// The registry that a name without one belongs to.
const DOCKER_HUB: &str = "index.docker.io";
/// What people write for [`DOCKER_HUB`].
const DOCKER_HUB_ALIAS: &str = "docker.io";
/// Where Docker Hub keeps the images whose repository has no `/`.
const DOCKER_HUB_NAMESPACE: &str = "library/";
/// Shortest and longest repository, in bytes, without the implied `library/`.
const REPOSITORY_LENGTH: std::ops::RangeInclusive<usize> = 2..=255;

/// The name of an image without tag and digest: a registry and a repository in it.
///
/// The first segment is a registry only if a `/` follows it and it contains `.` or `:`; so
/// `localhost/app` and `ghcr.io` are repositories of Docker Hub. The repository has 2 to 255 of the
/// characters `a-z0-9_-./`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageName {
    written: String,
    registry: String,
    repository: String,
}

/// Why a text is not an image name. The texts are Flux's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageNameError {
    /// The text starts with a scheme such as `https://`.
    #[error("image '{image}' should not include URL scheme; remove '{scheme}://'")]
    Scheme {
        /// The text as given.
        image: String,
        /// What stands before the first `://`.
        scheme: String,
    },
    /// The text is neither a name nor a reference.
    #[error("could not parse reference: {image}")]
    Parse {
        /// The text as given.
        image: String,
    },
    /// The text is a reference with a tag or a digest where only a name may stand.
    #[error("image '{image}' should not include a tag; remove ':{tag}'")]
    Tag {
        /// The text as given.
        image: String,
        /// What stands after the first colon that is not the registry's, up to the next colon.
        tag: String,
    },
}

impl ImageName {
    /// Parses what `spec.image` of an ImageRepository may hold.
    pub fn parse(image: &str) -> Result<Self, ImageNameError> {
        if let Some((scheme, _)) = image.split_once("://") {
            return Err(ImageNameError::Scheme {
                image: image.to_owned(),
                scheme: scheme.to_owned(),
            });
        }
        let unparsable = || ImageNameError::Parse {
            image: image.to_owned(),
        };
        let name = parse_reference(image).ok_or_else(unparsable)?;
        let rest = image.strip_prefix(name.registry()).unwrap_or(image);
        match rest.split(':').nth(1) {
            Some(tag) => Err(ImageNameError::Tag {
                image: image.to_owned(),
                tag: tag.to_owned(),
            }),
            None => Ok(name),
        }
    }

    /// Parses a name that is known to carry neither tag nor digest; `None` if it is not one.
    pub(crate) fn parse_bare(name: &str) -> Option<Self> {
        let (registry, repository) = match name.split_once('/') {
            Some((registry, rest)) if registry.contains(['.', ':']) => (registry, rest),
            _ => ("", name),
        };
        if !is_valid_repository(repository) || !authority::is_valid(registry) {
            return None;
        }
        let registry = match registry {
            "" | DOCKER_HUB_ALIAS => DOCKER_HUB,
            other => other,
        };
        let implied = registry == DOCKER_HUB && !repository.contains('/');
        let namespace = if implied { DOCKER_HUB_NAMESPACE } else { "" };
        Some(Self {
            written: name.to_owned(),
            registry: registry.to_owned(),
            repository: format!("{namespace}{repository}"),
        })
    }

    /// The name exactly as it was given.
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// Host and optional port, as written; Docker Hub is always `index.docker.io`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path below `/v2/`; on Docker Hub with the implied `library/`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// Registry and repository with nothing implied: `alpine` is `index.docker.io/library/alpine`.
    pub fn canonical(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// Whether plain HTTP is tried for this registry without `insecure`: private IPv4 addresses,
    /// loopback addresses, `localhost` with a port, and names under `.localhost`.
    pub fn speaks_http_by_default(&self) -> bool {
        let host = self.registry.split(':').next().unwrap_or_default();
        host.parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_private())
            || self.registry.starts_with("localhost:")
            || self.registry.contains("127.0.0.1")
            || self.registry.contains("::1")
            || is_under_localhost(&self.registry)
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// What go-containerregistry accepts as a reference: a name with an optional tag, or with an optional
/// tag and a sha256 digest. A text it cannot read as the first is tried as the second.
fn parse_reference(text: &str) -> Option<ImageName> {
    parse_tagged(text).or_else(|| {
        let (base, digest) = text.split_once('@')?;
        is_canonical(digest).then_some(())?;
        parse_tagged(base)
    })
}

/// `name[:tag]`. The tag may start with a dot or a dash here, unlike one that a registry knows.
fn parse_tagged(text: &str) -> Option<ImageName> {
    let (name, tag) = split_tag(text);
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let valid = tag.is_none_or(|tag| (1..=128).contains(&tag.len()) && tag.bytes().all(allowed));
    valid.then(|| ImageName::parse_bare(name))?
}

/// Cuts at the last colon, unless a `/` follows it: then the colon is that of the registry's port.
pub(crate) fn split_tag(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (text, None),
    }
}

fn is_valid_repository(repository: &str) -> bool {
    let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'/');
    REPOSITORY_LENGTH.contains(&repository.len()) && repository.bytes().all(allowed)
}

/// `….localhost` with an optional port of one to five digits.
fn is_under_localhost(registry: &str) -> bool {
    let is_port =
        |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    let host = match registry.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => registry,
    };
    host.ends_with(".localhost")
}

#[cfg(test)]
mod tests;
