//! Keys on the curve P-256 in the OpenSSH format whose scalar begins with a zero byte.
//!
//! The format stores the scalar as an `mpint`, which has no leading zeros, so that one key in 256 takes fewer than 32 bytes.
//! The library refuses these as too short.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use russh::keys::ssh_key::PrivateKey;
use russh::keys::ssh_key::cipher::Tag;
use russh::keys::ssh_key::private::{EcdsaKeypair, EcdsaPrivateKey, KeypairData};
use russh::keys::ssh_key::public::EcdsaPublicKey;
use secrecy::zeroize::Zeroizing;

/// What the format begins with.
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// The name of keys on the curve.
const KIND: &[u8] = b"ecdsa-sha2-nistp256";

/// Bytes of a scalar.
const SCALAR: usize = 32;

/// The key in an OpenSSH PEM block, if it is one on P-256 with a short scalar and can be read with the passphrase.
pub(super) fn read(text: &str, passphrase: Option<&str>) -> Option<PrivateKey> {
    let lines = text.lines().map(str::trim);
    let body: Zeroizing<String> = lines
        .filter(|line| !line.starts_with('-'))
        .collect::<String>()
        .into();
    let blob = Zeroizing::new(BASE64_STANDARD.decode(body.as_bytes()).ok()?);
    let section = match passphrase {
        Some(passphrase) => decrypted(&blob, passphrase)?,
        None => plain(&blob)?,
    };
    keypair(&section)
}

/// The private section of a key that is not encrypted.
fn plain(blob: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (cipher, section, _) = outside(blob)?;
    (cipher == b"none").then(|| Zeroizing::new(section.to_vec()))
}

/// The private section of an encrypted key.
fn decrypted(blob: &[u8], passphrase: &str) -> Option<Zeroizing<Vec<u8>>> {
    let key = PrivateKey::from_bytes(blob).ok()?;
    let cipher = key.cipher();
    let (_, _, rest) = outside(blob)?;
    let tag = cipher.has_tag().then(|| Tag::try_from(rest).ok()).flatten();
    let (secret, iv) = key.kdf().derive_key_and_iv(cipher, passphrase).ok()?;
    let mut section = Zeroizing::new(key.key_data().encrypted()?.to_vec());
    cipher.decrypt(&secret, &iv, &mut section, tag).ok()?;
    Some(section)
}

/// The cipher's name, the private section, and what follows it.
fn outside(blob: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (cipher, rest) = string(blob.strip_prefix(MAGIC)?)?;
    let (_kdf, rest) = string(rest)?;
    let (_options, rest) = string(rest)?;
    let (_public, rest) = string(rest.strip_prefix(&1_u32.to_be_bytes())?)?;
    let (section, rest) = string(rest)?;
    Some((cipher, section, rest))
}

fn keypair(section: &[u8]) -> Option<PrivateKey> {
    let (check, rest) = section.split_at_checked(8)?;
    if check[..4] != check[4..] {
        return None;
    }
    let (kind, rest) = string(rest)?;
    let (_curve, rest) = string(rest)?;
    let (point, rest) = string(rest)?;
    let (scalar, rest) = string(rest)?;
    let (comment, _padding) = string(rest)?;
    if kind != KIND || scalar.is_empty() || scalar.len() >= SCALAR {
        return None;
    }
    let mut bytes = Zeroizing::new([0; SCALAR]);
    bytes[SCALAR - scalar.len()..].copy_from_slice(scalar);
    let EcdsaPublicKey::NistP256(public) = EcdsaPublicKey::from_sec1_bytes(point).ok()? else {
        return None;
    };
    let private = EcdsaPrivateKey::from(*bytes);
    let keypair = KeypairData::Ecdsa(EcdsaKeypair::NistP256 { public, private });
    PrivateKey::new(keypair, String::from_utf8_lossy(comment).into_owned()).ok()
}

/// A text with its length in front, and what follows it.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
