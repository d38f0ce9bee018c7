//! Content digests: `algorithm:hex`.

use std::fmt;
use std::str::FromStr;

/// A digest of the two algorithms that the OCI image specification registers: `sha256:` and 64, or
/// `sha512:` and 128 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(String);

/// The text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid digest {text:?}: expected 'sha256:' and 64, or 'sha512:' and 128 lower-case hexadecimal digits"
)]
pub struct DigestError {
    /// The start of the text as given, at most [`SHOWN_BYTES`] bytes of it.
    text: String,
}

/// How much of a refused text the error repeats: it may come from a server.
const SHOWN_BYTES: usize = 160;

impl Digest {
    /// Parses `sha256:<64 hex>` or `sha512:<128 hex>`.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let valid = match text.split_once(':') {
            Some(("sha256", hex)) => is_lower_hex(hex, 64),
            Some(("sha512", hex)) => is_lower_hex(hex, 128),
            _ => false,
        };
        if valid {
            return Ok(Self(text.to_owned()));
        }
        let shown = text
            .char_indices()
            .take_while(|(at, c)| at + c.len_utf8() <= SHOWN_BYTES);
        Err(DigestError {
            text: shown.map(|(_, c)| c).collect(),
        })
    }

    /// The whole text, algorithm included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `sha256` or `sha512`.
    pub fn algorithm(&self) -> &str {
        self.0
            .split_once(':')
            .map_or("", |(algorithm, _)| algorithm)
    }

    /// The hexadecimal digits.
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, hex)| hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Whether the text is a sha256 digest, the only kind that go-containerregistry takes in a reference.
pub(crate) fn is_canonical(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| is_lower_hex(hex, 64))
}

fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
