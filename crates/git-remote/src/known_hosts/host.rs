//! Whether an entry names a host.

use hmac::{Hmac, KeyInit as _, Mac as _};
use russh::keys::ssh_key::known_hosts::HostPatterns;
use sha1::Sha1;

/// The port of a name without port.
const DEFAULT_PORT: u16 = 22;

/// A host and port as `known_hosts` writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    name: String,
    /// All spellings, in lower case.
    spellings: Vec<String>,
}

impl Host {
    /// `name` is a host name or an address, without brackets.
    pub(crate) fn new(name: &str, port: u16) -> Self {
        let name = name.to_ascii_lowercase();
        let mut spellings = vec![format!("[{name}]:{port}")];
        if port == DEFAULT_PORT {
            spellings.push(name.clone());
        }
        Self { name, spellings }
    }

    /// The name in lower case, without the port.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the patterns name this host: one of them does, and no negated one.
    pub(crate) fn is_named_by(&self, patterns: &HostPatterns) -> bool {
        match patterns {
            HostPatterns::HashedName { salt, hash } => {
                self.spellings.iter().any(|name| is_hash(salt, hash, name))
            }
            HostPatterns::Patterns(patterns) => {
                let (negated, plain): (Vec<_>, Vec<_>) = patterns
                    .iter()
                    .partition(|pattern| pattern.starts_with('!'));
                let named = |pattern: &str| {
                    let pattern = pattern.to_ascii_lowercase();
                    self.spellings
                        .iter()
                        .any(|name| is_match(pattern.as_bytes(), name.as_bytes()))
                };
                plain.iter().any(|pattern| named(pattern))
                    && !negated.iter().any(|pattern| named(&pattern[1..]))
            }
        }
    }
}

fn is_hash(salt: &[u8], hash: &[u8], name: &str) -> bool {
    Hmac::<Sha1>::new_from_slice(salt)
        .is_ok_and(|hmac| hmac.chain_update(name).verify_slice(hash).is_ok())
}

/// Whether a pattern of `*` (any bytes) and `?` (one byte) matches all of `text`. Time is their product at most.
pub(super) fn is_match(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut position) = (0, 0);
    // Where the last star was, and where its match ends for now.
    let mut star: Option<(usize, usize)> = None;
    while position < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[position] => {
                at += 1;
                position += 1;
            }
            _ => {
                let Some((star_at, end)) = star else {
                    return false;
                };
                star = Some((star_at, end + 1));
                (at, position) = (star_at + 1, end + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}
