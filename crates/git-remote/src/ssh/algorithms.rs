//! Which algorithms a connection may use.

use std::borrow::Cow;

use russh::keys::ssh_key::Algorithm;
use russh::{Preferred, kex};

use crate::known_hosts::{ALGORITHMS, Offer};

/// The algorithms that connections over SSH are held to, best first; where none is named, all that are safe and
/// implemented.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshAlgorithms {
    kex: Vec<kex::Name>,
    host_keys: Vec<Algorithm>,
}

/// A name that is no algorithm, or one that is not safe or not implemented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} algorithm '{name}' is not supported: expected one of {known}")]
pub struct SshAlgorithmError {
    /// `key exchange` or `host key`.
    kind: &'static str,
    name: String,
    known: String,
}

impl SshAlgorithms {
    /// From the names that the SSH protocol has for algorithms of key exchange and of host keys; an empty list allows all.
    pub fn new<T: AsRef<str>>(kex: &[T], host_keys: &[T]) -> Result<Self, SshAlgorithmError> {
        let known_kex: Vec<kex::Name> = exchanges().copied().collect();
        let known_host_keys = ALGORITHMS.to_vec();
        Ok(Self {
            kex: chosen("key exchange", kex, &known_kex)?,
            host_keys: chosen("host key", host_keys, &known_host_keys)?,
        })
    }

    /// What is offered to a server whose known keys suggest `offer`.
    pub(super) fn preferred(&self, offer: Offer) -> Preferred {
        let allowed = |algorithms: Vec<Algorithm>| {
            let is_allowed = |algorithm: &Algorithm| {
                self.host_keys.is_empty() || self.host_keys.contains(algorithm)
            };
            algorithms.into_iter().filter(is_allowed).collect()
        };
        let mut preferred = Preferred {
            key: Cow::Owned(allowed(offer.keys)),
            host_key_certificates: Cow::Owned(allowed(offer.certificates)),
            ..Preferred::default()
        };
        if !self.kex.is_empty() {
            // What is no algorithm says which extensions of the protocol are understood.
            let extensions = Preferred::DEFAULT
                .kex
                .iter()
                .filter(|name| is_extension(name));
            let names = self.kex.iter().chain(extensions).copied();
            preferred.kex = Cow::Owned(names.collect());
        }
        preferred
    }
}

/// The algorithms of key exchange that are offered, best first.
fn exchanges() -> impl Iterator<Item = &'static kex::Name> {
    const SAFE: &[kex::Name] = &[
        kex::MLKEM768X25519_SHA256,
        kex::CURVE25519,
        kex::CURVE25519_PRE_RFC_8731,
        kex::ECDH_SHA2_NISTP256,
        kex::ECDH_SHA2_NISTP384,
        kex::ECDH_SHA2_NISTP521,
        kex::DH_GEX_SHA256,
        kex::DH_G18_SHA512,
        kex::DH_G17_SHA512,
        kex::DH_G16_SHA512,
        kex::DH_G15_SHA512,
        kex::DH_G14_SHA256,
    ];
    SAFE.iter()
}

fn is_extension(name: &kex::Name) -> bool {
    let name: &str = name.as_ref();
    name.starts_with("ext-info-") || name.starts_with("kex-strict-")
}

fn chosen<N: Clone + AsName, T: AsRef<str>>(
    kind: &'static str,
    names: &[T],
    known: &[N],
) -> Result<Vec<N>, SshAlgorithmError> {
    let find = |name: &T| {
        let found = known.iter().find(|known| known.name() == name.as_ref());
        found.cloned().ok_or_else(|| SshAlgorithmError {
            kind,
            name: name.as_ref().to_owned(),
            known: known
                .iter()
                .map(AsName::name)
                .collect::<Vec<_>>()
                .join(", "),
        })
    };
    names.iter().map(find).collect()
}

/// Something that the SSH protocol has a name for.
trait AsName {
    fn name(&self) -> &str;
}

impl AsName for kex::Name {
    fn name(&self) -> &str {
        self.as_ref()
    }
}

impl AsName for Algorithm {
    fn name(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kex(preferred: &Preferred) -> Vec<&str> {
        let names = preferred.kex.iter().filter(|name| !is_extension(name));
        names.map(AsRef::as_ref).collect()
    }

    fn offer() -> Offer {
        Offer {
            keys: ALGORITHMS.to_vec(),
            certificates: ALGORITHMS.to_vec(),
        }
    }

    #[test]
    fn connections_are_held_to_the_named_algorithms_in_their_order() {
        let algorithms = SshAlgorithms::new(
            &["diffie-hellman-group14-sha256", "curve25519-sha256"],
            &["rsa-sha2-256", "ssh-ed25519"],
        );
        let preferred = algorithms.unwrap().preferred(offer());
        let wanted = ["diffie-hellman-group14-sha256", "curve25519-sha256"];
        assert_eq!(kex(&preferred), wanted);
        assert!(preferred.kex.iter().any(is_extension));
        for offered in [&preferred.key, &preferred.host_key_certificates] {
            let names: Vec<&str> = offered.iter().map(Algorithm::as_str).collect();
            assert_eq!(names, ["ssh-ed25519", "rsa-sha2-256"]);
        }
    }

    #[test]
    fn without_names_all_are_offered() {
        let preferred = SshAlgorithms::default().preferred(offer());
        assert_eq!(preferred.kex, Preferred::DEFAULT.kex);
        assert_eq!(preferred.key.len(), ALGORITHMS.len());
    }

    #[test]
    fn a_name_that_is_not_supported_is_told_with_those_that_are() {
        for (kex, host_keys, begin) in [
            (
                &["diffie-hellman-group1-sha1"][..],
                &[][..],
                "key exchange algorithm 'diffie-hellman-group1-sha1' is not supported: expected one of mlkem768x25519-sha256, ",
            ),
            (
                &[],
                &["ssh-rsa"],
                "host key algorithm 'ssh-rsa' is not supported: expected one of ssh-ed25519, ",
            ),
        ] {
            let text = SshAlgorithms::new(kex, host_keys).unwrap_err().to_string();
            assert!(text.starts_with(begin), "{text}");
        }
    }
}
