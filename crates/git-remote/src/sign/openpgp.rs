//! OpenPGP signatures: detached, binary, armored, over SHA-512.

mod candidate;

use pgp::composed::{ArmorOptions, Deserializable as _, DetachedSignature, SubpacketConfig};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Subpacket, SubpacketData};
use pgp::types::{KeyVersion, Password, SigningKey, Timestamp};
use secrecy::SecretString;

use super::SignerError;
use candidate::{Candidate, SecretPart};

/// The keys of one OpenPGP entity that may sign, decrypted, best first. There is at least one.
pub(super) struct OpenPgpKey {
    candidates: Vec<Candidate>,
}

impl OpenPgpKey {
    pub(super) fn read(
        armored: &[u8],
        passphrase: Option<&SecretString>,
    ) -> Result<Self, SignerError> {
        let entity = candidate::read_entity(armored)?;
        let mut candidates = candidate::candidates(entity)?;
        for candidate in &mut candidates {
            candidate.unlock(passphrase)?;
        }
        Ok(Self { candidates })
    }

    pub(super) fn sign(&self, payload: &[u8], seconds: i64) -> Result<String, SignerError> {
        let time = signing_time(seconds)?;
        let candidate = self.valid_at(time)?;
        let signature = match &candidate.key {
            SecretPart::Primary(key) => detached(key, payload, time),
            SecretPart::Subkey(key) => detached(key, payload, time),
        };
        signature
            .and_then(|signature| signature.to_armored_string(ArmorOptions::default()))
            .map_err(|error| SignerError::Sign {
                problem: error.to_string(),
            })
    }

    pub(super) fn is_named_in(&self, signature: &str) -> bool {
        let Ok((detached, _)) = DetachedSignature::from_string(signature) else {
            return false;
        };
        let named = detached.signature.issuer_fingerprint();
        let mut named = named.iter().map(ToString::to_string);
        named.any(|named| self.candidates.iter().any(|key| key.fingerprint() == named))
    }

    pub(super) fn fingerprint(&self) -> String {
        let fingerprints: Vec<String> =
            self.candidates.iter().map(Candidate::fingerprint).collect();
        fingerprints.join(", ")
    }

    fn valid_at(&self, time: Timestamp) -> Result<&Candidate, SignerError> {
        let valid = self
            .candidates
            .iter()
            .find(|candidate| candidate.is_valid_at(time));
        valid.ok_or_else(|| {
            let periods: Vec<String> = self.candidates.iter().map(Candidate::validity).collect();
            SignerError::NotValidAt {
                seconds: i64::from(time.as_secs()),
                problem: periods.join("; "),
            }
        })
    }
}

fn signing_time(seconds: i64) -> Result<Timestamp, SignerError> {
    let time = u32::try_from(seconds).map_err(|_| SignerError::NotValidAt {
        seconds,
        problem: "OpenPGP knows the years 1970 to 2106 only".to_owned(),
    })?;
    Ok(Timestamp::from_secs(time))
}

fn detached(
    key: &impl SigningKey,
    payload: &[u8],
    time: Timestamp,
) -> pgp::errors::Result<DetachedSignature> {
    let hashed = vec![
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
        Subpacket::regular(SubpacketData::SignatureCreationTime(time))?,
    ];
    let mut unhashed = Vec::new();
    if key.version() <= KeyVersion::V4 {
        let issuer = SubpacketData::IssuerKeyId(key.legacy_key_id());
        unhashed.push(Subpacket::regular(issuer)?);
    }
    DetachedSignature::sign_binary_data_with_subpackets(
        rand::thread_rng(),
        key,
        &Password::empty(),
        HashAlgorithm::Sha512,
        payload,
        SubpacketConfig::UserDefined { hashed, unhashed },
    )
}
