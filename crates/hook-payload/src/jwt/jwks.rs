//! The keys of a provider: a JWK set (RFC 7517) as its `jwks_uri` answers it.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// How many keys of a set count at the most: a token without a key's name is tried with each.
const MAX_KEYS: usize = 100;

/// The public keys of a provider.
///
/// Keys that we cannot use (of other kinds, for encryption, or broken) are left out, as providers publish new kinds
/// before they sign with them. `Debug` tells how many there are.
#[derive(Clone, Default)]
pub struct JwkSet(Vec<Key>);

#[derive(Clone)]
struct Key {
    id: Option<String>,
    material: Material,
}

/// What of a key the verification takes.
#[derive(Clone)]
pub(super) enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A key as it is written.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl JwkSet {
    /// Whether there is a key that a token with this `kid` may be signed with.
    ///
    /// `false` is the reason to fetch the set again: the provider has a new key.
    pub fn has(&self, kid: Option<&str>) -> bool {
        self.candidates(kid).next().is_some()
    }

    /// The keys that a token with this `kid` may be signed with: the ones of that name, or any for one without.
    pub(super) fn candidates<'a>(
        &'a self,
        kid: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Material> {
        let kid = kid.filter(|kid| !kid.is_empty());
        let named = move |key: &&Key| kid.is_none() || key.id.as_deref() == kid;
        self.0.iter().filter(named).map(|key| &key.material)
    }
}

impl fmt::Debug for JwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwkSet({} keys)", self.0.len())
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set = Set::deserialize(deserializer)?;
        let keys = set.keys.into_iter().filter_map(key);
        Ok(Self(keys.take(MAX_KEYS).collect()))
    }
}

fn key(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if jwk
        .purpose
        .as_deref()
        .is_some_and(|purpose| purpose != "sig")
    {
        return None;
    }
    let material = material(&jwk)?;
    Some(Key {
        id: jwk.kid,
        material,
    })
}

fn material(jwk: &Jwk) -> Option<Material> {
    match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => Some(Material::Rsa {
            modulus: integer(jwk.n.as_deref())?,
            exponent: integer(jwk.e.as_deref())?,
        }),
        ("EC", Some("P-256")) => point(jwk, 32).map(Material::P256),
        ("EC", Some("P-384")) => point(jwk, 48).map(Material::P384),
        ("OKP", Some("Ed25519")) => bytes(jwk.x.as_deref()).map(Material::Ed25519),
        _ => None,
    }
}

/// A point of a curve, uncompressed, as ring takes it.
fn point(jwk: &Jwk, coordinate_bytes: usize) -> Option<Vec<u8>> {
    let (x, y) = (bytes(jwk.x.as_deref())?, bytes(jwk.y.as_deref())?);
    let fits = x.len() == coordinate_bytes && y.len() == coordinate_bytes;
    fits.then(|| [vec![4], x, y].concat())
}

/// A big-endian integer without the zeros before it, which ring does not take.
fn integer(text: Option<&str>) -> Option<Vec<u8>> {
    let mut bytes = bytes(text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    Some(bytes)
}

fn bytes(text: Option<&str>) -> Option<Vec<u8>> {
    // Some write padding, which the standard does not allow and everybody takes.
    let text = text?.trim_end_matches('=');
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}
