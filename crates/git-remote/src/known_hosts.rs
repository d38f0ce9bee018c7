//! Which host keys are trusted: the format of OpenSSH's `known_hosts` (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
//!
//! Understood are comments, several names a line, `*` and `?`, `!`, `[host]:port`, hashed names, several keys for one
//! host, `@cert-authority` and `@revoked`. Stricter than OpenSSH, and like Flux: a name without a port means port 22 and
//! never another one (only `*` alone covers all ports), and a revoked key is refused for every host. Nothing is ever
//! learned: a host that is not listed is refused.

mod certificate;
mod host;

use russh::keys::PublicKeyOrCertificate;
use russh::keys::ssh_key::known_hosts::{Entry, Marker};
use russh::keys::ssh_key::public::KeyData;
use russh::keys::ssh_key::{Algorithm, EcdsaCurve, HashAlg};

pub(crate) use host::Host;

/// The host key algorithms that are acceptable, best first. `ssh-rsa` itself is not: it signs over SHA-1.
pub(crate) const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP256,
    },
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP384,
    },
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP521,
    },
    Algorithm::Rsa {
        hash: Some(HashAlg::Sha512),
    },
    Algorithm::Rsa {
        hash: Some(HashAlg::Sha256),
    },
];

/// A text that is no list of known hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KnownHostsError {
    /// No line names a host key.
    #[error(
        "known_hosts holds no host key: add the output of 'ssh-keyscan HOST' after checking its fingerprint"
    )]
    Empty,
    /// A line cannot be read.
    #[error(
        "line {line} of known_hosts cannot be read: expected '[@marker] hosts keytype base64-key'"
    )]
    Line {
        /// Counted from 1.
        line: usize,
    },
}

/// What is to be thought of the key that a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is one of the host's keys, or certified for the host.
    Trusted,
    /// No key is known for the host.
    Unknown {
        /// The key that was offered.
        found: String,
    },
    /// Other keys are known for the host.
    Mismatch {
        /// The keys that are known.
        expected: Vec<String>,
        /// The key that was offered.
        found: String,
    },
    /// The key, or the authority that certifies it, is marked `@revoked`.
    Revoked {
        /// The key that was offered.
        found: String,
    },
    /// A trusted authority signed the certificate, but it does not hold here and now.
    BadCertificate {
        /// Why not.
        problem: String,
    },
}

/// The algorithms to ask a server for, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// For plain keys: first those for which a key of the host is known, so that a server with several keys shows one of these.
    pub(crate) keys: Vec<Algorithm>,
    /// For certificates: empty unless an authority is known for the host.
    pub(crate) certificates: Vec<Algorithm>,
}

/// The entries of a `known_hosts` file.
#[derive(Debug, Clone)]
pub(crate) struct KnownHosts {
    entries: Vec<Entry>,
}

impl KnownHosts {
    /// Reads the text of a file. Lines with key types that are not supported are passed over; a line that is no entry
    /// at all is an error, for it may be a `@revoked` one.
    pub(crate) fn parse(text: &str) -> Result<Self, KnownHostsError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line_error = KnownHostsError::Line { line: index + 1 };
            entries.extend(entry(line).map_err(|()| line_error)?);
        }
        if entries.is_empty() {
            return Err(KnownHostsError::Empty);
        }
        Ok(Self { entries })
    }

    /// The algorithms to ask this host for.
    pub(crate) fn offer(&self, host: &Host) -> Offer {
        let known: Vec<Algorithm> = self.of_host(host, None).map(KeyData::algorithm).collect();
        let is_known = |algorithm: &Algorithm| {
            known.iter().any(|known| match (known, algorithm) {
                (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
                (known, algorithm) => known == algorithm,
            })
        };
        let (mut keys, others): (Vec<_>, Vec<_>) = ALGORITHMS.into_iter().partition(is_known);
        keys.extend(others);
        let authority = self.of_host(host, Some(Marker::CertAuthority)).next();
        let certificates = authority.map(|_| ALGORITHMS.to_vec()).unwrap_or_default();
        Offer { keys, certificates }
    }

    /// Judges what a host offers, at the time `now` (seconds since 1970).
    pub(crate) fn judge(&self, host: &Host, offered: &PublicKeyOrCertificate, now: u64) -> Verdict {
        match offered {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.judge_key(host, key.key_data()),
            PublicKeyOrCertificate::Certificate(certificate) => {
                let authority = certificate.signature_key();
                if self.is_revoked(certificate.public_key()) || self.is_revoked(authority) {
                    return Verdict::Revoked {
                        found: describe(certificate.public_key()),
                    };
                }
                let mut authorities = self.of_host(host, Some(Marker::CertAuthority));
                if !authorities.any(|known| known == authority) {
                    return self.judge_key(host, certificate.public_key());
                }
                match certificate::check(certificate, host, now) {
                    Ok(()) => Verdict::Trusted,
                    Err(problem) => Verdict::BadCertificate { problem },
                }
            }
        }
    }

    fn judge_key(&self, host: &Host, key: &KeyData) -> Verdict {
        let found = describe(key);
        if self.is_revoked(key) {
            return Verdict::Revoked { found };
        }
        let known: Vec<&KeyData> = self.of_host(host, None).collect();
        if known.contains(&key) {
            return Verdict::Trusted;
        }
        if known.is_empty() {
            return Verdict::Unknown { found };
        }
        let expected = known.into_iter().map(describe).collect();
        Verdict::Mismatch { expected, found }
    }

    fn is_revoked(&self, key: &KeyData) -> bool {
        self.entries.iter().any(|entry| {
            entry.marker() == Some(&Marker::Revoked) && entry.public_key().key_data() == key
        })
    }

    fn of_host<'a>(
        &'a self,
        host: &'a Host,
        marker: Option<Marker>,
    ) -> impl Iterator<Item = &'a KeyData> {
        self.entries
            .iter()
            .filter(move |entry| entry.marker() == marker.as_ref())
            .filter(|entry| host.is_named_by(entry.host_patterns()))
            .map(|entry| entry.public_key().key_data())
    }
}

/// Reads one line: nothing for a blank line, a comment, or a key of a type that is not supported.
fn entry(line: &str) -> Result<Option<Entry>, ()> {
    let mut fields: Vec<&str> = line.split_ascii_whitespace().collect();
    if fields.first().is_none_or(|first| first.starts_with('#')) {
        return Ok(None);
    }
    let marked = usize::from(fields.first().is_some_and(|first| first.starts_with('@')));
    // What follows the key is a comment.
    fields.truncate(marked + 3);
    let [.., _hosts, kind, _key] = fields.as_slice() else {
        return Err(());
    };
    if fields.len() != marked + 3 {
        return Err(());
    }
    let is_supported = ALGORITHMS
        .iter()
        .any(|algorithm| algorithm.as_str() == *kind || *kind == "ssh-rsa");
    // The library wants exactly one space between fields.
    match fields.join(" ").parse() {
        Ok(entry) if is_supported => Ok(Some(entry)),
        Err(_) if is_supported => Err(()),
        _ => Ok(None),
    }
}

fn describe(key: &KeyData) -> String {
    format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256))
}

#[cfg(test)]
mod tests;
