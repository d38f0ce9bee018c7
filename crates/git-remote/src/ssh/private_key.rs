//! Private keys for SSH, to authenticate and to sign with.

mod short_scalar;

use russh::keys::ssh_key::{self, Algorithm, PrivateKey};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

/// A private key that cannot be used. No text holds a part of the key or the passphrase.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateKeyError {
    /// There is no PEM block.
    #[error(
        "expected a private key that starts with a line like '-----BEGIN OPENSSH PRIVATE KEY-----', found {found}"
    )]
    NotAPrivateKey {
        /// What was found.
        found: &'static str,
    },
    /// The block is of a kind that is not supported.
    #[error(
        "the key format '{label}' is not supported: convert the key with 'ssh-keygen -p -f KEY', which writes the OpenSSH format"
    )]
    UnsupportedFormat {
        /// The block's label.
        label: String,
    },
    /// The block's content cannot be read.
    #[error("the {label} cannot be read: it is damaged or cut off")]
    Malformed {
        /// The block's label.
        label: String,
        /// The library's words.
        source: russh::keys::Error,
    },
    /// The key is encrypted, and there is no passphrase.
    #[error("the private key is encrypted, and there is no passphrase for it")]
    PassphraseMissing,
    /// The key cannot be decrypted with the passphrase.
    #[error("the private key cannot be decrypted: the passphrase is wrong")]
    WrongPassphrase,
    /// The kind of the key is not supported.
    #[error("the key algorithm {algorithm} is not supported: expected ed25519, ecdsa or rsa")]
    UnsupportedAlgorithm {
        /// Its name in the SSH protocol.
        algorithm: String,
    },
}

const OPENSSH: &str = "OPENSSH PRIVATE KEY";
const PKCS8: &str = "PRIVATE KEY";
const PKCS8_ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const PKCS1: &str = "RSA PRIVATE KEY";
const SEC1: &str = "EC PRIVATE KEY";

/// Reads a private key in the OpenSSH format, PKCS #1, SEC 1 or PKCS #8, and decrypts it where it is encrypted.
///
/// The passphrase of a key that is not encrypted is ignored, as Flux does.
pub(crate) fn read_private_key(
    bytes: &[u8],
    passphrase: Option<&SecretString>,
) -> Result<PrivateKey, PrivateKeyError> {
    let text = std::str::from_utf8(bytes).map_err(|_| PrivateKeyError::NotAPrivateKey {
        found: "bytes that are not text",
    })?;
    let text = trimmed_lines(text);
    let label = label(&text)?;
    let encryption = encryption(&text, &label)?;
    let passphrase = match (encryption, passphrase) {
        (Encryption::None, _) => None,
        (Encryption::Certain, None) => return Err(PrivateKeyError::PassphraseMissing),
        (Encryption::Certain | Encryption::Possible, passphrase) => passphrase,
    };
    let given = passphrase.is_some();
    let passphrase = passphrase.map(SecretString::expose_secret);
    let key = russh::keys::decode_secret_key(&text, passphrase).or_else(|error| {
        let decrypting = given && encryption == Encryption::Certain;
        read_again(&text, &label, passphrase).ok_or_else(|| classify(error, label, decrypting))
    });
    supported(key?)
}

/// What the library refuses though it is in order.
fn read_again(text: &str, label: &str, passphrase: Option<&str>) -> Option<PrivateKey> {
    if label != OPENSSH {
        return None;
    }
    // The passphrase of a key that is not encrypted is ignored.
    let encrypted = passphrase.and_then(|text_of| short_scalar::read(text, Some(text_of)));
    encrypted.or_else(|| short_scalar::read(text, None))
}

/// The lines without blanks around them: the decoder compares whole lines.
fn trimmed_lines(text: &str) -> Zeroizing<String> {
    let mut trimmed = Zeroizing::new(String::with_capacity(text.len() + 1));
    for line in text.lines() {
        trimmed.push_str(line.trim());
        trimmed.push('\n');
    }
    trimmed
}

/// Whether the block is encrypted, as far as its outside shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    None,
    /// The OpenSSH format says so inside.
    Possible,
    Certain,
}

fn label(text: &str) -> Result<String, PrivateKeyError> {
    let found = |found| PrivateKeyError::NotAPrivateKey { found };
    let begin = text
        .lines()
        .find_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
    match begin {
        Some(label) if label.ends_with("PRIVATE KEY") => Ok(label.to_owned()),
        Some(_) => Err(found("a PEM block of another kind")),
        None if text.trim().is_empty() => Err(found("nothing")),
        None if text.starts_with("ssh-") || text.starts_with("ecdsa-") => {
            Err(found("a public key"))
        }
        None => Err(found("other text")),
    }
}

fn encryption(text: &str, label: &str) -> Result<Encryption, PrivateKeyError> {
    let legacy = text
        .lines()
        .find_map(|line| line.strip_prefix("DEK-Info: "));
    match (label, legacy) {
        (OPENSSH, _) => Ok(Encryption::Possible),
        (PKCS8_ENCRYPTED, _) => Ok(Encryption::Certain),
        (PKCS1 | SEC1 | PKCS8, None) => Ok(Encryption::None),
        (PKCS1, Some(info)) if info.starts_with("AES-128-CBC,") => Ok(Encryption::Certain),
        (PKCS1 | SEC1, Some(info)) => Err(PrivateKeyError::UnsupportedFormat {
            label: format!(
                "{label}, encrypted with {}",
                info.split(',').next().unwrap_or_default()
            ),
        }),
        _ => Err(PrivateKeyError::UnsupportedFormat {
            label: label.to_owned(),
        }),
    }
}

fn classify(error: russh::keys::Error, label: String, decrypting: bool) -> PrivateKeyError {
    use russh::keys::Error;
    match error {
        Error::KeyIsEncrypted => PrivateKeyError::PassphraseMissing,
        Error::SshKey(ssh_key::Error::Crypto) => PrivateKeyError::WrongPassphrase,
        Error::SshKey(ssh_key::Error::AlgorithmUnsupported { algorithm }) => {
            PrivateKeyError::UnsupportedAlgorithm {
                algorithm: algorithm.to_string(),
            }
        }
        Error::UnknownAlgorithm(oid) => PrivateKeyError::UnsupportedAlgorithm {
            algorithm: oid.to_string(),
        },
        // The old formats have no checksum over the plain text: what a wrong passphrase yields cannot be parsed.
        _ if decrypting => PrivateKeyError::WrongPassphrase,
        source => PrivateKeyError::Malformed { label, source },
    }
}

fn supported(key: PrivateKey) -> Result<PrivateKey, PrivateKeyError> {
    match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::Ecdsa { .. } | Algorithm::Rsa { .. } => Ok(key),
        other => Err(PrivateKeyError::UnsupportedAlgorithm {
            algorithm: other.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests;
