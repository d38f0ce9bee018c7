//! Which key of an OpenPGP entity signs.

use pgp::composed::{Deserializable as _, SignedSecretKey, SignedSecretSubKey};
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{SecretKey, SecretSubkey, Signature, SignatureType, SubpacketData};
use pgp::types::{KeyDetails, Password, S2kParams, SecretParams, StringToKey, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};

use super::super::SignerError;

/// The first line of the armor, once per exported file.
const BEGIN: &[u8] = b"-----BEGIN PGP PRIVATE KEY BLOCK-----";

/// A key that may sign data.
pub(super) struct Candidate {
    pub(super) key: SecretPart,
    created: u32,
    /// The first second at which it is not valid any more.
    expires: Option<u64>,
}

/// The private half of a candidate.
pub(super) enum SecretPart {
    Primary(SecretKey),
    Subkey(SecretSubkey),
}

/// Reads the one entity of an armored block.
pub(super) fn read_entity(armored: &[u8]) -> Result<SignedSecretKey, SignerError> {
    let unreadable = |problem: String| SignerError::ReadOpenPgp { problem };
    if armored
        .windows(BEGIN.len())
        .filter(|window| *window == BEGIN)
        .count()
        > 1
    {
        return Err(SignerError::SeveralEntities);
    }
    let (entities, _headers) =
        SignedSecretKey::from_armor_many(armored).map_err(|error| unreadable(error.to_string()))?;
    let mut entities = entities
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(error.to_string()))?;
    match (entities.pop(), entities.is_empty()) {
        (Some(entity), true) => Ok(entity),
        (Some(_), false) => Err(SignerError::SeveralEntities),
        (None, _) => Err(unreadable("the block holds no private key".to_owned())),
    }
}

/// The keys that may sign: subkeys from the newest to the oldest, then the primary key.
pub(super) fn candidates(entity: SignedSecretKey) -> Result<Vec<Candidate>, SignerError> {
    let no_key = |problem: &str| SignerError::NoSigningKey {
        problem: problem.to_owned(),
    };
    if !entity.details.revocation_signatures.is_empty() {
        return Err(no_key("it is revoked"));
    }
    let bound = primary_expiry(&entity);
    let mut candidates: Vec<Candidate> = entity
        .secret_subkeys
        .iter()
        .filter_map(|subkey| subkey_candidate(subkey, bound))
        .collect();
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.created));
    candidates.extend(primary_candidate(entity, bound));
    if candidates.is_empty() {
        return Err(no_key(
            "neither the primary key nor a subkey is meant for signing, of an algorithm that signs, and with its private part present",
        ));
    }
    Ok(candidates)
}

fn subkey_candidate(subkey: &SignedSecretSubKey, bound: Option<u64>) -> Option<Candidate> {
    let revoked = |signature: &Signature| signature.typ() == Some(SignatureType::SubkeyRevocation);
    if subkey.signatures.iter().any(revoked) {
        return None;
    }
    let binding = newest(subkey.signatures.iter(), &[SignatureType::SubkeyBinding])?;
    let usable = may_sign(&subkey.key, Some(binding)) && is_present(subkey.key.secret_params());
    let expires = earlier(expiry(&subkey.key, Some(binding)), bound);
    usable.then(|| Candidate {
        created: subkey.key.created_at().as_secs(),
        expires,
        key: SecretPart::Subkey(subkey.key.clone()),
    })
}

fn primary_candidate(entity: SignedSecretKey, expires: Option<u64>) -> Option<Candidate> {
    let usable = may_sign(&entity.primary_key, self_signature(&entity))
        && is_present(entity.primary_key.secret_params());
    usable.then(|| Candidate {
        created: entity.primary_key.created_at().as_secs(),
        expires,
        key: SecretPart::Primary(entity.primary_key),
    })
}

fn primary_expiry(entity: &SignedSecretKey) -> Option<u64> {
    expiry(&entity.primary_key, self_signature(entity))
}

