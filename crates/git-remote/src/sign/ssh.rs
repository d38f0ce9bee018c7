//! SSH signatures: SSHSIG in the namespace `git`, over SHA-512.

use russh::keys::ssh_key::{HashAlg, LineEnding, PrivateKey, SshSig};
use secrecy::SecretString;

use super::SignerError;
use crate::ssh::{PrivateKeyError, read_private_key};

/// What `git` and `ssh-keygen -Y verify -n git` expect.
const NAMESPACE: &str = "git";

/// The smallest modulus that is accepted, in bits.
const MIN_RSA_BITS: u32 = 2048;

/// A decrypted private key for SSH.
pub(super) struct SshKey {
    key: PrivateKey,
}

impl SshKey {
    pub(super) fn read(
        private_key: &[u8],
        passphrase: Option<&SecretString>,
    ) -> Result<Self, SignerError> {
        let key = read_private_key(private_key, passphrase).map_err(|error| match error {
            PrivateKeyError::PassphraseMissing => SignerError::SshPassphraseMissing,
            PrivateKeyError::UnsupportedAlgorithm { algorithm } => {
                SignerError::UnsupportedSshAlgorithm { algorithm }
            }
            error => SignerError::ReadSsh(error),
        })?;
        if let Some(pair) = key.key_data().rsa() {
            let bits = pair.key_size();
            if bits < MIN_RSA_BITS {
                return Err(SignerError::ShortRsaKey { bits });
            }
        }
        Ok(Self { key })
    }

    pub(super) fn sign(&self, payload: &[u8]) -> Result<String, SignerError> {
        let failed = |error: russh::keys::ssh_key::Error| SignerError::Sign {
            problem: error.to_string(),
        };
        let signature = self.key.sign(NAMESPACE, HashAlg::Sha512, payload);
        signature
            .and_then(|signature| signature.to_pem(LineEnding::LF))
            .map_err(failed)
    }

    pub(super) fn is_named_in(&self, signature: &str) -> bool {
        let signature = SshSig::from_pem(signature);
        signature.is_ok_and(|signature| signature.public_key() == self.key.public_key().key_data())
    }

    pub(super) fn fingerprint(&self) -> String {
        self.key.fingerprint(HashAlg::Sha256).to_string()
    }
}
