//! `name[:tag][@digest]`, and what a tag is.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;
use crate::name::{ImageName, split_tag};

/// The tag that a reference without tag and digest means.
const DEFAULT_TAG: &str = "latest";

/// A reference to an image: a name, and optionally a tag, a digest, or both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageRef {
    name: ImageName,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// The text is not an image reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not parse reference: {image}")]
pub struct ImageRefError {
    image: String,
}

impl ImageRef {
    /// Parses `name[:tag][@digest]`. The name follows the rules of [`ImageName`], the tag those of
    /// [`is_valid_tag`], the digest those of [`Digest`].
    pub fn parse(image: &str) -> Result<Self, ImageRefError> {
        Self::parse_parts(image).ok_or_else(|| ImageRefError {
            image: image.to_owned(),
        })
    }

    fn parse_parts(image: &str) -> Option<Self> {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::parse(digest).ok()?)),
            None => (image, None),
        };
        let (name, tag) = split_tag(rest);
        if tag.is_some_and(|tag| !is_valid_tag(tag)) {
            return None;
        }
        Some(Self {
            name: ImageName::parse_bare(name)?,
            tag: tag.map(str::to_owned),
            digest,
        })
    }

    /// The name in front of tag and digest.
    pub fn name(&self) -> &ImageName {
        &self.name
    }

    /// The tag, if one is written.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if one is written.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What identifies the image within its repository: the digest, else the tag, else `latest`.
    pub fn identifier(&self) -> &str {
        self.digest
            .as_ref()
            .map(Digest::as_str)
            .or_else(|| self.tag())
            .unwrap_or(DEFAULT_TAG)
    }
}

impl fmt::Display for ImageRef {
    /// The reference as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageRef {
    type Err = ImageRefError;

    fn from_str(image: &str) -> Result<Self, Self::Err> {
        Self::parse(image)
    }
}

/// Whether the OCI distribution specification allows this tag: a letter, digit or underscore, then up to
/// 127 of those, dots and dashes.
pub fn is_valid_tag(tag: &str) -> bool {
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    match tag.as_bytes() {
        [first, rest @ ..] => {
            word(first)
                && rest.len() <= 127
                && rest.iter().all(|b| word(b) || matches!(b, b'.' | b'-'))
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests;
