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

/// Names of which none can be used: no algorithms at all, or ones that are not safe or not implemented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {kind} algorithm of '{names}' is supported: expected one or more of {known}")]
pub struct SshAlgorithmError {
    /// `key exchange` or `host key`.
    kind: &'static str,
    names: String,
    known: String,
}

impl SshAlgorithms {
    /// From the names that the SSH protocol has for algorithms of key exchange and of host keys; an empty list allows all.
    ///
    /// A name that is not supported is left out with a warning, since Flux takes any. An error where it leaves none: to allow
    /// all then would be the opposite of what was asked for.
    pub fn new<T: AsRef<str>>(kex: &[T], host_keys: &[T]) -> Result<Self, SshAlgorithmError> {
        let mut kex = chosen("key exchange", kex, EXCHANGES)?;
        // Older servers know it by this name only.
        let old_name = kex::CURVE25519_PRE_RFC_8731;
        if let Some(at) = kex.iter().position(|name| *name == kex::CURVE25519)
            && !kex.contains(&old_name)
        {
            kex.insert(at + 1, old_name);
        }
        Ok(Self {
            kex,
            host_keys: chosen("host key", host_keys, &ALGORITHMS)?,
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
const EXCHANGES: &[kex::Name] = &[
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

fn is_extension(name: &kex::Name) -> bool {
    let name: &str = name.as_ref();
    name.starts_with("ext-info-") || name.starts_with("kex-strict-")
}

/// Those of `known` that are named, in the order of the names. Blanks and empty names, as an empty flag has one, do not count.
fn chosen<N: Clone + AsName, T: AsRef<str>>(
    kind: &'static str,
    names: &[T],
    known: &[N],
) -> Result<Vec<N>, SshAlgorithmError> {
    let names = names.iter().map(|name| name.as_ref().trim());
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let supported = known
        .iter()
        .map(AsName::name)
        .collect::<Vec<_>>()
        .join(", ");
    let mut found = Vec::new();
    for name in &names {
        let Some(known) = known.iter().find(|known| known.name() == *name) else {
            tracing::warn!(
                algorithm = name,
                "left out a {kind} algorithm of SSH that is not supported: expected one of {supported}"
            );
            continue;
        };
        found.push(known.clone());
    }
    if found.is_empty() && !names.is_empty() {
        return Err(SshAlgorithmError {
            kind,
            names: names.join(","),
            known: supported,
        });
    }
    Ok(found)
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
        let wanted = [
            "diffie-hellman-group14-sha256",
            "curve25519-sha256",
            "curve25519-sha256@libssh.org",
        ];
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
    fn names_that_are_not_supported_are_left_out() {
        let algorithms = SshAlgorithms::new(
            &[
                "diffie-hellman-group14-sha1",
                " diffie-hellman-group14-sha256",
            ],
            &["ssh-rsa", "ssh-ed25519", "ssh-dss"],
        );
        let preferred = algorithms.unwrap().preferred(offer());
        assert_eq!(kex(&preferred), ["diffie-hellman-group14-sha256"]);
        let names: Vec<&str> = preferred.key.iter().map(Algorithm::as_str).collect();
        assert_eq!(names, ["ssh-ed25519"]);
    }

    #[test]
    fn an_empty_flag_allows_all() {
        assert_eq!(
            SshAlgorithms::new(&[""], &[""]),
            Ok(SshAlgorithms::default())
        );
    }

    #[test]
    fn where_no_name_is_left_those_that_are_supported_are_told() {
        for (kex, host_keys, begin) in [
            (
                &["diffie-hellman-group1-sha1", "x"][..],
                &[][..],
                "no key exchange algorithm of 'diffie-hellman-group1-sha1,x' is supported: expected one or more of \
                 mlkem768x25519-sha256, ",
            ),
            (
                &[],
                &["ssh-rsa"],
                "no host key algorithm of 'ssh-rsa' is supported: expected one or more of ssh-ed25519, ",
            ),
        ] {
            let text = SshAlgorithms::new(kex, host_keys).unwrap_err().to_string();
            assert!(text.starts_with(begin), "{text}");
        }
    }
}