/// The primary key's newest statement about itself: on one of its names, or directly on the key.
fn self_signature(entity: &SignedSecretKey) -> Option<&Signature> {
    let key = &entity.primary_key;
    let by_itself = |signature: &&Signature| {
        signature.issuer_fingerprint().contains(&&key.fingerprint())
            || signature.issuer_key_id().contains(&&key.legacy_key_id())
    };
    let on_names = entity
        .details
        .users
        .iter()
        .flat_map(|user| &user.signatures);
    let statements = on_names
        .chain(&entity.details.direct_signatures)
        .filter(by_itself);
    newest(
        statements,
        &[
            SignatureType::CertGeneric,
            SignatureType::CertPersona,
            SignatureType::CertCasual,
            SignatureType::CertPositive,
            SignatureType::Key,
        ],
    )
}

fn newest<'a>(
    signatures: impl Iterator<Item = &'a Signature>,
    types: &[SignatureType],
) -> Option<&'a Signature> {
    signatures
        .filter(|signature| signature.typ().is_some_and(|found| types.contains(&found)))
        .max_by_key(|signature| signature.created())
}

/// Whether the key's algorithm signs and its flags allow it. A key without flags may do what its algorithm can.
fn may_sign(key: &impl KeyDetails, statement: Option<&Signature>) -> bool {
    let signs = matches!(
        key.algorithm(),
        PublicKeyAlgorithm::RSA
            | PublicKeyAlgorithm::RSASign
            | PublicKeyAlgorithm::DSA
            | PublicKeyAlgorithm::ECDSA
            | PublicKeyAlgorithm::EdDSALegacy
            | PublicKeyAlgorithm::Ed25519
            | PublicKeyAlgorithm::Ed448
    );
    let flagged = statement.and_then(Signature::config).is_some_and(|config| {
        let is_flags = |data: &SubpacketData| matches!(data, SubpacketData::KeyFlags(_));
        config
            .hashed_subpackets()
            .any(|subpacket| is_flags(&subpacket.data))
    });
    signs && (!flagged || statement.is_some_and(|statement| statement.key_flags().sign()))
}

/// False for the stub that gpg leaves in place of a private part that was not exported or lies on a card.
fn is_present(params: &SecretParams) -> bool {
    let SecretParams::Encrypted(params) = params else {
        return true;
    };
    let (S2kParams::Cfb { s2k, .. }
    | S2kParams::MalleableCfb { s2k, .. }
    | S2kParams::Aead { s2k, .. }) = params.string_to_key_params()
    else {
        return true;
    };
    !matches!(s2k, StringToKey::Private { .. })
}

fn expiry(key: &impl KeyDetails, statement: Option<&Signature>) -> Option<u64> {
    let lifetime = statement?.key_expiration_time()?.as_secs();
    // A lifetime of zero is OpenPGP's other way to say for ever.
    (lifetime > 0).then(|| u64::from(key.created_at().as_secs()) + u64::from(lifetime))
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

impl Candidate {
    /// Decrypts the private part for good.
    pub(super) fn unlock(&mut self, passphrase: Option<&SecretString>) -> Result<(), SignerError> {
        let params = match &self.key {
            SecretPart::Primary(key) => key.secret_params(),
            SecretPart::Subkey(key) => key.secret_params(),
        };
        if !params.is_encrypted() {
            return Ok(());
        }
        let passphrase = passphrase.ok_or(SignerError::OpenPgpPassphraseMissing)?;
        let password = Password::from(passphrase.expose_secret());
        let unlocked = match &mut self.key {
            SecretPart::Primary(key) => key.remove_password(&password),
            SecretPart::Subkey(key) => key.remove_password(&password),
        };
        unlocked.map_err(|error| SignerError::DecryptOpenPgp {
            problem: error.to_string(),
        })
    }

    pub(super) fn is_valid_at(&self, time: Timestamp) -> bool {
        let seconds = time.as_secs();
        self.created <= seconds
            && self
                .expires
                .is_none_or(|expires| u64::from(seconds) < expires)
    }

    /// When it is valid, in words.
    pub(super) fn validity(&self) -> String {
        let (fingerprint, created) = (self.fingerprint(), self.created);
        match self.expires {
            Some(expires) => format!("{fingerprint} is valid from {created} until {expires}"),
            None => format!("{fingerprint} is valid from {created} on"),
        }
    }

    pub(super) fn fingerprint(&self) -> String {
        match &self.key {
            SecretPart::Primary(key) => key.fingerprint().to_string(),
            SecretPart::Subkey(key) => key.fingerprint().to_string(),
        }
    }
}
