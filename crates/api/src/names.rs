//! Names that are made out of other names.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// The longest name of an object, in bytes.
pub const MAX_NAME: usize = 253;
/// How many hex digits of a hash a name carries.
const HASH_DIGITS: usize = 10;

/// `name`, which is ASCII as all names of objects are, or its beginning and its hash where it has more bytes than `limit`.
///
/// ```
/// assert_eq!(api::names::shortened("podinfo", 63), "podinfo");
/// assert_eq!(api::names::shortened(&"a".repeat(64), 14), "aaa-ffe054fe7a");
/// ```
pub fn shortened(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let kept: String = name.chars().take(limit - HASH_DIGITS - 1).collect();
    let beginning = kept.trim_end_matches(['.', '-']);
    format!("{beginning}-{}", hash(name))
}

/// `name` with `suffix` behind a dash, cut in front of it where it does not fit an object's name otherwise.
pub fn suffixed(name: &str, suffix: &str) -> String {
    format!("{}-{suffix}", shortened(name, MAX_NAME - suffix.len() - 1))
}

/// The first hex digits of a text's SHA-256, as names carry them.
pub fn hash(text: &str) -> String {
    let mut hex = HEXLOWER.encode(&Sha256::digest(text));
    hex.truncate(HASH_DIGITS);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_stays_as_it_is() {
        assert_eq!(shortened(&"a".repeat(63), 63), "a".repeat(63));
        assert_eq!(suffixed("fleet", "0123"), "fleet-0123");
    }

    #[test]
    fn long_names_stay_valid_and_distinct() {
        let long = |end: &str| format!("{}.{}{end}", "a".repeat(230), "b".repeat(21));
        let name = suffixed(&long("x"), "0123456789");
        assert_eq!(name.len(), 252, "the dot before the cut is left out");
        assert!(name.starts_with(&format!("{}-", "a".repeat(230))));
        assert_ne!(name, suffixed(&long("y"), "0123456789"));
    }
}
