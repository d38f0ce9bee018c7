//! The algorithms that tokens are signed with, by their names in RFC 7518.

use ::ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use ring::signature as ring;

use super::jwks::Material;

/// An algorithm that we can verify. `none` and the HMACs are none of them; neither is ES512, which ring has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

impl Algorithm {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "EdDSA" => Self::EdDsa,
            _ => return None,
        })
    }

    /// Whether this key made this signature over these bytes; a key of another kind did not.
    pub(super) fn verifies(self, key: &Material, signed: &[u8], signature: &[u8]) -> bool {
        match (key, self) {
            (Material::Rsa { modulus, exponent }, algorithm) => {
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                let with = algorithm.rsa();
                with.is_some_and(|with| key.verify(with, signed, signature).is_ok())
            }
            (Material::P256(point), Self::Es256) => {
                let key = UnparsedPublicKey::new(&ring::ECDSA_P256_SHA256_FIXED, point);
                key.verify(signed, signature).is_ok()
            }
            (Material::P384(point), Self::Es384) => {
                let key = UnparsedPublicKey::new(&ring::ECDSA_P384_SHA384_FIXED, point);
                key.verify(signed, signature).is_ok()
            }
            (Material::Ed25519(point), Self::EdDsa) => {
                let key = UnparsedPublicKey::new(&ring::ED25519, point);
                key.verify(signed, signature).is_ok()
            }
            _ => false,
        }
    }

    fn rsa(self) -> Option<&'static ring::RsaParameters> {
        Some(match self {
            Self::Rs256 => &ring::RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &ring::RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &ring::RSA_PKCS1_2048_8192_SHA512,
            Self::Ps256 => &ring::RSA_PSS_2048_8192_SHA256,
            Self::Ps384 => &ring::RSA_PSS_2048_8192_SHA384,
            Self::Ps512 => &ring::RSA_PSS_2048_8192_SHA512,
            Self::Es256 | Self::Es384 | Self::EdDsa => return None,
        })
    }
}
