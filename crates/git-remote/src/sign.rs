//! Signatures of commits, made in process: OpenPGP and SSH.
//!
//! A [`Signer`] is made from the Secret's bytes once, which decrypts the key and so finds every problem before there is
//! anything to commit, and then signs the bytes of a commit object. Neither keys nor passphrases are ever printed.

mod openpgp;
mod ssh;

use std::fmt;

use secrecy::SecretString;

use openpgp::OpenPgpKey;
use ssh::SshKey;

use crate::ssh::PrivateKeyError;

/// A private key that signs commits, decrypted. Its `Debug` shows the kind and the public fingerprint only.
pub struct Signer {
    key: Key,
}

enum Key {
    OpenPgp(OpenPgpKey),
    Ssh(Box<SshKey>),
}

/// A key that cannot sign.
///
/// [`fmt::Display`] tells what is wrong with the key; [`SignerError::in_secret`] puts it the way Flux does, with the
/// name of the Secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The bytes are no armored OpenPGP private key.
    #[error("expected one armored OpenPGP private key block: {problem}")]
    ReadOpenPgp {
        /// What was found in its place.
        problem: String,
    },
    /// There is more than one OpenPGP key.
    #[error("expected one OpenPGP key, found several: export the one that signs alone")]
    SeveralEntities,
    /// The OpenPGP key is encrypted, and there is no passphrase.
    #[error("the OpenPGP key is encrypted, and there is no 'passphrase'")]
    OpenPgpPassphraseMissing,
    /// The OpenPGP key cannot be decrypted.
    #[error(
        "the OpenPGP key cannot be decrypted: the passphrase is wrong, or the key is damaged ({problem})"
    )]
    DecryptOpenPgp {
        /// The library's words.
        problem: String,
    },
    /// No key of the block may sign, or none whose private part is there.
    #[error("the OpenPGP key cannot sign: {problem}")]
    NoSigningKey {
        /// Why each one was passed over.
        problem: String,
    },
    /// The bytes are no private key for SSH.
    #[error(transparent)]
    ReadSsh(PrivateKeyError),
    /// The SSH key is encrypted, and there is no passphrase.
    #[error("the SSH key is encrypted, and there is no 'password'")]
    SshPassphraseMissing,
    /// Signatures with this kind of SSH key are not possible.
    #[error("unsupported SSH signing key algorithm: {algorithm}")]
    UnsupportedSshAlgorithm {
        /// Its name in the SSH protocol.
        algorithm: String,
    },
    /// An RSA key of less than 2048 bits.
    #[error(
        "RSA key size {bits} bits is below the minimum supported by NewSSHSigner; must be at least 2048"
    )]
    ShortRsaKey {
        /// The size of its modulus.
        bits: u32,
    },
    /// No signing key is valid at the time of the commit.
    #[error(
        "the signing key is not valid at the commit's time, {seconds} seconds since 1970: {problem}"
    )]
    NotValidAt {
        /// The commit's time.
        seconds: i64,
        /// Which keys were passed over and why.
        problem: String,
    },
    /// The signature could not be computed.
    #[error("the signature could not be computed: {problem}")]
    Sign {
        /// The library's words.
        problem: String,
    },
}

impl Signer {
    /// Reads exactly one armored OpenPGP private key and decrypts those of its keys that may sign.
    ///
    /// Like gpg, it will sign with the newest subkey that may sign and is valid at the commit's time, else with the
    /// primary key. A passphrase for a key that is not encrypted is ignored.
    pub fn openpgp(armored: &[u8], passphrase: Option<&SecretString>) -> Result<Self, SignerError> {
        let key = Key::OpenPgp(OpenPgpKey::read(armored, passphrase)?);
        Ok(Self { key })
    }

    /// Reads a private key for SSH (OpenSSH, PEM, PKCS #8): ed25519, ecdsa, or rsa of at least 2048 bits.
    ///
    /// A passphrase for a key that is not encrypted is ignored.
    pub fn ssh(private_key: &[u8], passphrase: Option<&SecretString>) -> Result<Self, SignerError> {
        let key = Key::Ssh(Box::new(SshKey::read(private_key, passphrase)?));
        Ok(Self { key })
    }

    /// Signs a commit object without signature; the result is the value of its header `gpgsig`, without a final line end.
    ///
    /// `seconds` (since 1970, UTC) is the time that an OpenPGP signature names. The result is the same for the same
    /// input, except with OpenPGP keys of version 6, which salt their signatures.
    pub fn sign(&self, payload: &[u8], seconds: i64) -> Result<String, SignerError> {
        let armored = match &self.key {
            Key::OpenPgp(key) => key.sign(payload, seconds)?,
            Key::Ssh(key) => key.sign(payload)?,
        };
        Ok(armored.trim_end().to_owned())
    }

    /// Whether a signature names one of this signer's keys as its maker. It is not verified; one that cannot be read names none.
    pub fn is_named_in(&self, signature: &str) -> bool {
        match &self.key {
            Key::OpenPgp(key) => key.is_named_in(signature),
            Key::Ssh(key) => key.is_named_in(signature),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, fingerprint) = match &self.key {
            Key::OpenPgp(key) => ("OpenPgp", key.fingerprint()),
            Key::Ssh(key) => ("Ssh", key.fingerprint()),
        };
        write!(formatter, "Signer({kind} {fingerprint})")
    }
}

impl SignerError {
    /// The text that Flux shows for a key in the Secret `secret`.
    pub fn in_secret(&self, secret: &str) -> String {
        match self {
            Self::ReadOpenPgp { .. } | Self::NoSigningKey { .. } => {
                format!("could not read signing key from secret '{secret}': {self}")
            }
            Self::SeveralEntities => format!(
                "multiple entities read from secret '{secret}', could not determine which signing key to use"
            ),
            Self::OpenPgpPassphraseMissing => missing(secret, "passphrase"),
            Self::SshPassphraseMissing => missing(secret, "password"),
            Self::DecryptOpenPgp { .. } => format!(
                "could not decrypt private key of the signing key present in secret {secret}: {self}"
            ),
            Self::ReadSsh(_) | Self::UnsupportedSshAlgorithm { .. } | Self::ShortRsaKey { .. } => {
                format!("could not parse SSH signing key from secret '{secret}': {self}")
            }
            Self::NotValidAt { .. } | Self::Sign { .. } => {
                format!("could not sign with the key from secret '{secret}': {self}")
            }
        }
    }
}

fn missing(secret: &str, field: &str) -> String {
    format!(
        "can not use passphrase protected signing key without '{field}' field present in secret {secret}"
    )
}

#[cfg(test)]
mod tests;
